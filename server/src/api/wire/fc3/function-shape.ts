/** Functions as version 2023-03-30 writes them. */
import { isDeepStrictEqual } from 'node:util'
import type { Static } from 'typebox'
import { Type } from 'typebox'
import { FcError } from '../../../errors.ts'
import type { FunctionDocument, Hook, ImageRef, JsonObject, ServiceDocument } from '../../../model.ts'
import { functionKey } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { arnOf } from '../../operations/context.ts'
import type { FunctionPatch, HookPatch } from '../../operations/function-config.ts'
import {
  HOOK_SECONDS_DEFAULT,
  HOOK_SECONDS_MAX,
  INITIALIZER_SECONDS_DEFAULT,
  INITIALIZER_SECONDS_MAX,
} from '../../operations/function-config.ts'
import type { QualifiedFunction } from '../../operations/find.ts'
import { mergeSettings } from '../../operations/merge-settings.ts'
import type { Tags } from '../../operations/tags.ts'
import { tag } from './tags.ts'
import {
  code,
  customDNS,
  description,
  diskSize,
  environmentVariables,
  flag,
  given,
  healthCheck,
  instanceConcurrency,
  memorySize,
  ownerSettings,
  port,
  setting,
  shape,
  text,
  texts,
  timeoutSeconds,
  nameOf,
} from '../shapes.ts'

const functionSettings = {
  ...ownerSettings,
  polarFsConfig: shape({
    userId: Type.Integer(),
    groupId: Type.Integer(),
    mountPoints: Type.Array(shape({ instanceId: text, mountDir: text, remoteDir: text, readOnly: flag })),
  }),
  juiceFsConfig: shape({
    envs: Type.Record(text, text),
    mountPoints: Type.Array(shape({ volumeName: text, mountDir: text, remoteDir: text, token: text, args: texts })),
  }),
  customRuntimeConfig: shape({ command: texts, args: texts, port, healthCheckConfig: healthCheck }),
  customContainerConfig: shape({
    image: text,
    entrypoint: texts,
    command: texts,
    port,
    healthCheckConfig: healthCheck,
    accelerationType: text,
    acrInstanceId: text,
    registryConfig: shape({
      authConfig: shape({ userName: text, password: text }),
      certConfig: shape({ insecure: flag, rootCaCertBase64: text }),
      networkConfig: shape({ vpcId: text, vSwitchId: text, securityGroupId: text }),
    }),
  }),
  customDNS,
  gpuConfig: shape({
    gpuType: text,
    gpuMemorySize: Type.Integer({ minimum: 1024, maximum: 98_304, multipleOf: 1024 }),
  }),
  resourceGroupId: text,
  sessionAffinity: text,
  sessionAffinityConfig: text,
  instanceIsolationMode: text,
  idleTimeout: Type.Integer({ minimum: 0 }),
  disableInjectCredentials: text,
  disableOndemand: flag,
  enableLongLiving: flag,
}
const settingNames = Object.keys(functionSettings) as (keyof typeof functionSettings)[]
/** Members whose plain answer is null when they were not given. */
const plainSettings = [
  'customDNS',
  'customRuntimeConfig',
  'gpuConfig',
  'polarFsConfig',
  'juiceFsConfig',
  'resourceGroupId',
  'sessionAffinity',
  'sessionAffinityConfig',
  'instanceIsolationMode',
  'idleTimeout',
  'disableInjectCredentials',
  'enableLongLiving',
] as const satisfies (keyof typeof functionSettings)[]

const members = {
  description,
  runtime: text,
  handler: Type.String({ maxLength: 128 }),
  memorySize,
  cpu: Type.Number({ minimum: 0.05, maximum: 16 }),
  diskSize,
  timeout: timeoutSeconds,
  instanceConcurrency,
  environmentVariables,
  code,
  layers: texts,
  role: text,
  internetAccess: flag,
  instanceLifecycleConfig: shape({
    initializer: shape({
      handler: text,
      timeout: Type.Integer({ minimum: 1, maximum: INITIALIZER_SECONDS_MAX }),
      command: texts,
    }),
    preStop: shape({ handler: text, timeout: Type.Integer({ minimum: 1, maximum: HOOK_SECONDS_MAX }) }),
  }),
  ...functionSettings,
}

export const functionUpdate = shape(members)
export const functionCreate = Type.Object({
  functionName: nameOf('functionName'),
  tags: Type.Optional(Type.Array(tag)),
  ...functionUpdate.properties,
})

export type FunctionBody = Static<typeof functionUpdate>

export function functionPatch(body: FunctionBody): FunctionPatch {
  const { instanceLifecycleConfig: hooks } = body
  return {
    description: body.description,
    runtime: body.runtime,
    handler: body.handler,
    memoryMB: body.memorySize,
    cpu: body.cpu,
    diskMB: body.diskSize,
    timeoutSeconds: body.timeout,
    instanceConcurrency: body.instanceConcurrency,
    environmentVariables: body.environmentVariables,
    layers: body.layers,
    initializer: hooks && hookPatch(hooks.initializer, INITIALIZER_SECONDS_DEFAULT),
    preStop: hooks && hookPatch(hooks.preStop, HOOK_SECONDS_DEFAULT),
    role: body.role,
    internetAccess: body.internetAccess,
    setsContainer: body.customContainerConfig !== undefined,
    settings: (before) => {
      const after = mergeSettings(before, given(body, settingNames))
      if (!hooks) return after
      const { initializerCommand: _, ...others } = after
      const command = hooks.initializer?.command
      return command ? { ...others, initializerCommand: command } : others
    },
  }
}

