/** Pure decisions about instances; `instances/` carries them out. */
export { expectedWaitMs, instancesToStart, type PoolLoad, type StartLimits } from './scale.ts'
export { evictions, expired, type IdleInstance } from './retire.ts'
export { NO_DEMAND, stemsWanted, withStart, type StartDemand, type StockLimits } from './stock.ts'
export type { ProvisionPolicy, ScheduledTarget, TrackingPolicy } from './policy.ts'
