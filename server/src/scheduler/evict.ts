/**
 * Decides which idle instances make room for others: greedy-dual by size, cost and frequency (Cherkasova 1998; for
 * instances Fuerst and Sharma, ASPLOS 2021). Pure.
 *
 * An instance is worth clock + frequency × cold start / memory. The clock is the worth of the last one evicted, as of
 * the instance's last use: what has not been used since falls behind, however precious it was.
 */

export interface EvictionCandidate {
  /** Greedy-dual clock when it was last used. */
  clock: number
  /** Uses of its function of late. */
  frequency: number
  coldStartMs: number
  memoryMB: number
}

export interface EvictionNeed {
  instances: number
  memoryMB: number
}

export interface Eviction<Candidate> {
  chosen: Candidate[]
  /** The need is met once they are gone; also when nobody had to be chosen. */
  isEnough: boolean
  /** The clock from now on. */
  clock: number
}

const worth = ({ clock, frequency, coldStartMs, memoryMB }: EvictionCandidate) =>
  clock + (frequency * coldStartMs) / memoryMB

/** The cheapest to lose that together meet the need, none of which could stay; nobody when all would not be enough. */
export function evictions<Candidate extends EvictionCandidate>(
  candidates: readonly Candidate[],
  need: EvictionNeed,
  clock: number,
): Eviction<Candidate> {
  let { instances, memoryMB } = need
  const isMet = () => instances <= 0 && memoryMB <= 0
  const chosen: { candidate: Candidate; worth: number }[] = []
  const cheapestFirst = candidates.map((candidate) => ({ candidate, worth: worth(candidate) }))
  cheapestFirst.sort((a, b) => a.worth - b.worth)
  for (const each of cheapestFirst) {
    if (isMet()) break
    chosen.push(each)
    instances--
    memoryMB -= each.candidate.memoryMB
  }
  if (!isMet()) return { chosen: [], isEnough: false, clock }
  // A large one at the end may have made some of the small ones before it needless: the dearest of them stay.
  const kept = chosen.toReversed().filter(({ candidate }) => {
    const canStay = instances + 1 <= 0 && memoryMB + candidate.memoryMB <= 0
    if (canStay) {
      instances++
      memoryMB += candidate.memoryMB
    }
    return !canStay
  })
  return {
    chosen: kept.toReversed().map(({ candidate }) => candidate),
    isEnough: true,
    clock: kept.reduce((highest, each) => Math.max(highest, each.worth), clock),
  }
}
