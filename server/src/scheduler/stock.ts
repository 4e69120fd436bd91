/**
 * Decides how many stems (sandboxes that wait for their function) to keep of one kind. Pure.
 *
 * A stem that is taken is missing until its successor has booted, so the stock has to cover the starts that come in that
 * time: those that the mean rate lets expect, and a burst like the largest one of late.
 */

/** What is known of the starts of one kind. */
export interface StartDemand {
  /** Mean rate at `lastMs`, starts per ms. */
  rate: number
  /** Starts that came one after another, each before the stem of the one before could be replaced. */
  burst: number
  /** The largest burst, as it counts at `lastMs`. */
  burstPeak: number
  /** Of the last start, monotonic; null before the first. */
  lastMs: number | null
}

export interface StockLimits {
  /** Kept of a kind that a deployed function needs, even if nothing ever starts; 0: nothing is kept of any kind. */
  stems: number
  stemsMax: number
}

export const NO_DEMAND: StartDemand = { rate: 0, burst: 0, burstPeak: 0, lastMs: null }

/** Starts this long ago count e times less in the rate. */
const RATE_MEMORY_MS = 60_000
/** The same for the largest burst: it may come again with the next request, long after. */
const BURST_MEMORY_MS = 10 * 60_000
/** Without a start for so long, the past says nothing. */
const UNUSED_MS = 30 * 60_000
/** Standard deviations of a Poisson process above its mean: 98 of 100 refill times pass without a missing stem. */
const HEADROOM = 2
/** Less than this many expected starts per refill are none. */
const EXPECTED_MIN = 0.01

/** After a start at `nowMs`; `refillMs` is how long a successor takes. */
export function withStart(demand: StartDemand, nowMs: number, refillMs: number): StartDemand {
  const sinceMs = demand.lastMs === null ? Infinity : nowMs - demand.lastMs
  const burst = sinceMs <= refillMs ? demand.burst + 1 : 1
  return {
    rate: demand.rate * Math.exp(-sinceMs / RATE_MEMORY_MS) + 1 / RATE_MEMORY_MS,
    burst,
    burstPeak: Math.max(burst, demand.burstPeak * Math.exp(-sinceMs / BURST_MEMORY_MS)),
    lastMs: nowMs,
  }
}

/** How many to keep now. */
export function stemsWanted(
  demand: StartDemand,
  nowMs: number,
  refillMs: number,
  isDeployed: boolean,
  { stems, stemsMax }: StockLimits,
): number {
  if (stems === 0) return 0
  const base = isDeployed ? stems : 0
  const sinceMs = demand.lastMs === null ? Infinity : nowMs - demand.lastMs
  if (sinceMs >= UNUSED_MS) return Math.min(base, stemsMax)
  const expected = demand.rate * Math.exp(-sinceMs / RATE_MEMORY_MS) * refillMs
  const steady = expected < EXPECTED_MIN ? 0 : Math.ceil(expected + HEADROOM * Math.sqrt(expected))
  const burst = Math.round(demand.burstPeak * Math.exp(-sinceMs / BURST_MEMORY_MS))
  return Math.min(Math.max(base, steady, burst), stemsMax)
}

/**
 * Shares `stemsMax` among kinds that want so many each, the most important first: one for each before any has a second,
 * so that a kind that is asked for is not left without because others, which nobody asks for, came first.
 */
export function shareStems(wanted: readonly number[], stemsMax: number): number[] {
  const firsts = Math.min(wanted.filter((count) => count > 0).length, stemsMax)
  let [firstsLeft, restLeft] = [firsts, stemsMax - firsts]
  return wanted.map((count) => {
    if (count === 0 || firstsLeft === 0) return 0
    firstsLeft--
    const more = Math.min(count - 1, restLeft)
    restLeft -= more
    return 1 + more
  })
}
