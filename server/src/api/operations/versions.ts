/** Versions: what a service (2.0) or function (3.0) was when it was published. Ids count up and are never used twice. */
import { isDeepStrictEqual } from 'node:util'
import { FcError } from '../../errors.ts'
import type { Stored, Write } from '../../metadata/port.ts'
import type { FunctionDocument, Scope, ServiceDocument, VersionDocument } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { Resource } from './commit.ts'
import { change, checkIfMatch, etagOf, readScope, touchScope } from './commit.ts'
import { asyncConfigsUnder } from './async-configs.ts'
import type { Context } from './context.ts'
import { now } from './context.ts'
import { findFunction, findOwner, findService, findVersion, nameOfScope } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listAll, listPage } from './list.ts'

type Snapshot = Pick<VersionDocument, 'service' | 'functions'>

export async function publishVersion(
  context: Context,
  scope: Scope,
  description: string,
  ifMatch: string | undefined,
): Promise<Resource<'version'>> {
  let key = ''
  const { result, revision } = await change(context, scope, async () => {
    const scopeDocument = await readScope(context, scope)
    const owner = await findOwner(context, scope)
    checkIfMatch(ifMatch, etagOf(scope.startsWith('services/') ? 'service' : 'function', owner.key, owner.revision))
    const snapshot = await takeSnapshot(context, scope)
    const [newest] = await context.metadata.list('version', { prefix: `${scope}/`, descending: true, limit: 1 })
    if (newest && sameContent(newest.value, snapshot)) {
      throw new FcError(
        'VersionPublishError',
        `nothing has changed in ${nameOfScope(scope)} since version ${newest.value.versionId}`,
      )
    }
    const number = (scopeDocument?.value.lastVersionId ?? 0) + 1
    const time = now(context)
    const value: VersionDocument = {
      scope,
      versionId: String(number),
      description,
      createdTime: time,
      lastModifiedTime: time,
      ...snapshot,
    }
    key = keyOf.version(scope, value.versionId)
    return {
      writes: [{ kind: 'version', key, ifRevision: 0, value }, countVersion(scope, scopeDocument, number)],
      result: value,
    }
  })
  return { value: result, etag: etagOf('version', key, revision) }
}

/** An owner that was written by other means than this API gets its scope document now. */
function countVersion(scope: Scope, scopeDocument: Stored<'scope'> | undefined, lastVersionId: number): Write {
  if (scopeDocument) return touchScope(scopeDocument, lastVersionId)
  return { kind: 'scope', key: keyOf.scope(scope), ifRevision: 0, value: { lastVersionId } }
}

async function takeSnapshot(context: Context, scope: Scope): Promise<Snapshot> {
  const name = scope.slice(scope.indexOf('/') + 1)
  if (scope.startsWith('functions/')) {
    const { value } = await findFunction(context, name)
    return { service: null, functions: { [name]: value } }
  }
  const service = await findService(context, name)
  const functions = await listAll(context, 'function', `${name}$`)
  return {
    service: service.value,
    functions: Object.fromEntries(functions.map(({ value }) => [value.name, value])),
  }
}

function sameContent(left: Snapshot, right: Snapshot): boolean {
  const content = (snapshot: Snapshot) => ({
    service: snapshot.service && configOf(snapshot.service),
    functions: Object.fromEntries(Object.entries(snapshot.functions).map(([name, value]) => [name, configOf(value)])),
  })
  return isDeepStrictEqual(content(left), content(right))
}

function configOf(document: ServiceDocument | FunctionDocument) {
  return document.config
}

export async function deleteVersion(
  context: Context,
  scope: Scope,
  versionId: string,
  ifMatch: string | undefined,
): Promise<void> {
  await change(context, scope, async () => {
    const scopeDocument = await readScope(context, scope)
    await findOwner(context, scope)
    const stored = await findVersion(context, scope, versionId)
    checkIfMatch(ifMatch, etagOf('version', stored.key, stored.revision))
    const aliases = (await listAll(context, 'alias', `${scope}/`))
      .filter(({ value }) => value.versionId === versionId || Object.hasOwn(value.additionalVersionWeight, versionId))
      .map(({ value }) => `'${value.aliasName}'`)
    if (aliases.length > 0) {
      throw new FcError(
        'InvalidArgument',
        `version '${versionId}' is used by alias ${aliases.join(', ')}; change or delete the alias first`,
      )
    }
    return {
      writes: [
        { kind: 'version', key: stored.key, ifRevision: stored.revision, value: null },
        ...(await asyncConfigsUnder(context, scope, versionId)),
        ...(scopeDocument ? [touchScope(scopeDocument)] : []),
      ],
      result: undefined,
    }
  })
}

export type Direction = 'FORWARD' | 'BACKWARD'

/** Newest first (`BACKWARD`) unless asked otherwise. */
export async function listVersions(
  context: Context,
  scope: Scope,
  request: PageRequest,
  direction: Direction,
): Promise<Page<VersionDocument>> {
  await findOwner(context, scope)
  const { startKey, ...rest } = request
  if (startKey !== undefined && !/^\d{1,10}$/.test(startKey)) {
    throw new FcError('InvalidArgument', 'startKey must be a version id, such as 1')
  }
  const descending = direction === 'BACKWARD'
  const first = startKey === undefined ? undefined : Number(startKey)
  const page = await listPage(
    context,
    'version',
    { ...rest, ...(first === undefined || descending ? {} : { startKey: String(first).padStart(10, '0') }) },
    {
      folder: `${scope}/`,
      descending,
      keep: ({ value }) => !descending || first === undefined || Number(value.versionId) <= first,
    },
  )
  return { ...page, items: page.items.map((stored) => stored.value) }
}
