/** Services and functions as versions 2016-08-15 and 2021-04-06 write them. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import { FcError } from '../../../errors.ts'
import type { FunctionDocument, Hook, JsonObject, JsonValue, ServiceDocument } from '../../../model.ts'
import type { FunctionPatch } from '../../operations/function-config.ts'
import { HOOK_SECONDS_DEFAULT, HOOK_SECONDS_MAX, INITIALIZER_SECONDS_MAX } from '../../operations/function-config.ts'
import { mergeSettings } from '../../operations/merge-settings.ts'
import type { ServicePatch } from '../../operations/services.ts'
import { parseJson } from '../answers.ts'
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
  oneOf,
  ownerSettings,
  port,
  setting,
  shape,
  text,
  texts,
  timeoutSeconds,
  nameOf,
} from '../shapes.ts'

const serviceSettings = { ...ownerSettings, vendorConfig: Type.Unknown() }
const serviceSettingNames = Object.keys(serviceSettings) as (keyof typeof serviceSettings)[]

export const serviceUpdate = shape({ description, role: text, internetAccess: flag, ...serviceSettings })
export const serviceCreate = Type.Object({ serviceName: nameOf('serviceName'), ...serviceUpdate.properties })

export function servicePatch(body: Static<typeof serviceUpdate>): ServicePatch {
  const { description, role, internetAccess } = body
  return { description, role, internetAccess, settings: given(body, serviceSettingNames) }
}

export function serviceAnswer({ name, serviceId, createdTime, lastModifiedTime, config }: ServiceDocument): JsonObject {
  const { settings } = config
  return {
    serviceName: name,
    serviceId,
    description: config.description,
    role: config.role,
    internetAccess: config.internetAccess,
    logConfig: setting(settings, 'logConfig'),
    vpcConfig: setting(settings, 'vpcConfig'),
    nasConfig: setting(settings, 'nasConfig'),
    ossMountConfig: setting(settings, 'ossMountConfig'),
    tracingConfig: setting(settings, 'tracingConfig'),
    vendorConfig: settings['vendorConfig'] ?? null,
    useSLRAuthentication: false,
    createdTime,
    lastModifiedTime,
  }
}

const functionSettings = {
  customDNS,
  instanceType: oneOf('e1', 'c1', 'g1', 'fc.gpu.tesla.1', 'fc.gpu.ampere.1'),
  instanceSoftConcurrency: instanceConcurrency,
  gpuMemorySize: Type.Integer({ minimum: 0, maximum: 98_304 }),
}
const functionSettingNames = Object.keys(functionSettings) as (keyof typeof functionSettings)[]

const hookShape = shape({ handler: text, timeout: Type.Integer({ minimum: 1, maximum: HOOK_SECONDS_MAX }) })

export const functionUpdate = shape({
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
  initializer: Type.String({ maxLength: 128 }),
  initializationTimeout: Type.Integer({ minimum: 1, maximum: INITIALIZER_SECONDS_MAX }),
  instanceLifecycleConfig: shape({ preFreeze: hookShape, preStop: hookShape }),
  caPort: port,
  customRuntimeConfig: shape({ command: texts, args: texts }),
  customContainerConfig: shape({
    image: text,
    command: text,
    args: text,
    accelerationType: oneOf('Default', 'None'),
    instanceID: text,
    webServerMode: flag,
  }),
  customHealthCheckConfig: healthCheck,
  ...functionSettings,
})
export const functionCreate = Type.Object({ functionName: nameOf('functionName'), ...functionUpdate.properties })

type FunctionBody = Static<typeof functionUpdate>

export function functionPatch(body: FunctionBody): FunctionPatch {
  const hooks = body.instanceLifecycleConfig
  const hookPatch = (hook: { handler?: string; timeout?: number } | undefined) => ({
    handler: hook?.handler ?? '',
    timeoutSeconds: hook?.timeout ?? HOOK_SECONDS_DEFAULT,
  })
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
    initializer: { handler: body.initializer, timeoutSeconds: body.initializationTimeout },
    preFreeze: hooks && hookPatch(hooks.preFreeze),
    preStop: hooks && hookPatch(hooks.preStop),
    setsContainer: body.customContainerConfig !== undefined,
    settings: (before) =>
      mergeSettings(before, { ...given(body, functionSettingNames), ...customSettings(before, body) }),
  }
}

/** Port, health check and start command are kept as 3.0 writes them, inside the configuration of what listens. */
function customSettings(before: JsonObject, body: FunctionBody): JsonObject {
  const container = body.customContainerConfig
  const target = container || before['customContainerConfig'] ? 'customContainerConfig' : 'customRuntimeConfig'
  const kept = before[target] as JsonObject | undefined
  const changed: JsonObject = {
    ...(body.customRuntimeConfig && target === 'customRuntimeConfig' ? body.customRuntimeConfig : {}),
    ...(container && containerConfig(container)),
    ...(body.caPort === undefined ? {} : { port: body.caPort }),
    ...(body.customHealthCheckConfig ? { healthCheckConfig: body.customHealthCheckConfig } : {}),
  }
  return Object.keys(changed).length === 0 ? {} : { [target]: { ...kept, ...changed } }
}

