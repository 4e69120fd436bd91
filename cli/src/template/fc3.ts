/** The `fc3` and `fc3-domain` components (edition 3): FC 3.0 functions with triggers, domains and settings. */
import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { defined, type Json, objectOf, objectsOf, textOf } from '../json.ts'
import { pickFields, type Props, readSetting, requiredText, warnUnknown } from './fields.ts'
import type { CodeSource, DomainPlan, FunctionPlan, Plan, SettingPlan, TriggerPlan } from './plan.ts'

const FUNCTION_FIELDS = [
  'description',
  'runtime',
  'handler',
  'memorySize',
  'cpu',
  'diskSize',
  'timeout',
  'instanceConcurrency',
  'environmentVariables',
  'role',
  'internetAccess',
  'layers',
  'logConfig',
  'vpcConfig',
  'nasConfig',
  'ossMountConfig',
  'polarFsConfig',
  'juiceFsConfig',
  'tracingConfig',
  'customRuntimeConfig',
  'customContainerConfig',
  'customDNS',
  'gpuConfig',
  'instanceLifecycleConfig',
  'resourceGroupId',
  'sessionAffinity',
  'sessionAffinityConfig',
  'instanceIsolationMode',
  'idleTimeout',
  'disableInjectCredentials',
  'disableOndemand',
  'enableLongLiving',
  'tags',
]
const OTHER_FIELDS = [
  'region',
  'functionName',
  'code',
  'triggers',
  'asyncInvokeConfig',
  'provisionConfig',
  'concurrencyConfig',
  'scalingConfig',
  'customDomain',
  'vpcBinding',
  'endpoint',
  'annotations',
]
/** What the fc3 tool fills in when the file does not say. */
const DEFAULTS = { memorySize: 512, timeout: 3, diskSize: 512, instanceConcurrency: 1, environmentVariables: {} }

/** Adds the function of a resource to the plan. `folder`: what relative paths start from. */
export function readFc3(props: Props, folder: string, plan: Plan): void {
  warnUnknown(props, [...FUNCTION_FIELDS, ...OTHER_FIELDS])
  const name = requiredText(props, 'functionName')
  const runtime = requiredText(props, 'runtime')
  if (!runtime.startsWith('custom')) requiredText(props, 'handler')
  const code = readCode(props, folder)
  if (code.kind === 'none' && runtime !== 'custom-container') throw usageError(`${props.place}.code is missing`)
  const planned: FunctionPlan = {
    ref: parseFunctionRef(name),
    build: props.build,
    config: { ...DEFAULTS, ...pickFields(props, FUNCTION_FIELDS) },
    code,
    triggers: objectsOf(props.values['triggers']).map((trigger, i) =>
      readTrigger(trigger, `${props.place}.triggers[${i}]`),
    ),
    settings: readSettings(props),
  }
  plan.functions.push(planned)
  const domain = objectOf(props.values['customDomain'])
  if (Object.keys(domain).length > 0) plan.domains.push(...readOwnDomain(domain, name, props))
}

function readSettings(props: Props): SettingPlan[] {
  const settings = [
    ...readSetting(props, 'asyncInvokeConfig', { action: 'PutAsyncInvokeConfig', element: 'async-invoke-config' }),
    ...readSetting(props, 'concurrencyConfig', {
      action: 'PutConcurrencyConfig',
      element: 'concurrency',
      hasQualifier: false,
    }),
  ]
  const provision = readSetting(props, 'provisionConfig', {
    action: 'PutProvisionConfig',
    element: 'provision-config',
  })
  const scaling = readSetting(props, 'scalingConfig', { action: 'PutScalingConfig', element: 'scaling-config' })
  if (provision[0] && provision[0].qualifier === scaling[0]?.qualifier) {
    props.warnings.push(
      `${props.place}: provisionConfig and scalingConfig set the same instances; scalingConfig, put last, decides`,
    )
  }
  return [...settings, ...provision, ...scaling]
}

function readCode(props: Props, folder: string): CodeSource {
  const { code } = props.values
  if (typeof code === 'string' && code !== '') return { kind: 'path', path: resolve(folder, code) }
  const { src, ossBucketName, ossObjectName } = objectOf(code)
  if (typeof src === 'string') return { kind: 'path', path: resolve(folder, src) }
  if (typeof ossBucketName === 'string' && typeof ossObjectName === 'string') {
    return { kind: 'object', ossBucketName, ossObjectName }
  }
  return { kind: 'none' }
}

function readTrigger(trigger: Json, place: string): TriggerPlan {
  const props = { place, values: trigger, build: [], warnings: [] }
  const { description, qualifier, sourceArn, invocationRole } = trigger
  return {
    triggerName: requiredText(props, 'triggerName'),
    triggerType: requiredText(props, 'triggerType'),
    triggerConfig: objectOf(trigger['triggerConfig']),
    more: defined({ description, qualifier, sourceArn, invocationRole }),
  }
}

/** `customDomain` of a function: one route, to that function. */
function readOwnDomain(domain: Json, functionName: string, props: Props): DomainPlan[] {
  const { domainName, route, ...rest } = domain
  if (isAuto(domainName, `${props.place}.customDomain`, props.warnings)) return []
  return [
    {
      domainName: textOf(domainName),
      config: {
        protocol: 'HTTP',
        ...rest,
        routeConfig: { routes: [{ path: '/*', ...objectOf(route), functionName }] },
      },
    },
  ]
}

/** The `fc3-domain` component. */
export function readFc3Domain(props: Props, plan: Plan): void {
  const { domainName, region: _region, ...config } = props.values
  if (isAuto(domainName, props.place, props.warnings)) return
  plan.domains.push({ domainName: requiredText(props, 'domainName'), config: { protocol: 'HTTP', ...config } })
}

export function isAuto(domainName: unknown, place: string, warnings: string[]): boolean {
  if (!/^auto$/i.test(textOf(domainName))) return false
  warnings.push(
    `${place}.domainName: 'auto' asks for a domain of the cloud; the HTTP trigger has a host name of its own`,
  )
  return true
}
