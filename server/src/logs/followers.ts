/** Those who watch lines and records as they are appended. */
import { hookOf, markersOf, startText } from './markers.ts'
import type { InvocationRecord, LogLine, LogQuery } from './port.ts'

/** How many running requests and hooks a follower remembers to have told the start of. */
const STARTED_MAX = 10_000

interface LineFollower {
  query: LogQuery
  onLine: (line: LogLine) => void
  /** Start markers that were told before their record. */
  started: Set<string>
}

interface AllFollower {
  functionKey: string | undefined
  onLine: (line: LogLine) => void
  onRecord: (record: InvocationRecord) => void
}

interface RecordFollower {
  functionKey: string | undefined
  onRecord: (record: InvocationRecord) => void
}

export class Followers {
  readonly #lines = new Set<LineFollower>()
  readonly #records = new Set<RecordFollower>()
  readonly #all = new Set<AllFollower>()
  readonly #notify: (message: string) => void

  constructor(notify: (message: string) => void) {
    this.#notify = notify
  }

  followLines(query: LogQuery, onLine: (line: LogLine) => void): { stop(): void } {
    const follower: LineFollower = { query, onLine, started: new Set() }
    this.#lines.add(follower)
    return { stop: () => this.#lines.delete(follower) }
  }

  /** Lines without markers, and records, of one function or of all. */
  followAll(
    functionKey: string | undefined,
    onLine: (line: LogLine) => void,
    onRecord: (record: InvocationRecord) => void,
  ): { stop(): void } {
    const follower: AllFollower = { functionKey, onLine, onRecord }
    this.#all.add(follower)
    return { stop: () => this.#all.delete(follower) }
  }

  followRecords(functionKey: string | undefined, onRecord: (record: InvocationRecord) => void): { stop(): void } {
    const follower: RecordFollower = { functionKey, onRecord }
    this.#records.add(follower)
    return { stop: () => this.#records.delete(follower) }
  }

  line(line: LogLine): void {
    for (const follower of this.#lines) {
      if (concerns(follower.query, line)) this.#call(this.#lines, follower, () => tellLine(follower, line))
    }
    for (const follower of this.#all) {
      if (isOf(follower, line)) this.#call(this.#all, follower, () => follower.onLine(line))
    }
  }

  record(record: InvocationRecord): void {
    for (const follower of this.#lines) {
      if (concerns(follower.query, record)) this.#call(this.#lines, follower, () => tellMarkers(follower, record))
    }
    for (const follower of this.#records) {
      if (isOf(follower, record)) this.#call(this.#records, follower, () => follower.onRecord(record))
    }
    for (const follower of this.#all) {
      if (isOf(follower, record)) this.#call(this.#all, follower, () => follower.onRecord(record))
    }
  }

  clear(): void {
    this.#lines.clear()
    this.#records.clear()
    this.#all.clear()
  }

  /** A follower that throws is told nothing more: it must not harm whoever appended. */
  #call<Follower>(followers: Set<Follower>, follower: Follower, tell: () => void): void {
    try {
      tell()
    } catch (error) {
      followers.delete(follower)
      this.#notify(`a follower of the log failed and was removed: ${String(error)}`)
    }
  }
}

/** The record, and with it the start marker, is known only at the end: the first line of a run stands for it. */
function tellLine(follower: LineFollower, line: LogLine): void {
  const start = startText(line.requestId, line.hook)
  if (line.requestId !== '' && !follower.started.has(start)) {
    if (follower.started.size >= STARTED_MAX) follower.started.clear()
    follower.started.add(start)
    tellMatching(follower, { ...line, stream: 'system', text: start })
  }
  tellMatching(follower, line)
}

function tellMarkers(follower: LineFollower, record: InvocationRecord): void {
  const start = startText(record.requestId, hookOf(record))
  const isTold = follower.started.delete(start)
  for (const { line } of markersOf(record)) if (!(isTold && line.text === start)) tellMatching(follower, line)
}

function tellMatching(follower: LineFollower, line: LogLine): void {
  const { text } = follower.query
  if (text === undefined || line.text.toLowerCase().includes(text.toLowerCase())) follower.onLine(line)
}

function isOf({ functionKey }: RecordFollower | AllFollower, of: { functionKey: string }): boolean {
  return functionKey === undefined || functionKey === of.functionKey
}

function concerns(
  query: LogQuery,
  of: Pick<LogLine, 'functionKey' | 'versionId' | 'requestId' | 'instanceId'>,
): boolean {
  return (
    query.functionKey === of.functionKey &&
    (query.versionId === undefined || query.versionId === of.versionId) &&
    (query.requestId === undefined || query.requestId === of.requestId) &&
    (query.instanceId === undefined || query.instanceId === of.instanceId)
  )
}
