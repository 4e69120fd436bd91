/** Finds the idle instances whose end makes room for another pool. */
import { evictions, type Eviction, type EvictionCandidate, type EvictionNeed, type Quota } from '../scheduler/port.ts'
import type { Shortage } from './limits.ts'
import type { Member } from './member.ts'
import type { Pool } from './pool.ts'

/** An instance idle for less is likely needed again at once, and is spared while nobody has waited for as long. */
const SPARED_MS = 1000

export interface Victim extends EvictionCandidate {
  pool: Pool
  member: Member
}

/**
 * Whom to end so that `asker`, which is short of `shortage`, can have one instance more; nobody when those that are
 * ending already will do. Never an instance that the asker itself could use.
 */
export function findVictims(
  pools: Iterable<Pool>,
  asker: Pool,
  shortage: Exclude<Shortage, 'onDemand' | 'starts'>,
  quota: Quota,
  evictionClock: number,
  nowMs: number,
): Eviction<Victim> {
  const { key, function: definition } = asker.version
  const need: EvictionNeed =
    shortage === 'memory'
      ? { instances: 0, memoryMB: definition.config.memoryMB - quota.memoryMBLeft }
      : { instances: 1, memoryMB: 0 }
  const leastIdleMs = asker.waitedMs < SPARED_MS ? SPARED_MS : 0
  const helps = (owner: string) =>
    shortage === 'memory' || (shortage === 'account' ? quota.wouldFree(owner, key) : owner === key)
  const candidates: Victim[] = []
  for (const pool of pools) {
    if (pool === asker || !helps(pool.version.key)) continue
    const { memoryMB } = pool.version.function.config
    const shared = { pool, memoryMB, coldStartMs: pool.history.coldStartMs, frequency: pool.history.frequency(nowMs) }
    for (const member of pool.members.values()) {
      const { instance } = member
      if (member.isEnding && instance.inFlight === 0) {
        need.instances--
        need.memoryMB -= memoryMB
      } else if (member.isEvictable && nowMs - instance.idleSinceMs >= leastIdleMs) {
        candidates.push({ ...shared, member, clock: member.evictionClock })
      }
    }
  }
  return evictions(candidates, need, evictionClock)
}
