/** Aliases: movable names for versions, which may split the traffic. */
import { FcError } from '../../errors.ts'
import type { Write } from '../../metadata/port.ts'
import type { AliasDocument, JsonObject, Scope } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, readScope, resourceOf, touchScope } from './commit.ts'
import { asyncConfigsUnder } from './async-configs.ts'
import type { Context } from './context.ts'
import { now } from './context.ts'
import { findAlias, findOwner, findVersion, nameOfScope } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listPage } from './list.ts'
import { mergeSettings } from './merge-settings.ts'
import { checkName } from './names.ts'
import { listScalingOfAlias, removeStored } from './scaling.ts'

export interface AliasPatch {
  versionId?: string | undefined
  description?: string | undefined
  /** Replaced whole. */
  additionalVersionWeight?: Record<string, number> | undefined
  settings?: JsonObject | undefined
}

async function patched(context: Context, alias: AliasDocument, patch: AliasPatch): Promise<AliasDocument> {
  const after: AliasDocument = {
    ...alias,
    versionId: patch.versionId ?? alias.versionId,
    description: patch.description ?? alias.description,
    additionalVersionWeight: patch.additionalVersionWeight ?? alias.additionalVersionWeight,
    settings: mergeSettings(alias.settings, patch.settings ?? {}),
  }
  const weights = Object.entries(after.additionalVersionWeight)
  if (Object.hasOwn(after.additionalVersionWeight, after.versionId)) {
    throw new FcError(
      'AdditionalVersionContainsMajorVersion',
      `additionalVersionWeight must not contain version '${after.versionId}', which the alias itself names`,
    )
  }
  if (weights.reduce((sum, [, weight]) => sum + weight, 0) > 1) {
    throw new FcError('InvalidArgument', 'additionalVersionWeight must add up to at most 1')
  }
  for (const versionId of [after.versionId, ...weights.map(([id]) => id)]) {
    await findVersion(context, alias.scope, versionId)
  }
  return after
}

export async function createAlias(
  context: Context,
  scope: Scope,
  aliasName: string,
  patch: AliasPatch,
): Promise<Resource<'alias'>> {
  checkName('aliasName', aliasName)
  const key = keyOf.alias(scope, aliasName)
  return changeDocument(context, scope, 'alias', key, async () => {
    const scopeDocument = await readScope(context, scope)
    await findOwner(context, scope)
    if (await context.metadata.read('alias', key)) {
      throw new FcError('AliasAlreadyExists', `alias '${aliasName}' already exists in ${nameOfScope(scope)}`)
    }
    const time = now(context)
    const empty: AliasDocument = {
      scope,
      aliasName,
      versionId: '',
      description: '',
      additionalVersionWeight: {},
      settings: {},
      createdTime: time,
      lastModifiedTime: time,
    }
    const value = await patched(context, empty, patch)
    return { writes: withScope([{ kind: 'alias', key, ifRevision: 0, value }], scopeDocument), result: value }
  })
}

function withScope(writes: Write[], scopeDocument: Awaited<ReturnType<typeof readScope>>): Write[] {
  return scopeDocument ? [...writes, touchScope(scopeDocument)] : writes
}

export async function getAlias(context: Context, scope: Scope, aliasName: string): Promise<Resource<'alias'>> {
  await findOwner(context, scope)
  return resourceOf('alias', await findAlias(context, scope, aliasName))
}

export async function updateAlias(
  context: Context,
  scope: Scope,
  aliasName: string,
  patch: AliasPatch,
  ifMatch: string | undefined,
): Promise<Resource<'alias'>> {
  const key = keyOf.alias(scope, aliasName)
  return changeDocument(context, scope, 'alias', key, async () => {
    // The scope is written back so that a version cannot go while the alias turns to it.
    const scopeDocument = await readScope(context, scope)
    await findOwner(context, scope)
    const stored = await findAlias(context, scope, aliasName)
    checkIfMatch(ifMatch, resourceOf('alias', stored).etag)
    const value = { ...(await patched(context, stored.value, patch)), lastModifiedTime: now(context) }
    const write: Write = { kind: 'alias', key, ifRevision: stored.revision, value }
    return { writes: withScope([write], scopeDocument), result: value }
  })
}

/** What is set about scaling under its name goes with it. */
export async function deleteAlias(
  context: Context,
  scope: Scope,
  aliasName: string,
  ifMatch: string | undefined,
): Promise<void> {
  await change(context, scope, async () => {
    // The scope is written back so that no scaling is set for the alias while it goes.
    const scopeDocument = await readScope(context, scope)
    await findOwner(context, scope)
    const stored = await findAlias(context, scope, aliasName)
    checkIfMatch(ifMatch, resourceOf('alias', stored).etag)
    const write: Write = { kind: 'alias', key: stored.key, ifRevision: stored.revision, value: null }
    const scaling = await listScalingOfAlias(context, scope, aliasName)
    const asyncConfigs = await asyncConfigsUnder(context, scope, aliasName)
    return {
      writes: withScope([write, ...scaling.map(removeStored), ...asyncConfigs], scopeDocument),
      result: undefined,
    }
  })
}

export async function listAliases(context: Context, scope: Scope, request: PageRequest): Promise<Page<AliasDocument>> {
  await findOwner(context, scope)
  const page = await listPage(context, 'alias', request, { folder: `${scope}/` })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
