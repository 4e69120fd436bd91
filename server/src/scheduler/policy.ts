/** What users set about scaling, as the scheduler needs it. Data only; the wires translate to it. */

/** A target that holds from each time its schedule names, until another scheduled target replaces it or it ends. */
export interface ScheduledTarget {
  name: string
  /** Epoch ms; the action has no effect before and after. */
  startMs: number
  endMs: number
  /** IANA name of the zone in which a cron expression is read. */
  timeZone: string
  schedule: { kind: 'at'; atMs: number } | { kind: 'cron'; expression: string }
  target: number
}

/** Keeps a utilisation near its target by changing the number of provisioned instances. */
export interface TrackingPolicy {
  name: string
  startMs: number
  endMs: number
  metric: 'ProvisionedConcurrencyUtilization' | 'CPUUtilization'
  /** 0..1 */
  metricTarget: number
  min: number
  max: number
}

/** Instances to keep ready for one function and qualifier. */
export interface ProvisionPolicy {
  target: number
  scheduled: readonly ScheduledTarget[]
  tracking: readonly TrackingPolicy[]
  /** Not frozen between requests. */
  alwaysAllocateCpu: boolean
}
