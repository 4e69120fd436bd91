/** The thread of the meter: adds up the journal and answers what was used. One job at a time. */
import { parentPort } from 'node:worker_threads'
import type { Reply } from '../worker-lane.ts'
import { Adder, type Skipped } from './adder.ts'
import { openUsageHome, type UsageHome } from './databases.ts'
import type { QuantityRow } from './fold.ts'
import type { UsageQuery } from './port.ts'
import type { MonthSums, UsageStore } from './usage-store.ts'

/** Where the thread works: every job says so, since a thread may start with any of them. */
export interface Place {
  directory: string
  /** Name of the journal in a database that platforms share. */
  journal: string
  home: UsageHome
}

export type MeterJob = { place: Place } & (
  | { kind: 'addUp' }
  | { kind: 'rows'; query: UsageQuery }
  | { kind: 'sums'; query: Parameters<UsageStore['sums']>[0] }
  | { kind: 'close' }
)

/** Each is asked of what has been added up to then. */
export interface MeterResults {
  addUp: Skipped
  rows: QuantityRow[]
  sums: MonthSums
  close: Skipped
}

const port = parentPort!
let opened: { store: UsageStore; adder: Adder } | undefined

async function carryOut(job: MeterJob): Promise<MeterResults[MeterJob['kind']]> {
  if (opened === undefined) {
    const store = await openUsageHome(job.place.home)
    opened = { store, adder: new Adder(job.place.directory, job.place.journal, store) }
  }
  const { store, adder } = opened
  await adder.addUp()
  if (job.kind === 'rows') return await store.rows(job.query)
  if (job.kind === 'sums') return await store.sums(job.query)
  if (job.kind === 'addUp') return adder.takeSkipped()
  opened = undefined
  await store.close()
  return adder.close()
}

port.on('message', (job: MeterJob) => {
  void carryOut(job).then(
    (result) => port.postMessage({ result } satisfies Reply<unknown, never>),
    // What is wrong with a disk or a database: not a defect of ours.
    (error: Error) => port.postMessage({ refused: error.message } satisfies Reply<never, string>),
  )
})
