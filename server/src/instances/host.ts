/** The fleet of real instances: sandboxes on this host. */
import type { Clock, Random } from '../clock.ts'
import type { InvocationRecord, LogLine } from '../logs/port.ts'
import type { InstanceMeter, InvocationMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import { learnedKeepAlive } from '../scheduler/port.ts'
import { Fleet, type FleetDeps, type FleetOptions } from './fleet.ts'
import { Instance, type LaunchPlan } from './instance.ts'
import type { Instances } from './port.ts'

export interface InstancesOptions extends Omit<FleetOptions, 'keepAlive'> {
  /** How long an idle instance is kept while the rhythm of its function is not known. */
  keepAliveMs: number
  /** Longest loading of a handler, when it is not the usual. */
  loadMsMax?: number
}

export interface InstancesDeps {
  clock: Clock
  random: Random
  appendLine: (line: LogLine) => void
  meter: InstanceMeter & Pick<InvocationMeter, 'recordHook'>
  /** Of each run of a lifecycle hook. */
  onRecord: (record: InvocationRecord) => void
  plan: (version: FunctionVersion, qualifier: string) => LaunchPlan
  onPlatformFailure(error: unknown): void
}

export function createInstances(options: InstancesOptions, deps: InstancesDeps): Instances {
  const { clock, random, appendLine, meter, onRecord, plan } = deps
  const launch: FleetDeps['launch'] = (version, qualifier, requestId, events) => {
    const id = `c-${random.bytes(8).toString('hex')}`
    const instance = new Instance(id, version, requestId, events, {
      clock,
      appendLine,
      ...(options.loadMsMax !== undefined && { loadMsMax: options.loadMsMax }),
      meter,
      onRecord,
      onDefect: (error) => deps.onPlatformFailure(error),
    })
    const scheduledMs = clock.monotonicMs()
    // A plan that cannot be made (no interpreter for the runtime) fails this start, not the code that asked for it.
    const started = Promise.try(() => instance.start(plan(version, qualifier), scheduledMs))
    return { instance, started }
  }
  const keepAlive = learnedKeepAlive(options.keepAliveMs)
  return new Fleet(
    { ...options, keepAlive },
    { clock, meter, launch, onPlatformFailure: (error) => deps.onPlatformFailure(error) },
  )
}
