/** Live instances: who needs to run something asks for a slot, and gives it back. */
import type { FcError } from '../errors.ts'
import type { ColdStartPhases } from '../logs/port.ts'
import type { FunctionKey, FunctionVersion } from '../model.ts'
import type { ExecProcess, ExecSpec } from '../sandbox/port.ts'
import type { ProvisionPolicy } from '../scheduler/port.ts'

export type { ExecProcess, ExecSpec }
export { parseFailure } from './failure.ts'

/** A failure that is the function's own: what its caller is answered and its owner is told. */
export interface FunctionFailure {
  errorType: string
  errorMessage: string
  stackTrace?: readonly string[]
  /** What the platform knows beyond the message: exit code, signal, limit. */
  cause?: string
  /** The handler reported it, as opposed to a crash, a timeout, a handler that is missing. */
  handled: boolean
}

/** Why an instance ended while requests ran on it. */
export interface InstanceExit {
  cause: string
  outOfMemory: boolean
  peakMemoryMB: number
}

/** What happens on one stream, told to its owner. Buffers are valid during the call only, unless copied. */
export interface StreamHandler {
  /** `head`: JSON, its characters the bytes that the function gave (latin1). */
  onResponse(head: string, body: Buffer, end: boolean): void
  onData(chunk: Buffer, end: boolean): void
  onError(payload: string): void
  onLog(stream: 'stdout' | 'stderr', chunk: Buffer): void
  /** More of the request body may be sent. */
  onCredit(): void
}

/** One request on its way to the function, and the answer on its way back. */
export interface LinkStream {
  /** Bytes of request body that may still be sent. */
  readonly sendCreditBytes: number
  /** No more of the request body is wanted. */
  readonly isRequestEnded: boolean
  /** Sends body bytes; the caller stays within `sendCreditBytes`. */
  send(chunk: Buffer, end: boolean): void
  /** Tells the function that `bytes` of response body were consumed. */
  grant(bytes: number): void
  /** The answer is no longer wanted; the stream's handler hears of its end all the same. */
  cancel(reason: 'disconnect' | 'timeout'): void
}

/** One of an instance's `instanceConcurrency` places, held by one request. */
export interface Slot {
  readonly instanceId: string
  /** Set when this request is the one that the instance was started for. */
  readonly coldStart: ColdStartPhases | null
  /** Hands over the request; once per slot. */
  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream
  /** Highest memory of the instance so far, in MB; sampled at most ten times a second. */
  peakMemoryMB(): number
  /** The stream has ended: the place is free for the next request. */
  release(): void
  /** The request ran out of time: the instance takes no more and ends when the others on it have. */
  abandon(): void
}

/** Who waits for a slot or holds one; exactly one of the first three is called, once. */
export interface SlotHolder {
  readonly requestId: string
  onSlot(slot: Slot): void
  /** No slot: 429 (limits, queue) or the platform's own failure to start an instance. */
  onRefused(error: FcError): void
  /** The instance started for it could not load the function. */
  onStartFailed(failure: FunctionFailure, coldStart: ColdStartPhases): void
  /** While holding: the instance is gone, nothing more will come. */
  onInstanceGone(exit: InstanceExit): void
  /** While holding: output that bypassed the channel and can only be this request's. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
}

/** What is set about scaling, as of now; fed by metadata's change feed. */
export interface ScalingRules {
  /**
   * Instances kept from the account's for a function (all its versions, provisioned and on demand), which are also the
   * most it may have.
   */
  reservations(): ReadonlyMap<FunctionKey, number>
  /** Most instances that requests may start of this version; null: no limit of its own. */
  onDemandMax(version: FunctionVersion): number | null
  /** What is to be kept ready: one entry for each function and qualifier that has such a setting. */
  provisions(): readonly { version: FunctionVersion; qualifier: string; policy: ProvisionPolicy }[]
}

export interface ProvisionStatus {
  current: number
  target: number
  /** Why `current` is less than `target`; null when it is not, or when they are still starting. */
  currentError: string | null
}

export interface InstanceInfo {
  instanceId: string
  functionKey: string
  versionId: string
  /** The one it was started for; it serves every qualifier of its version. */
  qualifier: string
  /** Kept ready by setting, as opposed to started by a request. */
  isProvisioned: boolean
  /** A state of instances/states.ts. */
  state: string
  inFlight: number
  createdMs: number
}

export interface InstanceUsage extends InstanceInfo {
  /** Requests that it may have at the same time. */
  concurrency: number
  memoryMB: number
  cpuQuotaCores: number
  /** Null where there is nothing to measure: it starts, or has just ended. */
  usedMemoryMB: number | null
  /** Cores used since this was asked before, or since it began. */
  cpuCores: number | null
  /** Since when it has nothing to do; null: it has, or it starts or ends. */
  idleSinceMs: number | null
}

export interface Instances {
  /** Finds a slot now, or queues the holder; may call it before returning. */
  acquire(version: FunctionVersion, qualifier: string, holder: SlotHolder): void
  /** The holder waits no longer; nothing is called after it. No effect on one that was called already. */
  withdraw(version: FunctionVersion, holder: SlotHolder): void
  /** A request of this version held its slot for `ms`. */
  observeServiceMs(version: FunctionVersion, ms: number): void
  /** The version is no longer routed to: idle instances end now, busy ones when done. */
  retire(versionId: FunctionVersion['id']): void
  list(): InstanceInfo[]
  /** As `list`, with what each uses now, which is measured; of all, or of functions that have `enableInstanceMetrics`. */
  usage(of: 'all' | 'those with metrics of their own'): InstanceUsage[]
  /** The packages and images that instances run on, in the terms of their stores. */
  runningCode(): Set<string>
  waiting(): { functionKey: string; requests: number }[]
  /** Goes by these rules from now on; to be called whenever they, or the versions that they name, have changed. */
  rulesChanged(rules: ScalingRules): void
  /** Undefined while nothing is to be kept ready. */
  provisionStatus(functionKey: FunctionKey, qualifier: string): ProvisionStatus | undefined
  /** Runs a program inside an instance, which is not frozen meanwhile; rejects with the reason that it cannot. */
  exec(instanceId: string, spec: ExecSpec): Promise<ExecProcess>
  /** Takes no more requests, lets running ones end within `graceMs`, then ends all. */
  close(graceMs: number): Promise<void>
}
