/** The cost of the month as two numbers, for the metric history: so that a budget is an alert like any other. */
import type { Clock, Timer } from '../clock.ts'
import type { MetricSources } from '../metrics/port.ts'
import { dayOf } from './calendar.ts'
import type { MeterWithSums } from './meter.ts'
import type { Billing } from './port.ts'

/** Between two looks at whether something was noted; the first is not in the way of a start. */
const LOOK_MS = 5000
/** Between two bills while something is noted. */
const BILL_MS_MIN = 60_000
/** The forecast changes with time alone, the price book by hand, and what is shared with other platforms by theirs. */
const BILL_MS_MAX = 3_600_000

const UNKNOWN = { cost: null, forecast: null }

export interface MonthCostDeps {
  clock: Clock
  billing: Billing
  meter: Pick<MeterWithSums, 'notedCount'>
  /** Hears why it is not known at present. */
  notify: (message: string) => void
}

export class MonthCostWatch {
  readonly #deps: MonthCostDeps
  #timer: Timer | null = null
  #seenCount = -1
  /** Monotonic. */
  #billedMs = -Infinity
  #isFailing = false
  #isStopped = false
  /** Null is what is not known. */
  latest: ReturnType<MetricSources['monthCost']> = UNKNOWN

  constructor(deps: MonthCostDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = this.#deps.clock.setTimer(LOOK_MS, () => void this.#look())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    if (this.#isDue()) await this.#makeBill()
    if (!this.#isStopped) this.#timer = this.#deps.clock.setTimer(LOOK_MS, () => void this.#look())
  }

  #isDue(): boolean {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#billedMs
    if (this.#deps.meter.notedCount === this.#seenCount) return sinceMs >= BILL_MS_MAX
    // What comes first is told at once.
    return sinceMs >= BILL_MS_MIN || this.#seenCount === 0
  }

  async #makeBill(): Promise<void> {
    const { clock, billing, meter, notify } = this.#deps
    this.#billedMs = clock.monotonicMs()
    this.#seenCount = meter.notedCount
    try {
      const month = dayOf(clock.nowMs()).slice(0, 7)
      const { total, forecast } = await billing.bill({ month, by: 'service' })
      this.latest = { cost: total, forecast: forecast?.amount ?? null }
      this.#isFailing = false
    } catch (error) {
      this.latest = UNKNOWN
      // Tried again in a minute.
      this.#seenCount = -1
      if (!this.#isFailing) notify(`the cost of the month is not known at present: ${(error as Error).message}`)
      this.#isFailing = true
    }
  }
}
