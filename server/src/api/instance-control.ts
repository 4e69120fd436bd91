/** What the API needs of the live instances of this platform. */
import type { ExecProcess, ExecSpec } from './exec/process.ts'
import type { InstanceInfo, ProvisionStatus } from '../instances/port.ts'
import type { FunctionKey } from '../model.ts'

export interface LiveInstance extends InstanceInfo {
  /** Under which it was started. */
  qualifier: string
  /** Kept ready by setting, not started by a request. */
  isProvisioned: boolean
}

export interface InstanceControl {
  list(): readonly LiveInstance[]
  /** Undefined while nothing is to be kept ready. */
  provisionStatus(key: FunctionKey, qualifier: string): ProvisionStatus | undefined
  /** Starts a program inside an instance, which stays thawed meanwhile; rejects with the reason that it cannot, in words. */
  exec(instanceId: string, spec: ExecSpec): Promise<ExecProcess>
}