/** The lifecycle configuration is replaced whole: a hook that it leaves out is removed. */
function hookPatch(
  hook: { handler?: string; timeout?: number; command?: string[] } | undefined,
  secondsDefault: number,
): HookPatch {
  const handler = hook?.handler || hook?.command?.join(' ') || ''
  return { handler, timeoutSeconds: hook?.timeout ?? secondsDefault }
}

/** Members of a 2.0 function that belong to its service, and so cannot be changed through the function. */
const ofService = ['role', 'internetAccess', 'logConfig', 'vpcConfig', 'nasConfig', 'ossMountConfig', 'tracingConfig']

/** What remains of an update for a 2.0 function: members of its service are accepted when they change nothing. */
export function withoutServiceMembers(body: FunctionBody, service: ServiceDocument): FunctionBody {
  const current: Record<string, unknown> = ownerMembers(service.config)
  const rest: Record<string, unknown> = { ...body }
  for (const name of ofService) {
    if (rest[name] === undefined) continue
    const before = current[name]
    const after = typeof before === 'object' ? { ...before, ...(rest[name] as object) } : rest[name]
    if (!isDeepStrictEqual(after, before)) {
      throw new FcError('InvalidArgument', `${name} belongs to service '${service.name}'; change it there`)
    }
    delete rest[name]
  }
  return rest
}

function ownerMembers({
  role,
  internetAccess,
  settings,
}: {
  role: string | null
  internetAccess: boolean | null
  settings: JsonObject
}) {
  return {
    role: role ?? '',
    internetAccess: internetAccess ?? true,
    vpcConfig: { ...setting(settings, 'vpcConfig'), anytunnelViaENI: null },
    logConfig: setting(settings, 'logConfig'),
    tracingConfig: { ...setting(settings, 'tracingConfig'), jaegerConfig: null },
    nasConfig: setting(settings, 'nasConfig'),
    ossMountConfig: setting(settings, 'ossMountConfig'),
  }
}

export function functionAnswer(context: Context, found: FoundFunction, tags: Tags): JsonObject {
  return { ...functionListItem(context, found, tags), ...stateMembers }
}

type FoundFunction = Omit<QualifiedFunction, 'etag'>

const stateMembers = {
  state: null,
  stateReason: null,
  stateReasonCode: null,
  lastUpdateStatus: null,
  lastUpdateStatusReason: null,
  lastUpdateStatusReasonCode: null,
}

export function functionListItem(context: Context, found: FoundFunction, tags: Tags): JsonObject {
  const { function: document, service, versionId, qualifier } = found
  const { config } = document
  const name = functionKey(document.service, document.name)
  const suffix = qualifier === 'LATEST' ? '' : `/${qualifier}`
  const { settings } = config
  const tagList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  return {
    functionId: document.functionId,
    functionName: name,
    functionArn: arnOf(context, `functions/${name}${suffix}`),
    description: config.description,
    runtime: config.runtime,
    handler: config.handler,
    timeout: config.timeoutSeconds,
    codeSize: config.code?.sizeBytes ?? 0,
    codeChecksum: config.code?.checksum ?? '',
    memorySize: config.memoryMB,
    cpu: config.cpu,
    diskSize: config.diskMB,
    environmentVariables: config.environmentVariables,
    createdTime: document.createdTime,
    lastModifiedTime: document.lastModifiedTime,
    layers:
      config.layers.length > 0 ? config.layers.map(({ arn, code: { sizeBytes } }) => ({ arn, size: sizeBytes })) : null,
    instanceConcurrency: config.instanceConcurrency,
    instanceLifecycleConfig: lifecycle(config.initializer, config.preStop, settings),
    ...Object.fromEntries(plainSettings.map((member) => [member, settings[member] ?? null])),
    disableOndemand: settings['disableOndemand'] ?? false,
    customContainerConfig: container(settings['customContainerConfig'] as JsonObject | undefined, config.image ?? null),
    ...ownerMembers(service?.config ?? config),
    tags: tagList.length > 0 ? tagList : null,
    version: versionId,
    invocationRestriction: restriction(document),
  }
}

function lifecycle(initializer: Hook | null, preStop: Hook | null, settings: JsonObject): JsonObject | null {
  if (!initializer && !preStop) return null
  const wire = (hook: Hook | null) => hook && { handler: hook.handler, timeout: hook.timeoutSeconds }
  const command = settings['initializerCommand']
  return {
    initializer: initializer && { ...wire(initializer), ...(command ? { command } : {}) },
    preStop: wire(preStop),
  }
}

function container(config: JsonObject | undefined, image: ImageRef | null): JsonObject {
  const registry = config?.['registryConfig'] as JsonObject | undefined
  const login = registry?.['authConfig'] as JsonObject | undefined
  return {
    image: null,
    entrypoint: null,
    command: null,
    port: null,
    healthCheckConfig: null,
    accelerationType: null,
    acrInstanceId: null,
    accelerationInfo: null,
    ...config,
    resolvedImageUri: image?.resolvedUri ?? null,
    // The password of a registry is never answered.
    registryConfig: registry ? { ...registry, ...(login ? { authConfig: { ...login, password: null } } : {}) } : null,
  }
}

function restriction({ restriction: current }: FunctionDocument): JsonObject | null {
  return current && { disable: true, reason: current.reason, lastModifiedTime: current.lastModifiedTime }
}
