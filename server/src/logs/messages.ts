/** What the store and its worker thread say to each other; each request gets one answer, in order. */
import type { Block } from './blocks.ts'
import type { StorageBounds } from './database.ts'
import type { FunctionBounds } from './horizons.ts'
import type { InvocationRecord, LogPage, LogQuery, RecordQuery } from './port.ts'

export type WorkerData = StorageBounds & { functions: FunctionBounds }

export interface Asks {
  store: { ask: { blocks: Block[]; nowMs: number }; answer: StoreResult }
  lines: { ask: { query: LogQuery; nowMs: number }; answer: LogPage }
  records: { ask: { query: RecordQuery; nowMs: number }; answer: InvocationRecord[] }
  /** Answered when what was asked for before is done. */
  settle: { ask: null; answer: null }
  bound: { ask: FunctionBounds; answer: null }
  close: { ask: null; answer: null }
}

export interface StoreResult {
  storedBytes: number
  /** Why nothing of the batch could be stored; empty when all of it was. */
  failure: string
}

export type Request = { [Kind in keyof Asks]: { kind: Kind; id: number; ask: Asks[Kind]['ask'] } }[keyof Asks]

export type Reply =
  | { kind: 'ready'; storedBytes: number }
  /** Something that an operator should read. */
  | { kind: 'notice'; message: string }
  | { kind: 'answer'; id: number; answer: Asks[keyof Asks]['answer'] }
  | { kind: 'failure'; id: number; message: string }
