/** The operations that commands use, over both generations of the management API. */
import { type Client, path } from './client.ts'
import { isApiError } from './errors.ts'
import { type FunctionRef, functionPath, functionsPath, refKey, scopePath, versionOf } from './function-ref.ts'
import { type Json, objectsOf, textOf } from './json.ts'

const PAGE_LIMIT = 100
/** Most that one list of instances holds. */
const INSTANCES_MAX = 1000
/** More than this is not listed; a list that long needs a prefix. */
const LIST_ITEMS_MAX = 100_000

/** Every item of a paged list. */
export async function listAll(client: Client, call: Parameters<Client['json']>[0], key: string): Promise<Json[]> {
  const items: Json[] = []
  let nextToken: string | undefined
  do {
    const page = await client.json({ ...call, query: { ...call.query, limit: PAGE_LIMIT, nextToken } })
    items.push(...objectsOf(page[key]))
    nextToken = textOf(page['nextToken']) || undefined
  } while (nextToken !== undefined && items.length < LIST_ITEMS_MAX)
  return items
}

/** The value, or undefined when the platform says that it does not exist. */
export async function ifExists<Value>(promise: Promise<Value>, ...notFound: string[]): Promise<Value | undefined> {
  try {
    return await promise
  } catch (error) {
    if (notFound.some((code) => isApiError(error, code))) return undefined
    throw error
  }
}

export const getFunction = (client: Client, ref: FunctionRef, qualifier?: string) =>
  client.json({ action: 'GetFunction', apiVersion: versionOf(ref), path: functionPath(ref), query: { qualifier } })

export const findFunction = (client: Client, ref: FunctionRef) =>
  ifExists(getFunction(client, ref), 'FunctionNotFound', 'ServiceNotFound')

export const createFunction = (client: Client, ref: FunctionRef, body: Json) =>
  client.json({
    action: 'CreateFunction',
    apiVersion: versionOf(ref),
    method: 'POST',
    path: functionsPath(ref.service),
    body: { functionName: ref.name, ...body },
  })

export const updateFunction = (client: Client, ref: FunctionRef, body: Json) =>
  client.json({
    action: 'UpdateFunction',
    apiVersion: versionOf(ref),
    method: 'PUT',
    path: functionPath(ref),
    body,
  })

export const listTriggers = (client: Client, ref: FunctionRef) =>
  listAll(
    client,
    { action: 'ListTriggers', apiVersion: versionOf(ref), path: `${functionPath(ref)}/triggers` },
    'triggers',
  )

/** What runs functions of which runtime; none from a platform that does not say. */
export const listRuntimes = async (client: Client) =>
  objectsOf((await ifExists(client.json({ action: 'GetInfo', path: '/sluice/v1/info' }), 'AccessDenied'))?.['runtimes'])

/** Functions of 3.0, and with them those of 2.0 under `service$function`. */
export const listFunctions = (client: Client) =>
  listAll(client, { action: 'ListFunctions', path: '/2023-03-30/functions' }, 'functions')

export const listServices = (client: Client) =>
  listAll(client, { action: 'ListServices', apiVersion: '2021-04-06', path: '/2021-04-06/services' }, 'services')

export const listServiceFunctions = (client: Client, service: string) =>
  listAll(client, { action: 'ListFunctions', apiVersion: '2021-04-06', path: functionsPath(service) }, 'functions')

export const listDomains = (client: Client) =>
  listAll(client, { action: 'ListCustomDomains', path: '/2023-03-30/custom-domains' }, 'customDomains')

export const listAliases = (client: Client, ref: FunctionRef) =>
  listAll(client, { action: 'ListAliases', apiVersion: versionOf(ref), path: `${scopePath(ref)}/aliases` }, 'aliases')

export const listVersions = (client: Client, ref: FunctionRef) =>
  listAll(
    client,
    {
      action: ref.service === null ? 'ListFunctionVersions' : 'ListServiceVersions',
      apiVersion: versionOf(ref),
      path: `${scopePath(ref)}/versions`,
    },
    'versions',
  )

/** Deletes what is there; what is already gone is fine. Tells whether there was something. */
async function remove(client: Client, action: string, ref: FunctionRef, path: string): Promise<boolean> {
  const gone = ['FunctionNotFound', 'ServiceNotFound', 'TriggerNotFound', 'AliasNotFound', 'VersionNotFound']
  const call = client.send({ action, apiVersion: versionOf(ref), method: 'DELETE', path })
  return (await ifExists(call, ...gone, 'DomainNameNotFound')) !== undefined
}

/** Of functions of both generations: those of every version and state, or those that serve a qualifier and can do so now. */
export async function listInstances(client: Client, ref: FunctionRef, qualifier?: string): Promise<Json[]> {
  const call = {
    action: 'ListInstances',
    path: path`/2023-03-30/functions/${refKey(ref)}/instances`,
    query: { ...(qualifier === undefined ? { withAllActive: true } : { qualifier }), limit: INSTANCES_MAX },
  }
  return objectsOf((await client.json(call))['instances'])
}

