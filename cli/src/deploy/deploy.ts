/** Makes the platform match a plan: services, functions, triggers, settings, domains, in that order. */
import { createFunction, findFunction, ifExists, listTriggers, updateFunction } from '../api.ts'
import { type Client, path } from '../client.ts'
import { crc64 } from '../crc64.ts'
import { isApiError } from '../errors.ts'
import { type FunctionRef, functionPath, showRef, versionOf } from '../function-ref.ts'
import { defined, type Json, objectOf, parseObject, textOf } from '../json.ts'
import type { DomainPlan, FunctionPlan, Plan, ServicePlan, TriggerPlan } from '../template/plan.ts'
import { packCode } from '../zip.ts'
import { hasFields } from './same.ts'

export type Action = 'created' | 'updated' | 'unchanged'

export interface DeployedFunction {
  /** `function` or `service/function`. */
  name: string
  action: Action
  codeUploaded: boolean
  /** Of the zip; null when no code was packed. */
  codeBytes: number | null
  runtime: string
  memoryMB: number
  triggers: { name: string; type: string; action: Action; url: string | null }[]
}

export interface Deployed {
  functions: DeployedFunction[]
  services: { name: string; action: Action }[]
  domains: { name: string; action: Action; protocol: string }[]
  warnings: string[]
}

/** Says what is being done, for a progress line. */
export type OnProgress = (text: string) => void

export async function deploy(client: Client, plan: Plan, onProgress: OnProgress): Promise<Deployed> {
  const deployed: Deployed = { functions: [], services: [], domains: [], warnings: [...plan.warnings] }
  for (const service of plan.services) {
    onProgress(`service ${service.name}`)
    deployed.services.push({ name: service.name, action: await deployService(client, service) })
  }
  for (const planned of plan.functions) {
    deployed.functions.push(await deployFunction(client, planned, onProgress, deployed.warnings))
  }
  for (const domain of plan.domains) {
    onProgress(`domain ${domain.domainName}`)
    const action = await deployDomain(client, domain)
    deployed.domains.push({ name: domain.domainName, action, protocol: textOf(domain.config['protocol']) })
  }
  return deployed
}

async function deployService(client: Client, { name, config }: ServicePlan): Promise<Action> {
  const call = { apiVersion: '2021-04-06', path: path`/2021-04-06/services/${name}` } as const
  const actual = await ifExists(client.json({ ...call, action: 'GetService' }), 'ServiceNotFound')
  if (actual && hasFields(config, actual)) return 'unchanged'
  if (actual) {
    await client.json({ ...call, action: 'UpdateService', method: 'PUT', body: config })
    return 'updated'
  }
  await client.json({
    action: 'CreateService',
    apiVersion: '2021-04-06',
    method: 'POST',
    path: '/2021-04-06/services',
    body: { serviceName: name, ...config },
  })
  return 'created'
}

async function deployFunction(
  client: Client,
  planned: FunctionPlan,
  onProgress: OnProgress,
  warnings: string[],
): Promise<DeployedFunction> {
  const name = showRef(planned.ref)
  onProgress(`${name}: packing the code`)
  const [zip, actual] = await Promise.all([
    planned.code.kind === 'path' ? packCode(planned.code.path) : null,
    findFunction(client, planned.ref),
  ])
  const checksum = zip && crc64(zip)
  const codeUploaded = zip !== null && actual?.['codeChecksum'] !== checksum
  const code = codeUploaded
    ? { zipFile: zip.toString('base64'), checksum }
    : planned.code.kind === 'object'
      ? { ossBucketName: planned.code.ossBucketName, ossObjectName: planned.code.ossObjectName }
      : undefined
  const body = defined({ ...planned.config, code })
  // The name of an image may mean another image by now: setting it again lets the platform look.
  const mayHaveMoved = code !== undefined || planned.config['runtime'] === 'custom-container'
  const isCurrent = actual !== undefined && !mayHaveMoved && hasFields(planned.config, actual)
  const write = actual ? updateFunction : createFunction
  if (!isCurrent) onProgress(`${name}: ${codeUploaded ? 'uploading the code' : 'changing its settings'}`)
  const result = isCurrent ? actual : await write(client, planned.ref, body)

  const triggers = await deployTriggers(client, planned, actual !== undefined, onProgress, warnings)
  await deploySettings(client, planned, warnings)
  return {
    name,
    action: isCurrent ? 'unchanged' : actual ? 'updated' : 'created',
    codeUploaded,
    codeBytes: zip && zip.length,
    runtime: textOf(result['runtime']),
    memoryMB: Number(result['memorySize']),
    triggers,
  }
}

