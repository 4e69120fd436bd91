/** Minutes that are over, on their way to the database and out of it. */
import type { StorageThread } from '../../storage-thread.ts'
import type { MinuteAsks } from './messages.ts'
import type { MinuteRows } from './recorder.ts'

/** That wait for a database that cannot be written; the oldest beyond them are lost. */
const MINUTES_WAITING_MAX = 10
const MINUTE_MS = 60_000

interface Minute {
  rows: MinuteRows
  sequence: number
}

type Thread = Pick<StorageThread<MinuteAsks>, 'ask' | 'close'>

export class MinuteStore {
  readonly #thread: Thread
  /** Names the rows of this process, so that what was written is not written twice. */
  readonly #writer: string
  readonly #bytesMax: number
  readonly #notify: (message: string) => void
  /** That could not be written, and are tried again with the next minute. */
  #waiting: Minute[] = []
  readonly #writing = new Set<Promise<void>>()
  #sequence = 0
  #isUsed = false
  #isFailing = false
  #lostMinutes = 0

  /** `bytesMax`: of the database. `notify` hears what an operator should read. */
  constructor(thread: Thread, writer: string, bytesMax: number, notify: (message: string) => void) {
    this.#thread = thread
    this.#writer = writer
    this.#bytesMax = bytesMax
    this.#notify = notify
  }

  /** Minutes that could not be kept. */
  get lostMinutes(): number {
    return this.#lostMinutes
  }

  add(rows: MinuteRows): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const minute of [...waiting, { rows, sequence: ++this.#sequence }]) this.#start(minute)
  }

  /** Of what was added before. */
  series(ask: MinuteAsks['series']['ask']): Promise<MinuteAsks['series']['answer']> {
    return this.#ask('series', ask)
  }

  totals(ask: MinuteAsks['totals']['ask']): Promise<MinuteAsks['totals']['answer']> {
    return this.#ask('totals', ask)
  }

  /** A database that nobody has written or read since the start is left alone. */
  sweep(beforeMs: number): void {
    if (!this.#isUsed) return
    const ask = { before: Math.floor(beforeMs / MINUTE_MS), bytesMax: this.#bytesMax }
    this.#ask('sweep', ask).catch((error: Error) => this.#tell(error))
  }

  /** After one more try for what waits. */
  async close(): Promise<void> {
    await Promise.all(this.#writing)
    for (const minute of this.#waiting.splice(0)) this.#start(minute)
    await Promise.all(this.#writing)
    await this.#thread.close()
  }

  #start(minute: Minute): void {
    const writing: Promise<void> = this.#write(minute).finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
  }

  /** Asked before it returns, so that who asks for minutes after it gets this one, too. */
  async #write(minute: Minute): Promise<void> {
    const { sequence, rows } = minute
    const { startMs, subjects, sizes, bytes } = rows
    const ask = { writer: this.#writer, sequence, minute: startMs / MINUTE_MS, subjects, sizes }
    try {
      await this.#ask('add', ask, bytes)
      this.#isFailing = false
    } catch (error) {
      this.#tell(error as Error)
      this.#waiting.push(minute)
      if (this.#waiting.length <= MINUTES_WAITING_MAX) return
      this.#waiting.shift()
      this.#lostMinutes++
    }
  }

  #ask: Thread['ask'] = (kind, ask, bytes) => {
    this.#isUsed = true
    return this.#thread.ask(kind, ask, bytes)
  }

  #tell({ message }: Error): void {
    if (!this.#isFailing) this.#notify(`metrics are not stored now: ${message}`)
    this.#isFailing = true
  }
}
