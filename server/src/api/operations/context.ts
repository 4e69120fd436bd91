/** What every operation works on. */
import type { JwtVerifierFactory, TokenIssuer } from '../../auth/port.ts'
import type { Clock, Random } from '../../clock.ts'
import type { AsyncTasks } from '../../invocations/port.ts'
import type { MetadataStore } from '../../metadata/port.ts'
import type { IsoTime } from '../../model.ts'
import type { ObjectStore } from '../../objects/port.ts'
import type { InstanceControl } from '../instance-control.ts'
import type { ImageStore, PackageStore } from '../../packages/port.ts'
import type { Lanes } from '../../lanes.ts'
import type { TriggerRules } from '../../triggers/port.ts'

export interface Runtimes {
  /** Every name that `runtime` accepts. */
  all: readonly string[]
  /** Whether functions of a runtime can run on this installation. */
  available(runtime: string): { ok: true } | { ok: false; reason: string }
}

export interface ApiOptions {
  accountId: string
  region: string
  /** Where clients reach the public listener, without a slash at the end. */
  publicUrl(): string
  /** The address of an http trigger of its own. */
  httpTriggerUrl(functionName: string, hostId: string): string
  /** Signs the links to code packages. */
  packageUrlKey: Buffer
  /** Instances that the account may run at once; told by the account settings. */
  accountInstanceLimit: number
}

export interface Context {
  options: ApiOptions
  metadata: MetadataStore
  packages: PackageStore
  /** Where code packages may come from. */
  objects: Pick<ObjectStore, 'bucket' | 'createBucket' | 'changeBucket' | 'head' | 'read'>
  tokens: Pick<TokenIssuer, 'issueForUpload'>
  /** Undefined where no function can have an image. */
  images: ImageStore | undefined
  clock: Clock
  random: Random
  runtimes: Runtimes
  instances: InstanceControl
  tasks: AsyncTasks
  lanes: Lanes
  /** Undefined: nothing is known of what triggers are attached to. */
  triggerRules: TriggerRules | undefined
  /** Refuses a jwt configuration that requests could not be checked by; undefined: it is kept unchecked. */
  createJwtVerifier: JwtVerifierFactory | undefined
  /** Callers of 3.0 know no services: to them a missing service is a missing function. */
  knowsServices: boolean
}

export function arnOf(context: Context, resource: string): string {
  return `acs:fc:${context.options.region}:${context.options.accountId}:${resource}`
}

/** Now, in whole seconds of UTC. */
export function now(context: Context): IsoTime {
  return `${new Date(context.clock.nowMs()).toISOString().slice(0, 19)}Z`
}

/** A UUID (version 4) from the context's randomness. */
export function newId(context: Context): string {
  const bytes = context.random.bytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
