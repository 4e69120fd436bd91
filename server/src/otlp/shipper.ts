/** The way of one signal to the collector: gathered, sent in batches, tried again; within bounds, whatever the collector does. */
import type { Clock, Random, Timer } from '../clock.ts'
import { retryDelayMs, type ExportAnswer } from './retry.ts'

/** What waits beside the batch that is on its way; what comes beyond it is dropped. */
export const WAITING_BYTES_MAX = 16 * 1024 * 1024
/** A batch is encoded in one turn of the event loop: a few ms at most. */
export const BATCH_ITEMS_MAX = 512
const BATCH_BYTES_MAX = 512 * 1024
/** Longest that something waits for others to go with. */
export const BATCH_WAIT_MS = 1000
/** A batch that was tried for so long is given up for those that come after it. */
const TRYING_MS_MAX = 300_000

export interface Signal<Item> {
  name: 'traces' | 'logs' | 'metrics'
  encode(items: readonly Item[]): string
  /** About what one takes, in memory and encoded. */
  bytesOf(item: Item): number
}

export interface ShipperDeps {
  clock: Clock
  random: Random
  /** Never rejects. */
  post(path: string, body: string): Promise<ExportAnswer>
  /** Hears what an operator should read: once when it fails, once when it goes on. */
  notify(message: string): void
}

export class Shipper<Item> {
  readonly #signal: Signal<Item>
  readonly #deps: ShipperDeps
  #waiting: Item[] = []
  #waitingBytes = 0
  #timer: Timer | null = null
  #sending: Promise<void> | null = null
  /** Ends the pause before the next attempt. */
  #wake: (() => void) | null = null
  #isFailing = false
  #isClosing = false
  sent = 0
  /** Refused by a collector that took the rest of their batch. */
  rejected = 0
  dropped = 0

  constructor(signal: Signal<Item>, deps: ShipperDeps) {
    this.#signal = signal
    this.#deps = deps
  }

  /** Never waits and never throws. */
  add(item: Item): void {
    const bytes = this.#signal.bytesOf(item)
    if (this.#isClosing || this.#waitingBytes + bytes > WAITING_BYTES_MAX) {
      this.dropped++
      return
    }
    this.#waiting.push(item)
    this.#waitingBytes += bytes
    if (this.#sending !== null) return
    if (this.#waiting.length === BATCH_ITEMS_MAX) this.#sendIn(0)
    else if (this.#timer === null) this.#sendIn(BATCH_WAIT_MS)
  }

  /** Makes one attempt to send what waits. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#wake?.()
    await this.#sending
    this.#timer?.cancel()
    this.#timer = null
    while (this.#waiting.length > 0) {
      const { dropped } = this
      await this.#deliver(this.#take())
      // The collector does not take it: the rest would only hold up the end.
      if (this.dropped > dropped) this.#dropWaiting()
    }
  }

  #dropWaiting(): void {
    this.dropped += this.#waiting.length
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #sendIn(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#deps.clock.setTimer(delayMs, () => {
      this.#timer = null
      this.#sending = this.#send()
    })
  }

  async #send(): Promise<void> {
    do await this.#deliver(this.#take())
    while (this.#waiting.length >= BATCH_ITEMS_MAX && !this.#isClosing)
    this.#sending = null
    if (this.#waiting.length > 0 && !this.#isClosing) this.#sendIn(BATCH_WAIT_MS)
  }

  #take(): Item[] {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < BATCH_ITEMS_MAX) {
      const next = this.#signal.bytesOf(this.#waiting[count]!)
      if (count > 0 && bytes + next > BATCH_BYTES_MAX) break
      bytes += next
      count++
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  async #deliver(items: readonly Item[]): Promise<void> {
    const { clock, random } = this.#deps
    const body = this.#encode(items)
    if (body === null) return
    const firstMs = clock.monotonicMs()
    for (let failures = 1; ; failures++) {
      const answer = await this.#deps.post(`/v1/${this.#signal.name}`, body)
      if (answer.status >= 200 && answer.status < 300) return this.#delivered(items.length, answer)
      const delayMs = retryDelayMs(answer, failures, clock.nowMs(), random)
      this.#failed(answer.message)
      if (delayMs === null || this.#isClosing || clock.monotonicMs() + delayMs - firstMs > TRYING_MS_MAX) {
        this.dropped += items.length
        return
      }
      await this.#pause(delayMs)
    }
  }

  /** Null for what cannot be: a defect of ours must end no platform. */
  #encode(items: readonly Item[]): string | null {
    try {
      return this.#signal.encode(items)
    } catch (error) {
      this.#failed(String(error))
      this.dropped += items.length
      return null
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimer(delayMs, () => this.#wake?.())
      this.#wake = () => {
        timer.cancel()
        this.#wake = null
        resolve()
      }
    })
  }

  #delivered(count: number, { rejected, message }: ExportAnswer): void {
    const refused = Math.min(rejected, count)
    this.sent += count - refused
    this.rejected += refused
    if (refused > 0) {
      this.#failed(`${refused} of ${count} were refused${message === '' ? '' : `: ${message}`}`)
    } else if (this.#isFailing) {
      this.#isFailing = false
      this.#deps.notify(`${this.#signal.name} are exported again`)
    }
  }

  /** Told once, and not with each batch. */
  #failed(reason: string): void {
    if (!this.#isFailing) this.#deps.notify(`${this.#signal.name} cannot be exported to otlpUrl: ${reason}`)
    this.#isFailing = true
  }
}
