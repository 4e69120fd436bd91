/** How asynchronous invocations of a function under a qualifier are retried, and where their results go. */
import { FcError } from '../../errors.ts'
import { MAX_AGE_SECONDS_DEFAULT, parseDestination, RETRIES_DEFAULT } from '../../invocations/port.ts'
import type { Stored, Write } from '../../metadata/port.ts'
import type { AsyncConfigDocument, FunctionKey, Scope } from '../../model.ts'
import { keyOf, scopeOf } from '../../model.ts'
import type { Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, readScope, resourceOf, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { now } from './context.ts'
import { findQualifiedFunction, type QualifiedFunction } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listAll, listPage } from './list.ts'

/** What is absent has its default: nothing of an earlier configuration stays. */
export interface AsyncConfigInput {
  retriesMax: number | undefined
  maxAgeSeconds: number | undefined
  isTask: boolean | undefined
  onSuccess: string | undefined
  onFailure: string | undefined
}

export async function putAsyncConfig(
  context: Context,
  key: FunctionKey,
  qualifier: string | undefined,
  input: AsyncConfigInput,
  ifMatch: string | undefined,
): Promise<Resource<'asyncConfig'>> {
  const onSuccess = destination(context, 'destinationConfig.onSuccess.destination', input.onSuccess)
  const onFailure = destination(context, 'destinationConfig.onFailure.destination', input.onFailure)
  const scope = scopeOf(key)
  const found = await findQualifiedFunction(context, key, qualifier)
  const id = keyOf.asyncConfig(key, found.qualifier)
  return changeDocument(context, scope, 'asyncConfig', id, async () => {
    // The scope is written back so that neither the function nor the qualifier goes meanwhile.
    const scopeDocument = await readScope(context, scope)
    await findQualifiedFunction(context, key, qualifier)
    const stored = await context.metadata.read('asyncConfig', id)
    checkIfMatch(ifMatch, stored ? resourceOf('asyncConfig', stored).etag : '')
    const time = now(context)
    const value: AsyncConfigDocument = {
      functionKey: key,
      qualifier: found.qualifier,
      retriesMax: input.retriesMax ?? RETRIES_DEFAULT,
      maxAgeSeconds: input.maxAgeSeconds ?? MAX_AGE_SECONDS_DEFAULT,
      isTask: input.isTask ?? false,
      onSuccess,
      onFailure,
      createdTime: stored?.value.createdTime ?? time,
      lastModifiedTime: time,
    }
    const write: Write = { kind: 'asyncConfig', key: id, ifRevision: stored?.revision ?? 0, value }
    return { writes: scopeDocument ? [write, touchScope(scopeDocument)] : [write], result: value }
  })
}

function destination(context: Context, field: string, given: string | undefined): string | null {
  if (given === undefined || given === '') return null
  const parsed = parseDestination(given, context.options)
  if (typeof parsed === 'string') throw new FcError('InvalidArgument', `${field}: ${parsed}`)
  return given
}

export async function getAsyncConfig(
  context: Context,
  key: FunctionKey,
  qualifier: string | undefined,
): Promise<Resource<'asyncConfig'>> {
  return resourceOf('asyncConfig', await findAsyncConfig(context, key, qualifier))
}

async function findAsyncConfig(
  context: Context,
  key: FunctionKey,
  qualifier: string | undefined,
): Promise<Stored<'asyncConfig'>> {
  const found = await findQualifiedFunction(context, key, qualifier)
  const stored = await context.metadata.read('asyncConfig', keyOf.asyncConfig(key, found.qualifier))
  if (!stored) throw notSet(found)
  return stored
}

function notSet({ function: { name }, qualifier }: QualifiedFunction): FcError {
  return new FcError(
    'AsyncConfigNotExists',
    `function '${name}' has no configuration of asynchronous invocation for qualifier '${qualifier}'`,
  )
}

export async function deleteAsyncConfig(
  context: Context,
  key: FunctionKey,
  qualifier: string | undefined,
  ifMatch: string | undefined,
): Promise<void> {
  await change(context, scopeOf(key), async () => {
    const stored = await findAsyncConfig(context, key, qualifier)
    checkIfMatch(ifMatch, resourceOf('asyncConfig', stored).etag)
    return { writes: [removeAsyncConfig(stored)], result: undefined }
  })
}

/** Of one function, or of all; in the order of functions and qualifiers. */
export async function listAsyncConfigs(
  context: Context,
  functionKey: FunctionKey | undefined,
  request: PageRequest,
  keep: (document: AsyncConfigDocument) => boolean = () => true,
): Promise<Page<AsyncConfigDocument>> {
  const folder = functionKey === undefined ? '' : `${functionKey}/`
  const page = await listPage(context, 'asyncConfig', request, { folder, keep: ({ value }) => keep(value) })
  return { ...page, items: page.items.map(({ value }) => value) }
}

/** To be removed with the function. */
export async function asyncConfigsOf(context: Context, key: FunctionKey): Promise<Write[]> {
  return (await listAll(context, 'asyncConfig', `${key}/`)).map(removeAsyncConfig)
}

/** To be removed with an alias or a version: of one function, or of all functions of the service. */
export async function asyncConfigsUnder(context: Context, scope: Scope, qualifier: string): Promise<Write[]> {
  const [kind, name = ''] = scope.split('/')
  const all = await listAll(context, 'asyncConfig', kind === 'services' ? `${name}$` : `${name}/`)
  return all.filter(({ value }) => value.qualifier === qualifier).map(removeAsyncConfig)
}

function removeAsyncConfig({ key, revision }: Stored<'asyncConfig'>): Write {
  return { kind: 'asyncConfig', key, ifRevision: revision, value: null }
}
