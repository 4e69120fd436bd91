/**
 * The inner model: one shape for Function Compute 2.0 and 3.0. The wires (`api/wire/`) translate to and from it.
 *
 * What differs between the generations is only who owns versions and aliases: in 2.0 the service, in 3.0 the
 * function itself. The owner is called a *scope*: `services/{s}` or `functions/{f}`.
 */

import type { AlertRoute, AlertRule, Silence } from './alerts/port.ts'

/** `{function}` for 3.0, `{service}${function}` for 2.0; `$` occurs in no name, so the two never collide. */
export type FunctionKey = string
/** `services/{service}` or `functions/{function}`. */
export type Scope = string
/** ISO 8601 UTC in whole seconds: `2026-01-31T08:00:00Z`. */
export type IsoTime = string
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
export type JsonObject = { [key: string]: JsonValue }

export interface Hook {
  handler: string
  timeoutSeconds: number
}

/** A code package by content; the bytes are in the package store. */
export interface CodeRef {
  sha256: string
  sizeBytes: number
  /** CRC-64/ECMA-182 as a decimal string. */
  checksum: string
}

/** A layer version as a function has it: all that it needs of it, so that the function outlives the layer version. */
export interface FunctionLayer {
  arn: string
  code: CodeRef
  unpackedBytes: number
  /** Empty: any. */
  compatibleRuntimes: string[]
}

/** The image of a custom-container function by content; its files are in the image store. */
export interface ImageRef {
  /** Of the manifest under which the image store keeps it. */
  sha256: string
  /** Of all layers, as they are stored. */
  sizeBytes: number
  /** Where it came from, with the digest that it had there. */
  resolvedUri: string
}

/** Everything that decides how an instance of a function behaves; a version freezes it. */
export interface FunctionConfig {
  description: string
  runtime: string
  handler: string
  memoryMB: number
  cpu: number
  diskMB: number
  timeoutSeconds: number
  instanceConcurrency: number
  environmentVariables: Record<string, string>
  code: CodeRef | null
  /** Shown as one folder; of files with the same path that of the first layer is there. */
  layers: FunctionLayer[]
  /** Of a custom-container function, as it was when its configuration last named it; absent and null: none. */
  image?: ImageRef | null
  initializer: Hook | null
  preFreeze: Hook | null
  preStop: Hook | null
  /** Fields that belong to a service in 2.0; null there. */
  role: string | null
  internetAccess: boolean | null
  /** Settings that are kept and answered as given, by their wire name (`logConfig`, `vpcConfig`, `customDNS`, …). */
  settings: JsonObject
}

export interface FunctionDocument {
  /** Present exactly for 2.0 functions. */
  service: string | null
  name: string
  functionId: string
  createdTime: IsoTime
  lastModifiedTime: IsoTime
  config: FunctionConfig
  /** Set by disable-invocation; `abortsOngoing`: what ran when it was set was ended, too. */
  restriction: { reason: string; lastModifiedTime: IsoTime; abortsOngoing: boolean } | null
}

export interface ServiceConfig {
  description: string
  role: string
  internetAccess: boolean
  settings: JsonObject
}

export interface ServiceDocument {
  name: string
  serviceId: string
  createdTime: IsoTime
  lastModifiedTime: IsoTime
  config: ServiceConfig
}

/**
 * Counts published versions, so that an id is never used twice. Made and removed with the owner of the scope; every
 * commit that adds something to the scope writes it back, so that no owner goes while something is added to it.
 */
export interface ScopeDocument {
  lastVersionId: number
}

export interface VersionDocument {
  scope: Scope
  versionId: string
  description: string
  createdTime: IsoTime
  lastModifiedTime: IsoTime
  service: ServiceDocument | null
  /** The frozen functions by name: all of the service, or the one function. */
  functions: Record<string, FunctionDocument>
}

