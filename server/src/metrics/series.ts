/** What is counted per function version. */
import type { ColdStartPhases, InvocationRecord } from '../logs/port.ts'
import { Distribution } from './distribution.ts'

export const DURATION_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 600_000]
export const COLD_START_BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 30_000, 300_000]
export const FAULTS = ['none', 'caller', 'function', 'platform'] as const
export const STATUS_CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const
export const PHASES = ['schedule', 'package', 'sandbox', 'runtime', 'initializer'] as const

export class VersionSeries {
  readonly functionKey: string
  readonly versionId: string
  /** Invocations by fault and status class: `fault * STATUS_CLASSES.length + class`. */
  readonly invocations = new Float64Array(FAULTS.length * STATUS_CLASSES.length)
  readonly duration = new Distribution(DURATION_BOUNDS_MS)
  readonly queue = new Distribution(DURATION_BOUNDS_MS)
  coldStarts = 0
  exhaustedThrottles = 0
  resourceThrottles = 0
  requestBytes = 0
  responseBytes = 0
  billedMs = 0
  /** Memory size times billed time. */
  billedMBms = 0

  constructor(functionKey: string, versionId: string) {
    this.functionKey = functionKey
    this.versionId = versionId
  }

  /** The run of a hook is paid for, and is no invocation. */
  observe(record: InvocationRecord): void {
    this.billedMs += record.billedMs
    this.billedMBms += record.billedMs * record.memoryMB
    if (record.kind !== 'event' && record.kind !== 'http') return
    this.invocations[faultIndex(record) * STATUS_CLASSES.length + statusClass(record.statusCode)]!++
    this.duration.observe(record.durationMs)
    this.queue.observe(record.queuedMs)
    this.requestBytes += record.requestBytes
    this.responseBytes += record.responseBytes
    if (record.coldStart !== null) this.coldStarts++
    if (record.errorType === 'ResourceExhausted') this.exhaustedThrottles++
    else if (record.errorType === 'ResourceThrottled') this.resourceThrottles++
  }
}

export class ColdStartSeries {
  readonly phases = PHASES.map(() => new Distribution(COLD_START_BOUNDS_MS))

  observe(phases: ColdStartPhases): void {
    for (const [index, phase] of PHASES.entries()) this.phases[index]!.observe(phases[`${phase}Ms`])
  }
}

function faultIndex({ fault }: InvocationRecord): number {
  return fault === null ? 0 : FAULTS.indexOf(fault)
}

function statusClass(statusCode: number): number {
  const hundreds = Math.floor(statusCode / 100)
  return hundreds >= 1 && hundreds <= 5 ? hundreds : 0
}
