/** Configurations that this version does not offer to set, so that no function has one. */
import type { ErrorCode } from '../../errors.ts'
import { FcError } from '../../errors.ts'
import type { QualifiedFunction } from './find.ts'

const configs = {
  asyncInvoke: { code: 'AsyncConfigNotExists', name: 'asynchronous invocation' },
  onDemand: { code: 'OnDemandConfigNotFound', name: 'on-demand instances' },
  // 3.0 answers with the code that its forerunner has in 2.0; so does, for want of a documented one, scaling.
  concurrency: { code: 'OnDemandConfigNotFound', name: 'reserved concurrency' },
  provision: { code: 'ProvisionConfigNotFound', name: 'provisioned instances' },
  scaling: { code: 'ProvisionConfigNotFound', name: 'scaling' },
} as const satisfies Record<string, { code: ErrorCode; name: string }>

export type UnsetConfigKind = keyof typeof configs

export function refuseUnsetConfig(kind: UnsetConfigKind, { function: document, qualifier }: QualifiedFunction): never {
  const { code, name } = configs[kind]
  throw new FcError(code, `function '${document.name}' has no configuration of ${name} for qualifier '${qualifier}'`)
}