function containerConfig(container: NonNullable<FunctionBody['customContainerConfig']>): JsonObject {
  const { image, command, args, accelerationType, instanceID, webServerMode } = container
  const config = {
    image,
    entrypoint: command && textArray(command, 'customContainerConfig.command'),
    command: args && textArray(args, 'customContainerConfig.args'),
    accelerationType,
    acrInstanceId: instanceID,
    webServerMode,
  }
  return given(config, ['image', 'entrypoint', 'command', 'accelerationType', 'acrInstanceId', 'webServerMode'])
}

/** In 2.0 a command is a JSON array written into a string. */
function textArray(json: string, field: string): string[] {
  const value = parseJson(json, field)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new FcError('InvalidArgument', `${field} must be a JSON array of texts in a string`)
}

export function functionAnswer({
  name,
  functionId,
  createdTime,
  lastModifiedTime,
  config,
}: FunctionDocument): JsonObject {
  const { settings } = config
  const container = settings['customContainerConfig'] as JsonObject | undefined
  const custom = settings['customRuntimeConfig'] as JsonObject | undefined
  const listener = container ?? custom
  const isCustom = config.runtime.startsWith('custom')
  const layers = config.layers.length > 0 ? config.layers.map(({ arn }) => arn) : null
  return {
    functionId,
    functionName: name,
    description: config.description,
    runtime: config.runtime,
    handler: config.handler,
    timeout: config.timeoutSeconds,
    initializer: config.initializer?.handler ?? null,
    initializationTimeout: config.initializer?.timeoutSeconds ?? null,
    codeSize: config.code?.sizeBytes ?? 0,
    codeChecksum: config.code?.checksum ?? '',
    memorySize: config.memoryMB,
    cpu: config.cpu,
    diskSize: config.diskMB,
    gpuMemorySize: settings['gpuMemorySize'] ?? null,
    environmentVariables: config.environmentVariables,
    instanceConcurrency: config.instanceConcurrency,
    instanceSoftConcurrency: settings['instanceSoftConcurrency'] ?? null,
    instanceType: settings['instanceType'] ?? 'e1',
    instanceLifecycleConfig: lifecycle(config.preFreeze, config.preStop),
    caPort: listener?.['port'] ?? (isCustom ? 9000 : null),
    customRuntimeConfig: custom ? { command: custom['command'] ?? null, args: custom['args'] ?? null } : null,
    customContainerConfig: container ? containerAnswer(container) : null,
    customHealthCheckConfig: listener?.['healthCheckConfig'] ?? null,
    customDNS: settings['customDNS'] ?? null,
    layers,
    layersArnV2: layers,
    createdTime,
    lastModifiedTime,
  }
}

function lifecycle(preFreeze: Hook | null, preStop: Hook | null): JsonObject | null {
  if (!preFreeze && !preStop) return null
  const wire = (hook: Hook | null) => hook && { handler: hook.handler, timeout: hook.timeoutSeconds }
  return { preFreeze: wire(preFreeze), preStop: wire(preStop) }
}

function containerAnswer(container: JsonObject): JsonObject {
  const inString = (value: JsonValue | undefined) => (value === undefined ? null : JSON.stringify(value))
  return {
    image: container['image'] ?? null,
    command: inString(container['entrypoint']),
    args: inString(container['command']),
    accelerationType: container['accelerationType'] ?? null,
    accelerationInfo: null,
    instanceID: container['acrInstanceId'] ?? null,
    webServerMode: container['webServerMode'] ?? true,
  }
}
