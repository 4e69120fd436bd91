/** The cost of the month as two numbers, for the metric history: so that a budget is an alert like any other. */
import type { Clock, Timer } from '../clock.ts'
import { dayOf } from './calendar.ts'
import type { MeterWithSums } from './meter.ts'
import type { Billing } from './port.ts'

/** The first look is not to be in the way of a start. */
const FIRST_LOOK_MS = 5000
/** Between two looks at what was noted; a bill is made only when there is something new. */
const LOOK_MS = 60_000

export interface MonthCost {
  /** Of the month so far; null: not known yet. */
  cost: number | null
  forecast: number | null
}

export interface MonthCostDeps {
  clock: Clock
  billing: Billing
  meter: Pick<MeterWithSums, 'notedCount'>
  /** Hears why it is not known at present. */
  notify(message: string): void
}

export class MonthCostWatch {
  readonly #deps: MonthCostDeps
  #timer: Timer | null = null
  #seenCount = -1
  #seenDay = ''
  #isFailing = false
  #isStopped = false
  latest: MonthCost = { cost: null, forecast: null }

  constructor(deps: MonthCostDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timer = this.#deps.clock.setTimer(FIRST_LOOK_MS, () => void this.#look())
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const { clock, billing, meter, notify } = this.#deps
    const { notedCount } = meter
    const day = dayOf(clock.nowMs())
    try {
      // The forecast changes with time alone, too, but a day of nothing changes it by little.
      if (notedCount !== this.#seenCount || day !== this.#seenDay) {
        const { total, forecast } = await billing.bill({ month: day.slice(0, 7), by: 'service' })
        this.latest = { cost: total, forecast: forecast?.amount ?? null }
        this.#seenCount = notedCount
        this.#seenDay = day
      }
      this.#isFailing = false
    } catch (error) {
      this.latest = { cost: null, forecast: null }
      if (!this.#isFailing) notify(`the cost of the month is not known at present: ${(error as Error).message}`)
      this.#isFailing = true
    }
    if (!this.#isStopped) this.#timer = clock.setTimer(LOOK_MS, () => void this.#look())
  }
}
