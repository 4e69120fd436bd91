/** Tags on services and functions. */
import { FcError } from '../../errors.ts'
import type { Stored, Write } from '../../metadata/port.ts'
import type { TagDocument } from '../../model.ts'
import { functionKey, keyOf, scopeOf, splitFunctionKey } from '../../model.ts'
import { change, readScope, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { arnOf } from './context.ts'
import { findFunction, findService } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listPage } from './list.ts'

export type Tags = Record<string, string>

export const TAGS_PER_CALL_MAX = 20
export const UNTAG_KEYS_MAX = 50
const TAGS_PER_RESOURCE_MAX = 20
const TAG_KEY_CHARACTERS_MAX = 64
const TAG_VALUE_CHARACTERS_MAX = 128

export function checkTags(tags: Readonly<Tags>): void {
  const entries = Object.entries(tags)
  if (entries.length > TAGS_PER_CALL_MAX) {
    throw new FcError('InvalidArgument', `tags must be at most ${TAGS_PER_CALL_MAX} in a call`)
  }
  for (const [key, value] of entries) {
    const reserved = /^(aliyun|acs:)/i.test(key) || /https?:\/\//i.test(key)
    if (key === '' || key.length > TAG_KEY_CHARACTERS_MAX || reserved) {
      throw new FcError(
        'InvalidArgument',
        `tag keys must be 1 to ${TAG_KEY_CHARACTERS_MAX} characters, not beginning with aliyun or acs: ` +
          'and without http:// or https://',
      )
    }
    if (value.length > TAG_VALUE_CHARACTERS_MAX) {
      throw new FcError('InvalidArgument', `tag values must be at most ${TAG_VALUE_CHARACTERS_MAX} characters`)
    }
  }
}

export async function readTags(context: Context, arn: string): Promise<Tags> {
  return (await context.metadata.read('tag', keyOf.tag(arn)))?.value.tags ?? {}
}

export function tagsMatch(tags: Readonly<Tags>, wanted: Readonly<Tags>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(tags, key) && tags[key] === value)
}

export function writeTags(arn: string, tags: Tags): Write {
  const value: TagDocument = { resourceArn: arn, tags }
  return { kind: 'tag', key: keyOf.tag(arn), value: Object.keys(tags).length === 0 ? null : value }
}

export function removeTags(arn: string): Write {
  return { kind: 'tag', key: keyOf.tag(arn), value: null }
}

/** ARN of a function, as tags and answers name it. */
export function functionArn(context: Context, key: string): string {
  const { service, name } = splitFunctionKey(key)
  return arnOf(context, service === null ? `functions/${name}` : `services/${service}/functions/${name}`)
}

/**
 * The full ARN and the scope of what a caller names: a full ARN, its last part (`services/a`, `functions/f`), and
 * for functions their bare name (`f`, `a$f`). Throws when it does not exist.
 */
export async function findTaggable(context: Context, name: string): Promise<{ arn: string; scope: string }> {
  const account = arnOf(context, '')
  const resource = name.startsWith(account) ? name.slice(account.length) : name
  const inService = /^services\/([^/]+)\/functions\/([^/]+)$/.exec(resource)
  const ofAccount = /^(?:functions\/)?([^/:]+)$/.exec(resource)
  const service = /^services\/([^/]+)$/.exec(resource)
  if (service) {
    await findService(context, service[1]!)
    return { arn: arnOf(context, resource), scope: resource }
  }
  const key = inService ? functionKey(inService[1]!, inService[2]!) : ofAccount?.[1]
  if (key === undefined) {
    throw new FcError(
      'InvalidArgument',
      `resource '${name}' must be the ARN of a service or function of this account and region, ` +
        'or services/{service}, functions/{function}, services/{service}/functions/{function}',
    )
  }
  await findFunction(context, key)
  return { arn: functionArn(context, key), scope: scopeOf(key) }
}

/** Changes the tags of several resources at once; all of them or none. */
export async function changeTags(
  context: Context,
  resources: readonly string[],
  edit: (tags: Tags) => Tags,
): Promise<void> {
  await change(context, 'tags', async () => {
    const writes: Write[] = []
    const scopes = new Map<string, Stored<'scope'>>()
    for (const resource of new Set(resources)) {
      const { arn, scope } = await findTaggable(context, resource)
      const stored = await context.metadata.read('tag', keyOf.tag(arn))
      const tags = edit(stored?.value.tags ?? {})
      if (Object.keys(tags).length > TAGS_PER_RESOURCE_MAX) {
        throw new FcError('LimitExceededError', `'${arn}' would have more than ${TAGS_PER_RESOURCE_MAX} tags`)
      }
      const scopeDocument = scopes.get(scope) ?? (await readScope(context, scope))
      if (scopeDocument) scopes.set(scope, scopeDocument)
      writes.push({ ...writeTags(arn, tags), ifRevision: stored?.revision ?? 0 })
    }
    return { writes: [...writes, ...[...scopes.values()].map((stored) => touchScope(stored))], result: undefined }
  })
}

export async function addTags(context: Context, resources: readonly string[], tags: Tags): Promise<void> {
  checkTags(tags)
  await changeTags(context, resources, (before) => ({ ...before, ...tags }))
}

export async function dropTags(
  context: Context,
  resources: readonly string[],
  keys: readonly string[],
  all: boolean,
): Promise<void> {
  if (keys.length > UNTAG_KEYS_MAX) {
    throw new FcError('InvalidArgument', `tag keys must be at most ${UNTAG_KEYS_MAX} in a call`)
  }
  const dropped = new Set(keys)
  await changeTags(context, resources, (before) =>
    Object.fromEntries(Object.entries(before).filter(([key]) => !all && !dropped.has(key))),
  )
}

export async function listTagged(
  context: Context,
  request: PageRequest,
  keep: (document: TagDocument) => boolean = () => true,
): Promise<Page<TagDocument>> {
  const page = await listPage(context, 'tag', request, { folder: '', keep: ({ value }) => keep(value) })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