async function deployTriggers(
  client: Client,
  { ref, triggers }: FunctionPlan,
  mayExist: boolean,
  onProgress: OnProgress,
  warnings: string[],
): Promise<DeployedFunction['triggers']> {
  const existing = mayExist ? await listTriggers(client, ref) : []
  const deployed: DeployedFunction['triggers'] = []
  for (const trigger of triggers) {
    onProgress(`${showRef(ref)}: trigger ${trigger.triggerName}`)
    const actual = existing.find(({ triggerName }) => triggerName === trigger.triggerName)
    const { action, document } = await deployTrigger(client, ref, trigger, actual)
    deployed.push({ name: trigger.triggerName, type: trigger.triggerType, action, url: triggerUrl(document) })
  }
  for (const { triggerName, triggerType } of existing) {
    if (triggers.some((trigger) => trigger.triggerName === triggerName)) continue
    const kind = `${textOf(triggerType)} trigger ${textOf(triggerName)}`
    warnings.push(`${showRef(ref)} also has the ${kind}, which is not part of this deployment`)
  }
  return deployed
}

/** Where an HTTP trigger answers; null for other types. */
export function triggerUrl(trigger: Json): string | null {
  return textOf(objectOf(trigger['httpTrigger'])['urlInternet']) || textOf(trigger['urlInternet']) || null
}

async function deployTrigger(
  client: Client,
  ref: FunctionRef,
  trigger: TriggerPlan,
  existing: Json | undefined,
): Promise<{ action: Action; document: Json }> {
  const triggersPath = `${functionPath(ref)}/triggers`
  const call = { apiVersion: versionOf(ref), path: `${triggersPath}${path`/${trigger.triggerName}`}` }
  const body = { ...trigger.more, triggerConfig: JSON.stringify(trigger.triggerConfig) }
  const isSameType = existing?.['triggerType'] === trigger.triggerType
  if (existing && isSameType) {
    const actualConfig = parseObject(textOf(existing['triggerConfig']))
    if (hasFields(trigger.triggerConfig, actualConfig) && hasFields(trigger.more, existing)) {
      return { action: 'unchanged', document: existing }
    }
    const document = await client.json({ ...call, action: 'UpdateTrigger', method: 'PUT', body })
    return { action: 'updated', document }
  }
  // The type of a trigger cannot be changed: it is made anew.
  if (existing) await client.send({ ...call, action: 'DeleteTrigger', method: 'DELETE' })
  const document = await client.json({
    action: 'CreateTrigger',
    apiVersion: versionOf(ref),
    method: 'POST',
    path: triggersPath,
    body: { triggerName: trigger.triggerName, triggerType: trigger.triggerType, ...body },
  })
  return { action: existing ? 'updated' : 'created', document }
}

async function deploySettings(client: Client, planned: FunctionPlan, warnings: string[]): Promise<void> {
  for (const { action, element, qualifier, body } of planned.settings) {
    try {
      await client.json({
        action,
        apiVersion: versionOf(planned.ref),
        method: 'PUT',
        path: `${functionPath(planned.ref)}/${element}`,
        query: { qualifier: qualifier ?? undefined },
        body,
      })
    } catch (error) {
      if (!isApiError(error, 'NotImplemented')) throw error
      warnings.push(`${showRef(planned.ref)}: this platform does not offer ${element} yet; left out`)
    }
  }
}

async function deployDomain(client: Client, { domainName, config }: DomainPlan): Promise<Action> {
  const call = { path: path`/2023-03-30/custom-domains/${domainName}` }
  const actual = await ifExists(client.json({ ...call, action: 'GetCustomDomain' }), 'DomainNameNotFound')
  if (actual && hasFields(config, actual)) return 'unchanged'
  if (actual) {
    await client.json({ ...call, action: 'UpdateCustomDomain', method: 'PUT', body: config })
    return 'updated'
  }
  await client.json({
    action: 'CreateCustomDomain',
    method: 'POST',
    path: '/2023-03-30/custom-domains',
    body: { domainName, ...config },
  })
  return 'created'
}
