/** Minutes that are over, on their way to the database and out of it. */
import type { StorageThread } from '../../storage-thread.ts'
import type { MinuteAsks } from './messages.ts'
import type { MinuteRows } from './recorder.ts'

/** That wait for a database that cannot be written; the oldest beyond them are lost. */
const MINUTES_WAITING_MAX = 10
const MINUTE_MS = 60_000

type Thread = Pick<StorageThread<MinuteAsks>, 'ask' | 'close'>

export class MinuteStore {
  readonly #thread: Thread
  /** Names the rows of this process, so that what was written is not written twice. */
  readonly #writer: string
  readonly #bytesMax: number
  readonly #notify: (message: string) => void
  readonly #waiting: { rows: MinuteRows; sequence: number }[] = []
  #sequence = 0
  #sending: Promise<void> | null = null
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

  /** In the order of time. */
  add(rows: MinuteRows): void {
    this.#waiting.push({ rows, sequence: ++this.#sequence })
    if (this.#waiting.length > MINUTES_WAITING_MAX) {
      this.#waiting.shift()
      this.#lostMinutes++
    }
    this.#sending ??= this.#send()
  }

  /** Of what was added before. */
  series(ask: MinuteAsks['series']['ask']): Promise<MinuteAsks['series']['answer']> {
    return this.#thread.ask('series', ask)
  }

  totals(ask: MinuteAsks['totals']['ask']): Promise<MinuteAsks['totals']['answer']> {
    return this.#thread.ask('totals', ask)
  }

  sweep(beforeMs: number): void {
    const ask = { before: Math.floor(beforeMs / MINUTE_MS), bytesMax: this.#bytesMax }
    this.#thread.ask('sweep', ask).catch((error: Error) => this.#tell(error))
  }

  async close(): Promise<void> {
    await this.#sending
    if (this.#waiting.length > 0) await this.#send()
    await this.#thread.close()
  }

  /** One after the other; what fails is tried again with the next minute. */
  async #send(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const { rows, sequence } = next
        const { startMs, subjects, sizes, bytes } = rows
        const ask = { writer: this.#writer, sequence, minute: startMs / MINUTE_MS, subjects, sizes }
        await this.#thread.ask('add', ask, bytes)
        this.#isFailing = false
        if (this.#waiting[0] === next) this.#waiting.shift()
      }
    } catch (error) {
      this.#tell(error as Error)
    } finally {
      this.#sending = null
    }
  }

  #tell({ message }: Error): void {
    if (!this.#isFailing) this.#notify(`metrics are not stored now: ${message}`)
    this.#isFailing = true
  }
}