const tasksPath = (ref: FunctionRef) => path`/2023-03-30/functions/${refKey(ref)}/async-tasks`

export const listTasks = (
  client: Client,
  ref: FunctionRef,
  query: { qualifier?: string; status?: string; prefix?: string },
) => listAll(client, { action: 'ListAsyncTasks', path: tasksPath(ref), query }, 'tasks')

export const getTask = (client: Client, ref: FunctionRef, taskId: string, qualifier?: string) =>
  client.json({ action: 'GetAsyncTask', path: tasksPath(ref) + path`/${taskId}`, query: { qualifier } })

export const stopTask = (client: Client, ref: FunctionRef, taskId: string, qualifier?: string) =>
  client.send({
    action: 'StopAsyncTask',
    method: 'PUT',
    path: tasksPath(ref) + path`/${taskId}/stop`,
    query: { qualifier },
  })

/** Provisioned instances, under whatever qualifier and by whichever generation they were set. */
async function removeProvisioned(client: Client, ref: FunctionRef): Promise<void> {
  const key = refKey(ref)
  const query = { functionName: key }
  const list = { action: 'ListProvisionConfigs', path: '/2023-03-30/provision-configs', query }
  for (const { functionArn } of await listAll(client, list, 'provisionConfigs')) {
    const [, qualifier = 'LATEST'] = textOf(functionArn).split(`functions/${key}/`)
    await client.send({
      action: 'DeleteProvisionConfig',
      method: 'DELETE',
      path: path`/2023-03-30/functions/${key}/provision-config`,
      query: { qualifier },
    })
  }
}

/** A function with what hangs on it: triggers, provisioned instances, and in 3.0 its aliases and versions, which go first. */
export async function removeFunction(client: Client, ref: FunctionRef): Promise<boolean> {
  await removeProvisioned(client, ref)
  for (const { triggerName } of (await ifExists(listTriggers(client, ref), 'FunctionNotFound', 'ServiceNotFound')) ??
    []) {
    await remove(client, 'DeleteTrigger', ref, `${functionPath(ref)}${path`/triggers/${textOf(triggerName)}`}`)
  }
  if (ref.service === null) await removeScope(client, ref)
  return remove(client, 'DeleteFunction', ref, functionPath(ref))
}

async function removeScope(client: Client, ref: FunctionRef): Promise<void> {
  for (const { aliasName } of (await ifExists(listAliases(client, ref), 'FunctionNotFound', 'ServiceNotFound')) ?? []) {
    await remove(client, 'DeleteAlias', ref, `${scopePath(ref)}${path`/aliases/${textOf(aliasName)}`}`)
  }
  const action = ref.service === null ? 'DeleteFunctionVersion' : 'DeleteServiceVersion'
  for (const { versionId } of (await ifExists(listVersions(client, ref), 'FunctionNotFound', 'ServiceNotFound')) ??
    []) {
    await remove(client, action, ref, `${scopePath(ref)}${path`/versions/${textOf(versionId)}`}`)
  }
}

/** A 2.0 service with all its functions, aliases and versions. */
export async function removeService(client: Client, service: string): Promise<boolean> {
  const ref = { service, name: '' }
  const functions = (await ifExists(listServiceFunctions(client, service), 'ServiceNotFound')) ?? []
  for (const { functionName } of functions) await removeFunction(client, { service, name: textOf(functionName) })
  await removeScope(client, ref)
  return remove(client, 'DeleteService', ref, path`/2021-04-06/services/${service}`)
}

export const removeDomain = (client: Client, domainName: string) =>
  remove(client, 'DeleteCustomDomain', { service: null, name: '' }, path`/2023-03-30/custom-domains/${domainName}`)

/** The newest version of each layer. */
export const listLayers = (client: Client) =>
  listAll(client, { action: 'ListLayers', path: '/2023-03-30/layers' }, 'layers')

export async function listLayerVersions(client: Client, layerName: string): Promise<Json[]> {
  const versions: Json[] = []
  let startVersion: string | undefined
  do {
    const page = await client.json({
      action: 'ListLayerVersions',
      path: path`/2023-03-30/layers/${layerName}/versions`,
      query: { limit: PAGE_LIMIT, startVersion },
    })
    versions.push(...objectsOf(page['layers']))
    startVersion = textOf(page['nextVersion']) || undefined
  } while (startVersion !== undefined && versions.length < LIST_ITEMS_MAX)
  return versions
}

export const publishLayer = (client: Client, layerName: string, body: Json) =>
  client.json({
    action: 'CreateLayerVersion',
    method: 'POST',
    path: path`/2023-03-30/layers/${layerName}/versions`,
    body,
  })

/** False when it was not there. */
export async function deleteLayerVersion(client: Client, layerName: string, version: string): Promise<boolean> {
  const call = {
    action: 'DeleteLayerVersion',
    method: 'DELETE',
    path: path`/2023-03-30/layers/${layerName}/versions/${version}`,
  } as const
  return (await ifExists(client.send(call), 'LayerNotFound', 'LayerVersionNotFound')) !== undefined
}
