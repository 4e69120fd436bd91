/** What functions printed and one record per invocation: accepted without waiting, stored in batches, queried and followed. */
import type { Fault } from '../errors.ts'
import type { FunctionKey } from '../model.ts'

/** Code of a function that runs for no request of its own: when an instance starts, before it is frozen, before it ends. */
export type LifecycleHook = 'initialize' | 'preFreeze' | 'preStop'

export interface LogLine {
  functionKey: FunctionKey
  versionId: string
  /** Empty when the line belongs to no request. */
  requestId: string
  instanceId: string
  timeMs: number
  stream: 'stdout' | 'stderr' | 'system'
  /** Without the line break; at most `LOG_LINE_BYTES_MAX` bytes. */
  text: string
  /** Which hook printed it; null: an invocation, or nothing that has a record. */
  hook: LifecycleHook | null
}

export { createLineSplitter, LOG_LINE_BYTES_MAX } from './line-splitter.ts'
export type { LineSplitter } from './line-splitter.ts'

/** Times of a cold start, in ms, in order; all 0 when warm. */
export interface ColdStartPhases {
  scheduleMs: number
  packageMs: number
  sandboxMs: number
  runtimeMs: number
  initializerMs: number
}

/** Of an invocation, or of a run of a hook: that has no queue, caller, trigger and qualifier, and is not counted as a call. */
export interface InvocationRecord {
  /** An initializer's is that of the request for which the instance was started; of the other hooks each run has its own. */
  requestId: string
  functionKey: FunctionKey
  versionId: string
  qualifier: string
  instanceId: string
  kind: 'event' | 'http' | LifecycleHook
  invocationType: 'Sync' | 'Async'
  /** When the request was accepted, or the hook began. */
  startedMs: number
  /** Waiting for an instance with a free slot, cold start included. */
  queuedMs: number
  /** From handing over to the last byte of the answer, ms with fractions. */
  durationMs: number
  /** Rounded up to whole ms; 0 when no code ran. */
  billedMs: number
  memoryMB: number
  maxMemoryMB: number
  coldStart: ColdStartPhases | null
  statusCode: number
  /** Error code (platform) or errorType (function); empty on success. */
  errorType: string
  errorMessage: string
  /** Whose fault a failure was; null on success. */
  fault: Fault | null
  /** The function returned an error by itself (`HandledInvocationError`), as opposed to crash, timeout, out of memory. */
  handled: boolean
  requestBytes: number
  responseBytes: number
  /** HTTP triggers only; empty otherwise. */
  method: string
  path: string
  clientIp: string
  /** W3C Trace Context: the caller's, or of the invocation's own span when a trace that is exported begins here; null: neither. */
  traceparent: string | null
}

export interface LogQuery {
  functionKey: FunctionKey
  versionId?: string
  requestId?: string
  instanceId?: string
  /** Inclusive. */
  fromMs?: number
  /** Exclusive. */
  toMs?: number
  /** Lines that contain it, without regard to case. */
  text?: string
  /** Newest first when true; oldest first when absent. */
  descending?: boolean
  limit: number
  /** From the page before. */
  cursor?: string
}

export interface LogPage {
  lines: LogLine[]
  /** Absent on the last page. */
  nextCursor?: string
}

export interface RecordQuery {
  /** Absent: of all functions. */
  functionKey?: FunctionKey
  requestId?: string
  fromMs?: number
  toMs?: number
  /** Only failures, or only successes. */
  failed?: boolean
  descending?: boolean
  limit: number
}

/**
 * Lines include the markers (`FC Invoke Start RequestId: …`, `FC Invoke End RequestId: …` with its error suffix, and for
 * hooks Initialize, PreFreeze, PreStop instead of Invoke), which the store derives from the records when it is asked: an invocation that prints nothing costs no line.
 */
export interface LogStore {
  /** Never waits and never throws; what cannot be kept (store behind by more than its bound) is counted as dropped. */
  appendLine(line: LogLine): void
  appendRecord(record: InvocationRecord): void
  /** Everything appended before the call is visible to it. */
  queryLines(query: LogQuery): Promise<LogPage>
  queryRecords(query: RecordQuery): Promise<InvocationRecord[]>
  /** Lines as they are appended (limit, cursor, from and to are ignored), markers included. */
  follow(query: LogQuery, onLine: (line: LogLine) => void): { stop(): void }
  /** Records as they are appended. */
  followRecords(functionKey: FunctionKey | undefined, onRecord: (record: InvocationRecord) => void): { stop(): void }
  stats(): { droppedLines: number; droppedRecords: number; storedBytes: number }
  close(): Promise<void>
}

/** A search in the query language of docs/guide/logs.md: conditions, and behind a `|` an analysis in SQL. */
export interface LogSearch {
  text: string
  /** Absent: in the logs of all functions. */
  functionKey?: FunctionKey
  fromMs: number
  toMs: number
  descending?: boolean
  limit: number
  cursor?: string
}

/** A line, or a record shown as one (`source`), with what finds it again. */
export interface LogHit {
  /** For `context`. */
  id: string
  line: LogLine
  source: 'log' | 'request'
  /** Where the words of the query are in the text: start and end, in UTF-16 units. */
  highlights: [number, number][]
  /** Fields of a record (`durationMs`, `isColdStart`, …) or of a line that is a JSON object. */
  fields: Record<string, string | number | boolean | null>
}

/** It is not stored yet, so nothing finds it again. */
export type LiveHit = Omit<LogHit, 'id'>

/** `scannedLines` counts the rows of all blocks that were looked at. A page may hold fewer hits than asked for and have a next one. */
export type LogSearchAnswer =
  | { kind: 'hits'; hits: LogHit[]; nextCursor?: string; scannedLines: number }
  | { kind: 'table'; columns: string[]; rows: (string | number | null)[][]; scannedLines: number; truncated: boolean }

/** How long and how much of a function's log is kept: the oldest goes first. */
export interface LogBounds {
  retentionDays: number
  /** Lines and records together. */
  maxMB: number
}

/** How many hits there are over time, for a chart above them. */
export interface LogHistogram {
  bucketMs: number
  buckets: { fromMs: number; count: number }[]
  total: number
}

export interface LogSearcher {
  /** Rejects with FcError InvalidArgument that names the place (`position`, in UTF-16 units) for what is no query. */
  search(search: LogSearch): Promise<LogSearchAnswer>
  histogram(search: Omit<LogSearch, 'limit' | 'cursor' | 'descending'>, buckets: number): Promise<LogHistogram>
  /** The hit and the lines of its function around it, oldest first. Rejects with InvalidArgument when it is stored no more. */
  context(id: string, before: number, after: number): Promise<LogHit[]>
  /** Lines and records as they are appended. Throws as `search` does, and for an analysis. */
  follow(search: Pick<LogSearch, 'text' | 'functionKey'>, onHit: (hit: LiveHit) => void): { stop(): void }
}
