/** Custom domains: host names whose paths lead to functions. */
import { FcError } from '../../errors.ts'
import { linearRegExp } from '../../linear-regexp.ts'
import type { CustomDomainDocument, DomainRoute, JsonObject } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, resourceOf } from './commit.ts'
import type { Context } from './context.ts'
import { now } from './context.ts'
import type { Page, PageRequest } from './list.ts'
import { listPage } from './list.ts'
import { mergeSettings } from './merge-settings.ts'
import { checkName, isName } from './names.ts'

export interface DomainPatch {
  protocol?: string | undefined
  /** Replaced whole. */
  routes?: DomainRoute[] | undefined
  settings?: JsonObject | undefined
}

function patched(context: Context, domain: CustomDomainDocument, patch: DomainPatch): CustomDomainDocument {
  const after: CustomDomainDocument = {
    ...domain,
    protocol: patch.protocol ?? domain.protocol,
    routes: patch.routes ?? domain.routes,
    settings: mergeSettings(domain.settings, patch.settings ?? {}),
  }
  checkRoutes(after.routes)
  if (after.protocol.includes('HTTPS') && after.settings['certConfig'] === undefined) {
    throw new FcError('InvalidArgument', 'certConfig is required when protocol has HTTPS')
  }
  const auth = patch.settings?.['authConfig'] as JsonObject | undefined
  if (auth?.['authType'] === 'jwt') {
    if (auth['authInfo'] === undefined) {
      throw new FcError('InvalidArgument', 'authConfig.authInfo is required when authType is jwt')
    }
    context.createJwtVerifier?.(auth['authInfo'])
  }
  return after
}

function checkRoutes(routes: readonly DomainRoute[]): void {
  for (const [index, { path, methods, rewrite }] of routes.entries()) {
    if (!/^\/[^*]*\*?$/.test(path) || (path.endsWith('*') && !path.endsWith('/*'))) {
      throw new FcError('InvalidArgument', `path '${path}' of routeConfig must begin with / and may end in /*`)
    }
    const twin = routes.slice(0, index).some((other) => other.path === path && overlap(other.methods, methods))
    if (twin) {
      throw new FcError('InvalidArgument', `routeConfig must not name path '${path}' twice for the same method`)
    }
    for (const { match } of rewrite?.regexRules ?? []) linearRegExp(match)
  }
}

/** Empty: every method. */
function overlap(left: readonly string[], right: readonly string[]): boolean {
  return left.length === 0 || right.length === 0 || left.some((method) => right.includes(method))
}

/** Host names have no case. */
export function canonicalDomainName(name: string): string {
  return name.toLowerCase()
}

/** Functions named by routes need not exist yet: a request to a missing one is told so. */
export async function createDomain(context: Context, name: string, patch: DomainPatch): Promise<Resource<'domain'>> {
  const domainName = canonicalDomainName(name)
  checkName('domainName', domainName)
  if (domainName === URL.parse(context.options.publicUrl())?.hostname) {
    throw new FcError('InvalidArgument', `domainName '${domainName}' is the platform's own; give another`)
  }
  const key = keyOf.domain(domainName)
  return changeDocument(context, `domains/${domainName}`, 'domain', key, async () => {
    if (await context.metadata.read('domain', key)) {
      throw new FcError('DomainNameAlreadyExists', `domain name '${domainName}' already exists`)
    }
    const time = now(context)
    const empty: CustomDomainDocument = {
      domainName,
      protocol: 'HTTP',
      routes: [],
      settings: {},
      createdTime: time,
      lastModifiedTime: time,
    }
    const value = patched(context, empty, patch)
    return { writes: [{ kind: 'domain', key, ifRevision: 0, value }], result: value }
  })
}

async function findDomain(context: Context, name: string) {
  const domainName = canonicalDomainName(name)
  const stored = isName('domainName', domainName)
    ? await context.metadata.read('domain', keyOf.domain(domainName))
    : undefined
  if (!stored) throw new FcError('DomainNameNotFound', `domain name '${name}' does not exist`)
  return stored
}

export async function getDomain(context: Context, name: string): Promise<Resource<'domain'>> {
  return resourceOf('domain', await findDomain(context, name))
}

export async function updateDomain(
  context: Context,
  name: string,
  patch: DomainPatch,
  ifMatch: string | undefined,
): Promise<Resource<'domain'>> {
  const key = keyOf.domain(canonicalDomainName(name))
  return changeDocument(context, `domains/${key}`, 'domain', key, async () => {
    const stored = await findDomain(context, name)
    checkIfMatch(ifMatch, resourceOf('domain', stored).etag)
    const value = { ...patched(context, stored.value, patch), lastModifiedTime: now(context) }
    return { writes: [{ kind: 'domain', key, ifRevision: stored.revision, value }], result: value }
  })
}

export async function deleteDomain(context: Context, name: string, ifMatch: string | undefined): Promise<void> {
  await change(context, `domains/${canonicalDomainName(name)}`, async () => {
    const stored = await findDomain(context, name)
    checkIfMatch(ifMatch, resourceOf('domain', stored).etag)
    return {
      writes: [{ kind: 'domain', key: stored.key, ifRevision: stored.revision, value: null }],
      result: undefined,
    }
  })
}

export async function listDomains(context: Context, request: PageRequest): Promise<Page<CustomDomainDocument>> {
  const page = await listPage(context, 'domain', request, { folder: '' })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
