/** The `fc` component (edition 1): an FC 2.0 service with one function, its triggers and domains. */
import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { defined, isObject, type Json, listOf, objectOf, objectsOf, textOf } from '../json.ts'
import { isAuto } from './fc3.ts'
import { pickFields, type Props, readSetting, requiredText, warnUnknown } from './fields.ts'
import type { CodeSource, Plan, SettingPlan, TriggerPlan } from './plan.ts'

const SERVICE_FIELDS = ['description', 'internetAccess', 'role', 'logConfig', 'vpcConfig', 'ossMountConfig']
const FUNCTION_FIELDS = [
  'description',
  'runtime',
  'handler',
  'memorySize',
  'timeout',
  'caPort',
  'cpu',
  'diskSize',
  'initializer',
  'initializationTimeout',
  'instanceConcurrency',
  'instanceSoftConcurrency',
  'instanceType',
  'gpuMemorySize',
  'layers',
  'environmentVariables',
  'customContainerConfig',
  'customRuntimeConfig',
  'customHealthCheckConfig',
  'instanceLifecycleConfig',
  'customDNS',
]
const OTHER_FIELDS = [
  'name',
  'codeUri',
  'ossBucket',
  'ossKey',
  'asyncConfiguration',
  'provisionConfig',
  'onDemandConfig',
]

/** Adds service, function and domains of an edition 1 resource to the plan. */
export function readFc1(props: Props, folder: string, plan: Plan): void {
  warnUnknown(props, ['region', 'service', 'function', 'triggers', 'customDomains'])
  const part = (name: string): Props => ({
    place: `${props.place}.${name}`,
    values: objectOf(props.values[name]),
    build: props.build,
    warnings: props.warnings,
  })
  const service = requiredText(part('service'), 'name')
  if (!plan.services.some(({ name }) => name === service)) {
    plan.services.push({ name: service, config: readService(part('service')) })
  }
  if (isObject(props.values['function'])) readFunction(part('function'), service, folder, props, plan)
  for (const [i, domain] of objectsOf(props.values['customDomains']).entries()) {
    readDomain(domain, `${props.place}.customDomains[${i}]`, service, props, plan)
  }
}

function readService(props: Props): Json {
  warnUnknown(props, [...SERVICE_FIELDS, 'name', 'tracingConfig', 'nasConfig', 'vpcBinding'])
  const config = pickFields(props, SERVICE_FIELDS)
  if (isObject(config['role'])) {
    props.warnings.push(`${props.place}.role: roles are not made here; name an existing one, or leave it out`)
    delete config['role']
  }
  const { tracingConfig } = props.values
  if (isObject(tracingConfig)) config['tracingConfig'] = tracingConfig
  else if (textOf(tracingConfig).toLowerCase() === 'enable') {
    props.warnings.push(`${props.place}.tracingConfig: give {type, params}; there is no collector to choose by itself`)
  }
  const nas = props.values['nasConfig']
  if (isObject(nas)) config['nasConfig'] = readNas(nas)
  return config
}

function readNas(nas: Json): Json {
  const mountPoints = objectsOf(nas['mountPoints']).map(({ serverAddr, nasDir, fcDir, enableTLS }) =>
    defined({ serverAddr: `${textOf(serverAddr)}:${textOf(nasDir) || '/'}`, mountDir: fcDir, enableTLS }),
  )
  return { userId: nas['userId'] ?? 10_003, groupId: nas['groupId'] ?? 10_003, mountPoints }
}

function readFunction(props: Props, service: string, folder: string, resource: Props, plan: Plan): void {
  warnUnknown(props, [...FUNCTION_FIELDS, ...OTHER_FIELDS])
  const name = requiredText(props, 'name')
  const runtime = requiredText(props, 'runtime')
  const code = readCode(props.values, folder)
  if (code.kind === 'none' && runtime !== 'custom-container') throw usageError(`${props.place}.codeUri is missing`)
  plan.functions.push({
    ref: parseFunctionRef(`${service}/${name}`),
    build: props.build,
    config: { environmentVariables: {}, ...pickFields(props, FUNCTION_FIELDS) },
    code,
    triggers: objectsOf(resource.values['triggers']).map((trigger, i) =>
      readTrigger(trigger, `${resource.place}.triggers[${i}]`),
    ),
    settings: readSettings(props),
  })
}

/** `provisionConfig` and `onDemandConfig` are no fields of the vendor's tool, which has commands for them. */
function readSettings(props: Props): SettingPlan[] {
  const { asyncConfiguration } = props.values
  const asyncProps = isObject(asyncConfiguration)
    ? { ...props, values: { async: readAsync(asyncConfiguration) } }
    : props
  return [
    ...readSetting(asyncProps, 'async', { action: 'PutFunctionAsyncInvokeConfig', element: 'async-invoke-config' }),
    ...readSetting(props, 'provisionConfig', { action: 'PutProvisionConfig', element: 'provision-config' }),
    ...readSetting(props, 'onDemandConfig', { action: 'PutFunctionOnDemandConfig', element: 'on-demand-config' }),
  ]
}

function readCode({ codeUri, ossBucket, ossKey }: Json, folder: string): CodeSource {
  if (typeof ossBucket === 'string' && typeof ossKey === 'string') {
    return { kind: 'object', ossBucketName: ossBucket, ossObjectName: ossKey }
  }
  return typeof codeUri === 'string' ? { kind: 'path', path: resolve(folder, codeUri) } : { kind: 'none' }
}

function readTrigger(trigger: Json, place: string): TriggerPlan {
  const props = { place, values: trigger, build: [], warnings: [] }
  const { description, qualifier, sourceArn, role } = trigger
  return {
    triggerName: requiredText(props, 'name'),
    triggerType: requiredText(props, 'type'),
    triggerConfig: objectOf(trigger['config']),
    more: defined({ description, qualifier, sourceArn, invocationRole: role }),
  }
}

function readAsync(given: Json): Json {
  const { destination, ...rest } = given
  const { onSuccess, onFailure } = objectOf(destination)
  const toDestination = (arn: unknown) => (arn === undefined ? undefined : { destination: arn })
  if (destination === undefined) return rest
  return {
    ...rest,
    destinationConfig: defined({ onSuccess: toDestination(onSuccess), onFailure: toDestination(onFailure) }),
  }
}

function readDomain(domain: Json, place: string, service: string, resource: Props, plan: Plan): void {
  const { domainName, routeConfigs, ...rest } = domain
  if (isAuto(domainName, place, resource.warnings)) return
  const ownFunction = textOf(objectOf(resource.values['function'])['name'])
  const routes = listOf(routeConfigs).map((value) => {
    const { serviceName, functionName, ...route } = objectOf(value)
    return { ...route, functionName: `${textOf(serviceName) || service}$${textOf(functionName) || ownFunction}` }
  })
  plan.domains.push({
    domainName: requiredText({ place, values: domain, build: [], warnings: [] }, 'domainName'),
    config: { protocol: 'HTTP', ...rest, routeConfig: { routes } },
  })
}
