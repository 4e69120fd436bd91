/** Functions: create, read, change, remove, list, switch on and off. */
import { CONTAINER_RUNTIME } from '../../container-config.ts'
import { FcError } from '../../errors.ts'
import type { Write } from '../../metadata/port.ts'
import type { FunctionConfig, FunctionDocument, FunctionKey, JsonObject } from '../../model.ts'
import { functionKey, keyOf, scopeOf, splitFunctionKey } from '../../model.ts'
import { asyncConfigsOf } from './async-configs.ts'
import type { CodeInput } from './code.ts'
import { storeCode } from './code.ts'
import type { Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, readScope, removeScope, resourceOf, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { newId, now } from './context.ts'
import { findFunction, findQualified, findService } from './find.ts'
import type { FoundPackages, FunctionPatch } from './function-config.ts'
import { newConfig, patchConfig } from './function-config.ts'
import { findLayers } from './function-layers.ts'
import { storeImage } from './image.ts'
import type { Page, PageRequest } from './list.ts'
import { isEmpty, listPage, pageOf } from './list.ts'
import { checkName } from './names.ts'
import { releaseReservation } from './reservations.ts'
import { listScalingOf, removeStored } from './scaling.ts'
import type { Tags } from './tags.ts'
import { checkTags, functionArn, readTags, removeTags, tagsMatch, writeTags } from './tags.ts'

export interface NewFunction {
  service: string | null
  name: string
  patch: FunctionPatch
  code: CodeInput | undefined
  tags?: Tags | undefined
}

/** The package is stored first, then one commit makes the function: a crash between leaves nothing that is seen. */
export async function createFunction(context: Context, input: NewFunction): Promise<Resource<'function'>> {
  const { service, name, patch, tags } = input
  checkName('functionName', name)
  if (tags) checkTags(tags)
  const key = functionKey(service, name)
  const scope = scopeOf(key)
  const initial = newConfig(service === null ? 'v3' : 'v2')
  patchConfig(initial, patch, {}, context.runtimes)
  await refuseExisting(context, key)
  const needsCode = service !== null && patch.runtime !== CONTAINER_RUNTIME
  const code = input.code ?? (needsCode ? {} : undefined)
  const found = await findPackages(context, initial, patch, code)
  return changeDocument(context, scope, 'function', key, async () => {
    const scopeDocument = await readScope(context, scope)
    await refuseExisting(context, key)
    const time = now(context)
    const value: FunctionDocument = {
      service,
      name,
      functionId: newId(context),
      createdTime: time,
      lastModifiedTime: time,
      config: patchConfig(initial, patch, found, context.runtimes),
      restriction: null,
    }
    const scopeWrite: Write =
      service !== null && scopeDocument
        ? touchScope(scopeDocument)
        : { kind: 'scope', key: keyOf.scope(scope), ifRevision: 0, value: { lastVersionId: 0 } }
    const writes: Write[] = [{ kind: 'function', key, ifRevision: 0, value }, scopeWrite]
    if (tags) writes.push(writeTags(functionArn(context, key), tags))
    return { writes, result: value }
  })
}

/** What a patch names beside the documents, its layers before its code, which takes longer. */
async function findPackages(
  context: Context,
  before: FunctionConfig,
  patch: FunctionPatch,
  code: CodeInput | undefined,
): Promise<FoundPackages> {
  const layers = patch.layers && (await findLayers(context, patch.layers, before.layers))
  const wanted = patchConfig(before, patch, { layers }, context.runtimes)
  return {
    layers,
    code: code && (await storeCode(context, code)),
    image: await storeImage(context, patch, wanted),
  }
}

async function refuseExisting(context: Context, key: FunctionKey): Promise<void> {
  const { service, name } = splitFunctionKey(key)
  if (service !== null) await findService(context, service)
  if (!(await context.metadata.read('function', keyOf.function(key)))) return
  const where = service === null ? '' : ` in service '${service}'`
  throw new FcError('FunctionAlreadyExists', `function '${name}' already exists${where}`)
}

export async function updateFunction(
  context: Context,
  key: FunctionKey,
  patch: FunctionPatch,
  codeInput: CodeInput | undefined,
  ifMatch: string | undefined,
): Promise<Resource<'function'>> {
  const before = await findFunction(context, key)
  checkIfMatch(ifMatch, resourceOf('function', before).etag)
  patchConfig(before.value.config, patch, {}, context.runtimes)
  const found = await findPackages(context, before.value.config, patch, codeInput)
  return editFunction(context, key, ifMatch, (value) => ({
    ...value,
    lastModifiedTime: now(context),
    config: patchConfig(value.config, patch, found, context.runtimes),
  }))
}

/** Refuses (`reason`) or allows (null) invocations; what is running goes on unless `abortsOngoing`. */
export async function restrictFunction(
  context: Context,
  key: FunctionKey,
  reason: string | null,
  abortsOngoing = false,
): Promise<void> {
  await editFunction(context, key, undefined, (value) => ({
    ...value,
    restriction: reason === null ? null : { reason, lastModifiedTime: now(context), abortsOngoing },
  }))
}

async function editFunction(
  context: Context,
  key: FunctionKey,
  ifMatch: string | undefined,
  edit: (value: FunctionDocument) => FunctionDocument,
): Promise<Resource<'function'>> {
  return changeDocument(context, scopeOf(key), 'function', key, async () => {
    const stored = await findFunction(context, key)
    checkIfMatch(ifMatch, resourceOf('function', stored).etag)
    const value = edit(stored.value)
    return { writes: [{ kind: 'function', key, ifRevision: stored.revision, value }], result: value }
  })
}

/**
 * Refused while triggers, or (3.0) aliases or versions exist: removing them silently would take callers by surprise;
 * and while instances are kept ready for it. What else is set about its scaling goes with it.
 */
export async function deleteFunction(context: Context, key: FunctionKey, ifMatch: string | undefined): Promise<void> {
  const { service, name } = splitFunctionKey(key)
  const scope = scopeOf(key)
  await change(context, scope, async () => {
    const scopeDocument = await readScope(context, scope)
    const stored = await findFunction(context, key)
    checkIfMatch(ifMatch, resourceOf('function', stored).etag)
    const owns = service === null
    const holds = [
      (await isEmpty(context, 'trigger', `${key}/`)) ? [] : ['triggers'],
      owns && !(await isEmpty(context, 'alias', `${scope}/`)) ? ['aliases'] : [],
      owns && !(await isEmpty(context, 'version', `${scope}/`)) ? ['versions'] : [],
    ].flat()
    if (holds.length > 0) {
      throw new FcError('FunctionNotEmpty', `function '${name}' still has ${holds.join(' and ')}; delete them first`)
    }
    const scaling = await listScalingOf(context, key)
    const provisioned = scaling.filter(({ value }) => value.provision).map(({ value }) => `'${value.qualifier}'`)
    if (provisioned.length > 0) {
      throw new FcError(
        'ProvisionConfigExist',
        `function '${name}' still has provisioned instances for qualifier ${provisioned.join(', ')}; delete them first`,
      )
    }
    const writes: Write[] = [
      { kind: 'function', key, ifRevision: stored.revision, value: null },
      removeTags(functionArn(context, key)),
      ...scaling.map(removeStored),
      { kind: 'testEvents', key: keyOf.testEvents(key), value: null },
      ...(await asyncConfigsOf(context, key)),
      ...(await releaseReservation(context, key)),
    ]
    if (scopeDocument) writes.push(owns ? removeScope(scopeDocument) : touchScope(scopeDocument))
    return { writes, result: undefined }
  })
}

/** The functions of a service, at its head or as a version froze them. */
export async function listServiceFunctions(
  context: Context,
  service: string,
  qualifier: string | undefined,
  request: PageRequest,
): Promise<Page<FunctionDocument>> {
  await findService(context, service)
  const version = await findQualified(context, `services/${service}`, qualifier)
  if (version) return pageOf(Object.values(version.value.functions), ({ name }) => name, request)
  const page = await listPage(context, 'function', request, { folder: `${service}$` })
  return { ...page, items: page.items.map((stored) => stored.value) }
}

export interface FunctionFilter {
  generation?: 'v2' | 'v3' | undefined
  runtime?: string | undefined
  /** Part of the name. */
  name?: string | undefined
  /** Part of the description. */
  description?: string | undefined
  tags?: Tags | undefined
  resourceGroupId?: string | undefined
  gpuType?: string | undefined
}

/** Functions of both generations, those of a service under `service$function`. */
export async function listFunctions(
  context: Context,
  request: PageRequest,
  filter: FunctionFilter,
): Promise<Page<FunctionDocument>> {
  const { generation, runtime, name, description, tags, resourceGroupId, gpuType } = filter
  const page = await listPage(context, 'function', request, {
    folder: '',
    keep: async ({ key, value }) =>
      (generation === undefined || (value.service === null) === (generation === 'v3')) &&
      (runtime === undefined || value.config.runtime === runtime) &&
      (name === undefined || key.includes(name)) &&
      (description === undefined || value.config.description.includes(description)) &&
      (resourceGroupId === undefined || value.config.settings['resourceGroupId'] === resourceGroupId) &&
      (gpuType === undefined ||
        (value.config.settings['gpuConfig'] as JsonObject | undefined)?.['gpuType'] === gpuType) &&
      (tags === undefined || tagsMatch(await readTags(context, functionArn(context, key)), tags)),
  })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
