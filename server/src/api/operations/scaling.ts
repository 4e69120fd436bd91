/**
 * What is set about the number of instances of a function under a qualifier: kept ready (provision-config of both
 * generations, scaling-config of 3.0), and started by requests (on-demand-config of 2.0, scaling-config).
 */
import { FcError } from '../../errors.ts'
import type { Stored, Write } from '../../metadata/port.ts'
import type { FunctionKey, JsonObject, ProvisionSettings, ScalingDocument, Scope } from '../../model.ts'
import { keyOf, LATEST, scopeOf, splitFunctionKey } from '../../model.ts'
import { change, checkIfMatch, etagOf, readScope, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { findAlias, findFunction } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listAll, listPage } from './list.ts'

export interface Scaling {
  /** As it is, or would be if anything was set. */
  document: ScalingDocument
  etag: string
}

/** Instances are kept ready for what moves with the code: a published version has no target of its own. */
async function findScalable(context: Context, key: FunctionKey, qualifier: string): Promise<void> {
  await findFunction(context, key)
  if (qualifier === LATEST) return
  if (/^\d+$/.test(qualifier)) {
    throw new FcError(
      'InvalidArgument',
      `qualifier must be ${LATEST} or an alias, not version '${qualifier}'; make an alias for it`,
    )
  }
  await findAlias(context, scopeOf(key), qualifier)
}

const unset = (functionKey: FunctionKey, qualifier: string): ScalingDocument => ({
  functionKey,
  qualifier,
  provision: null,
  onDemandMax: null,
  settings: {},
})

function isEmpty({ provision, onDemandMax, settings }: ScalingDocument): boolean {
  return provision === null && onDemandMax === null && Object.keys(settings).length === 0
}

/** Whether anything is set that scaling-config can say. */
export function isScalingSet({ provision, onDemandMax, settings }: ScalingDocument): boolean {
  return provision !== null || onDemandMax === 0 || Object.keys(settings).length > 0
}

function scalingOf(document: ScalingDocument, revision: number): Scaling {
  const key = keyOf.scaling(document.functionKey, document.qualifier)
  return { document, etag: etagOf('scaling', key, revision) }
}

export async function getScaling(context: Context, key: FunctionKey, qualifier: string): Promise<Scaling> {
  await findScalable(context, key, qualifier)
  const stored = await context.metadata.read('scaling', keyOf.scaling(key, qualifier))
  return scalingOf(stored?.value ?? unset(key, qualifier), stored?.revision ?? 0)
}

/** A document that says nothing any more goes. */
async function editScaling(
  context: Context,
  functionKey: FunctionKey,
  qualifier: string,
  ifMatch: string | undefined,
  edit: (document: ScalingDocument) => ScalingDocument,
): Promise<Scaling> {
  const scope = scopeOf(functionKey)
  const key = keyOf.scaling(functionKey, qualifier)
  const { result, revision } = await change(context, scope, async () => {
    // The scope is written back so that neither the function nor the alias goes meanwhile.
    const scopeDocument = await readScope(context, scope)
    await findScalable(context, functionKey, qualifier)
    const stored = await context.metadata.read('scaling', key)
    checkIfMatch(ifMatch, stored ? etagOf('scaling', key, stored.revision) : '')
    const after = edit(stored?.value ?? unset(functionKey, qualifier))
    const value = isEmpty(after) ? null : after
    const writes: Write[] = [{ kind: 'scaling', key, ifRevision: stored?.revision ?? 0, value }]
    return { writes: scopeDocument ? [...writes, touchScope(scopeDocument)] : writes, result: after }
  })
  return scalingOf(result, revision)
}

/** Keeping nothing ready is the same as not being set. */
function provisionOrNull(settings: ProvisionSettings): ProvisionSettings | null {
  const { target, scheduled, tracking } = settings
  return target === 0 && scheduled.length === 0 && tracking.length === 0 ? null : settings
}

export function putProvision(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  settings: ProvisionSettings,
  ifMatch: string | undefined,
): Promise<Scaling> {
  return editScaling(context, key, qualifier, ifMatch, (document) => ({
    ...document,
    provision: provisionOrNull(settings),
  }))
}