export interface AliasDocument {
  scope: Scope
  aliasName: string
  versionId: string
  description: string
  /** Share of calls (0..1) for other versions; the rest goes to `versionId`. */
  additionalVersionWeight: Record<string, number>
  /** `resolvePolicy`, `routePolicy`: kept and answered as given. */
  settings: JsonObject
  createdTime: IsoTime
  lastModifiedTime: IsoTime
}

export interface TriggerDocument {
  functionKey: FunctionKey
  triggerName: string
  triggerType: string
  triggerId: string
  /** The configuration as an object, in the keys of the wire (`authType`, `methods`, `cronExpression`, …). */
  triggerConfig: JsonObject
  qualifier: string
  description: string
  sourceArn: string | null
  invocationRole: string | null
  /** 10 characters of `[a-z0-9]`, unique: the host name of an http trigger ends in it; null for other types. */
  hostId: string | null
  createdTime: IsoTime
  lastModifiedTime: IsoTime
}

export interface RewriteRule {
  match: string
  replacement: string
}

export interface DomainRoute {
  path: string
  functionKey: FunctionKey
  qualifier: string
  /** Empty: every method. */
  methods: string[]
  rewrite: { equalRules: RewriteRule[]; wildcardRules: RewriteRule[]; regexRules: RewriteRule[] } | null
}

export interface CustomDomainDocument {
  domainName: string
  protocol: string
  routes: DomainRoute[]
  /** `authConfig`, `certConfig`, `tlsConfig`, `wafConfig`, `corsConfig`: kept as given; private keys are never answered. */
  settings: JsonObject
  createdTime: IsoTime
  lastModifiedTime: IsoTime
}

export interface TagDocument {
  /** The full ARN of the tagged resource. */
  resourceArn: string
  tags: Record<string, string>
}

/** A target that holds from each time its expression names. Times and zone are as given; `''`: not given. */
export interface ScheduledAction {
  name: string
  /** `at(…)` or `cron(…)`. */
  scheduleExpression: string
  target: number
  startTime: string
  endTime: string
  timeZone: string
}

/** Keeps a metric near its target. Times and zone are as given; `''`: not given. */
export interface TargetTracking {
  name: string
  metricType: 'ProvisionedConcurrencyUtilization' | 'CPUUtilization'
  metricTarget: number
  min: number
  max: number
  startTime: string
  endTime: string
  timeZone: string
}

/** Instances to keep ready: what provision-config and, by other names, scaling-config set. */
export interface ProvisionSettings {
  target: number
  alwaysAllocateCpu: boolean
  alwaysAllocateGpu: boolean
  scheduled: ScheduledAction[]
  tracking: TargetTracking[]
}

/** What is set about the number of instances of a function under a qualifier; exists while something is. */
export interface ScalingDocument {
  functionKey: FunctionKey
  /** LATEST or an alias. */
  qualifier: string
  /** Null: nothing is kept ready. */
  provision: ProvisionSettings | null
  /** Most instances that requests may start; null: no limit of its own. */
  onDemandMax: number | null
  /** Members of scaling-config that are kept and answered as given. */
  settings: JsonObject
}

/** Reserved concurrency of all functions, in one document, so that its sum is checked and changed as one. */
export interface ReservationsDocument {
  reserved: Record<FunctionKey, number>
}

/** How asynchronous invocations under a qualifier are retried, and where their results go. */
export interface AsyncConfigDocument {
  functionKey: FunctionKey
  /** LATEST, an alias or a version. */
  qualifier: string
  retriesMax: number
  maxAgeSeconds: number
  /** Each is a task, whose state can be read and which can be stopped. */
  isTask: boolean
  /** ARN or URL; null: none. */
  onSuccess: string | null
  onFailure: string | null
  createdTime: IsoTime
  lastModifiedTime: IsoTime
}

/** What is common to the versions of a layer. Stays when the last one is deleted, so that no number is used twice. */
export interface LayerDocument {
  layerName: string
  lastVersion: number
  /** The largest that exists; 0: none does, and the layer is seen by nobody. */
  newestVersion: number
  isPublic: boolean
}

