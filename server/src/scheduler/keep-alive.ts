/**
 * How long an idle instance of a function is worth keeping, learned from how long its instances were idle before they
 * were needed again. The histogram is that of Shahrad et al. ("Serverless in the Wild", USENIX ATC 2020); what is read
 * from it is the cheapest keep-alive rather than a percentile, see docs/decisions/0008. Pure.
 */

/** Gaps below this are not told apart: an instance is hardly worth ending sooner. */
const GAP_MS_MIN = 60_000
/** Each bin of the histogram ends this much later than the one before; 60 of them reach 4.6 hours. */
const BIN_GROWTH = 1.1
const BINS = 60
/** With fewer gaps seen, nothing is concluded. */
const GAPS_MIN = 10
/** At this many all counts are halved, so that a function that changes its rhythm is learned anew. */
const GAPS_MAX = 1000
/** Longest keep-alive that is learned, in break-evens: an hour by default. Rarer calls are not worth their memory. */
const BREAK_EVENS_MAX = 12

const LOG_GROWTH = Math.log(BIN_GROWTH)
const binEndMs = (bin: number) => GAP_MS_MIN * BIN_GROWTH ** bin

export interface KeepAliveRange {
  minMs: number
  /**
   * Idle time that costs as much as a cold start. Who knows nothing does best to wait as long: it never costs more than
   * twice what hindsight would have paid.
   */
  breakEvenMs: number
  maxMs: number
}

/** The range for a keep-alive that users set. */
export function learnedKeepAlive(keepAliveMs: number): KeepAliveRange {
  return {
    minMs: Math.min(GAP_MS_MIN, keepAliveMs),
    breakEvenMs: keepAliveMs,
    maxMs: keepAliveMs * BREAK_EVENS_MAX,
  }
}

export class GapHistogram {
  readonly #counts = new Uint16Array(BINS)
  /** Gaps that end in some bin, and those beyond the last. */
  #total = 0

  observe(gapMs: number): void {
    const bin = gapMs < GAP_MS_MIN ? 0 : 1 + Math.floor(Math.log(gapMs / GAP_MS_MIN) / LOG_GROWTH)
    if (bin < BINS) this.#counts[bin]!++
    this.#total++
    if (this.#total >= GAPS_MAX) this.#halve()
  }

  /**
   * The keep-alive within the range that would have cost least over the gaps seen: for each gap the time that an
   * instance stays idle in it, and a break-even more when it is gone before the gap ends.
   */
  keepAliveMs({ minMs, breakEvenMs, maxMs }: KeepAliveRange): number {
    if (this.#total < GAPS_MIN) return breakEvenMs
    let cheapest = { costMs: Infinity, keptMs: minMs }
    let bridged = 0
    let bridgedMs = 0
    for (let bin = 0; bin < BINS && binEndMs(bin) <= maxMs; bin++) {
      const keptMs = binEndMs(bin)
      bridged += this.#counts[bin]!
      bridgedMs += this.#counts[bin]! * keptMs
      const costMs = bridgedMs + (this.#total - bridged) * (keptMs + breakEvenMs)
      if (costMs < cheapest.costMs) cheapest = { costMs, keptMs }
    }
    return Math.min(maxMs, Math.max(minMs, cheapest.keptMs))
  }

  #halve(): void {
    this.#total = Math.floor(this.#total / 2)
    for (let bin = 0; bin < BINS; bin++) this.#counts[bin]! >>= 1
  }
}
