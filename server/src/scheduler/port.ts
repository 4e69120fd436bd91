/** Pure decisions about instances; `instances/` carries them out. */
export { backoffMs } from './backoff.ts'
export { evictions, type EvictionCandidate, type EvictionNeed } from './evict.ts'
export { Histories, FunctionHistory } from './history.ts'
export { learnedKeepAlive, type KeepAliveRange } from './keep-alive.ts'
export { provisionTarget, type ProvisionDecision, type Tracked, type Utilisation } from './provision.ts'
export { Quota, type QuotaLimits } from './quota.ts'
export { startsWanted, type PoolLoad } from './scale.ts'
export type { ProvisionPolicy, ScheduledTarget, TrackingPolicy } from './policy.ts'