export interface LayerVersionDocument {
  layerName: string
  version: number
  description: string
  license: string
  /** Empty: any. */
  compatibleRuntimes: string[]
  code: CodeRef
  unpackedBytes: number
  createdTime: IsoTime
}

/** What a function has set for its own log; null: as the platform's settings. Outlives the function as its log does. */
export interface LogBoundsDocument {
  retentionDays: number | null
  maxMB: number | null
}

/** An event to try a function with, kept for whoever tries it next. */
export interface TestEvent {
  name: string
  body: string
  contentType: string
}

/** Of one function, in the order of their names. */
export interface TestEventsDocument {
  events: TestEvent[]
}

export interface Documents {
  service: ServiceDocument
  function: FunctionDocument
  scope: ScopeDocument
  version: VersionDocument
  alias: AliasDocument
  trigger: TriggerDocument
  domain: CustomDomainDocument
  tag: TagDocument
  scaling: ScalingDocument
  reservations: ReservationsDocument
  asyncConfig: AsyncConfigDocument
  layer: LayerDocument
  layerVersion: LayerVersionDocument
  logBounds: LogBoundsDocument
  alertRule: AlertRule
  alertRoute: AlertRoute
  alertSilence: Silence
  testEvents: TestEventsDocument
}
export type DocumentKind = keyof Documents

export const LATEST = 'LATEST'

export function functionKey(service: string | null, name: string): FunctionKey {
  return service === null ? name : `${service}$${name}`
}

export function splitFunctionKey(key: FunctionKey): { service: string | null; name: string } {
  const at = key.indexOf('$')
  return at < 0 ? { service: null, name: key } : { service: key.slice(0, at), name: key.slice(at + 1) }
}

export function scopeOf(key: FunctionKey): Scope {
  const { service, name } = splitFunctionKey(key)
  return service === null ? `functions/${name}` : `services/${service}`
}

/** Keys of documents in the metadata store; version numbers are padded so that text order is number order. */
export const keyOf = {
  service: (name: string) => name,
  function: (key: FunctionKey) => key,
  scope: (scope: Scope) => scope,
  version: (scope: Scope, versionId: string) => `${scope}/${versionId.padStart(10, '0')}`,
  alias: (scope: Scope, aliasName: string) => `${scope}/${aliasName}`,
  trigger: (key: FunctionKey, triggerName: string) => `${key}/${triggerName}`,
  domain: (domainName: string) => domainName,
  tag: (resourceArn: string) => resourceArn,
  scaling: (key: FunctionKey, qualifier: string) => {
    const { service, name } = splitFunctionKey(key)
    return service === null ? `functions/${name}/${qualifier}` : `services/${service}.${qualifier}/functions/${name}`
  },
  reservations: 'account',
  asyncConfig: (key: FunctionKey, qualifier: string) => `${key}/${qualifier}`,
  layer: (layerName: string) => layerName,
  layerVersion: (layerName: string, version: number) => `${layerName}/${String(version).padStart(10, '0')}`,
  logBounds: (key: FunctionKey) => key,
  alertRule: (name: string) => name,
  alertRoute: (name: string) => name,
  alertSilence: (id: string) => id,
  testEvents: (key: FunctionKey) => key,
} as const

/** A function version ready to run: what a qualifier resolves to. */
export interface FunctionVersion {
  /** Unique for this content (an update of LATEST makes a new one): names the pool of instances that may serve it. */
  id: string
  key: FunctionKey
  service: ServiceDocument | null
  function: FunctionDocument
  /** `LATEST` or a number in text. */
  versionId: string
}

/** `acs:fc:{region}:{account}:services/{s}`. */
export function serviceArn(region: string, accountId: string, service: string): string {
  return `acs:fc:${region}:${accountId}:services/${service}`
}

/** `acs:fc:{region}:{account}:functions/{f}`, or `…:services/{s}/functions/{f}` for 2.0. */
export function functionArn(region: string, accountId: string, service: string | null, name: string): string {
  const path = service === null ? `functions/${name}` : `services/${service}/functions/${name}`
  return `acs:fc:${region}:${accountId}:${path}`
}