export function putOnDemand(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  onDemandMax: number,
  ifMatch: string | undefined,
): Promise<Scaling> {
  return editScaling(context, key, qualifier, ifMatch, (document) => ({ ...document, onDemandMax }))
}

export interface ScalingInput {
  /** Without the CPU and GPU switches, which scaling-config does not know: they stay as they are. */
  provision: Pick<ProvisionSettings, 'target' | 'scheduled' | 'tracking'>
  isOnDemandOn: boolean
  settings: JsonObject
}

/** A limit of on-demand instances other than 0 is beyond what scaling-config can say, and stays. */
export function putScaling(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  { provision, isOnDemandOn, settings }: ScalingInput,
  ifMatch: string | undefined,
): Promise<Scaling> {
  return editScaling(context, key, qualifier, ifMatch, (document) => ({
    ...document,
    provision: provisionOrNull({
      alwaysAllocateCpu: document.provision?.alwaysAllocateCpu ?? false,
      alwaysAllocateGpu: document.provision?.alwaysAllocateGpu ?? false,
      ...provision,
    }),
    onDemandMax: isOnDemandOn ? document.onDemandMax || null : 0,
    settings,
  }))
}

/** Takes away what is set; no error when nothing is, for there is always a target: 0. */
export async function deleteProvision(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  ifMatch: string | undefined,
): Promise<void> {
  await editScaling(context, key, qualifier, ifMatch, (document) => ({ ...document, provision: null }))
}

export async function deleteScaling(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  ifMatch: string | undefined,
): Promise<void> {
  await editScaling(context, key, qualifier, ifMatch, (document) => ({
    ...document,
    provision: null,
    onDemandMax: document.onDemandMax || null,
    settings: {},
  }))
}

export async function getOnDemand(context: Context, key: FunctionKey, qualifier: string): Promise<Scaling> {
  const scaling = await getScaling(context, key, qualifier)
  requireOnDemand(scaling.document)
  return scaling
}

export async function deleteOnDemand(
  context: Context,
  key: FunctionKey,
  qualifier: string,
  ifMatch: string | undefined,
): Promise<void> {
  await editScaling(context, key, qualifier, ifMatch, (document) => {
    requireOnDemand(document)
    return { ...document, onDemandMax: null }
  })
}

function requireOnDemand({ functionKey, qualifier, onDemandMax }: ScalingDocument): void {
  if (onDemandMax !== null) return
  const { name } = splitFunctionKey(functionKey)
  throw new FcError(
    'OnDemandConfigNotFound',
    `function '${name}' has no limit of on-demand instances for qualifier '${qualifier}'`,
  )
}

/** In the order of their resources: `functions/{f}/{qualifier}`, `services/{s}.{qualifier}/functions/{f}`. */
export async function listScaling(
  context: Context,
  request: PageRequest,
  keep: (document: ScalingDocument) => boolean,
): Promise<Page<ScalingDocument>> {
  const page = await listPage(context, 'scaling', request, { folder: '', keep: ({ value }) => keep(value) })
  return { ...page, items: page.items.map((stored) => stored.value) }
}

/** Everything that is set about one function. */
export async function listScalingOf(context: Context, key: FunctionKey): Promise<Stored<'scaling'>[]> {
  const { service, name } = splitFunctionKey(key)
  const folder = service === null ? `functions/${name}/` : `services/${service}.`
  return (await listAll(context, 'scaling', folder)).filter(({ value }) => value.functionKey === key)
}

/** Everything that is set under an alias: of one function, or of all functions of the service. */
export async function listScalingOfAlias(
  context: Context,
  scope: Scope,
  aliasName: string,
): Promise<Stored<'scaling'>[]> {
  if (scope.startsWith('services/')) return listAll(context, 'scaling', `${scope}.${aliasName}/`)
  return (await listAll(context, 'scaling', `${scope}/`)).filter(({ value }) => value.qualifier === aliasName)
}

export function removeStored({ key, revision }: Stored<'scaling'>): Write {
  return { kind: 'scaling', key, ifRevision: revision, value: null }
}
