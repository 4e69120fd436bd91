/** Services: the 2.0 owners of functions, versions and aliases. */
import { FcError } from '../../errors.ts'
import type { Write } from '../../metadata/port.ts'
import type { JsonObject, ServiceConfig, ServiceDocument } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, readScope, removeScope, resourceOf } from './commit.ts'
import type { Context } from './context.ts'
import { arnOf, newId, now } from './context.ts'
import { findQualified, findService } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { isEmpty, listPage } from './list.ts'
import { mergeSettings } from './merge-settings.ts'
import { checkName } from './names.ts'
import { readTags, removeTags, tagsMatch } from './tags.ts'

/** Absent: as it is, or the default on creation. Settings are replaced one by one, each whole. */
export interface ServicePatch {
  description?: string | undefined
  role?: string | undefined
  internetAccess?: boolean | undefined
  settings?: JsonObject | undefined
}

const defaults: ServiceConfig = { description: '', role: '', internetAccess: true, settings: {} }

function patched(config: ServiceConfig, patch: ServicePatch): ServiceConfig {
  return {
    description: patch.description ?? config.description,
    role: patch.role ?? config.role,
    internetAccess: patch.internetAccess ?? config.internetAccess,
    settings: mergeSettings(config.settings, patch.settings ?? {}),
  }
}

const scopeOfService = (name: string) => `services/${name}`

export async function createService(context: Context, name: string, patch: ServicePatch): Promise<Resource<'service'>> {
  checkName('serviceName', name)
  const key = keyOf.service(name)
  const scope = scopeOfService(name)
  return changeDocument(context, scope, 'service', key, async () => {
    if (await context.metadata.read('service', key)) {
      throw new FcError('ServiceAlreadyExists', `service '${name}' already exists`)
    }
    const time = now(context)
    const value: ServiceDocument = {
      name,
      serviceId: newId(context),
      createdTime: time,
      lastModifiedTime: time,
      config: patched(defaults, patch),
    }
    const writes: Write[] = [
      { kind: 'service', key, ifRevision: 0, value },
      { kind: 'scope', key: keyOf.scope(scope), ifRevision: 0, value: { lastVersionId: 0 } },
    ]
    return { writes, result: value }
  })
}

/** With a qualifier: the service as it was published, under the description of its version. */
export async function getService(
  context: Context,
  name: string,
  qualifier: string | undefined,
): Promise<Resource<'service'>> {
  const head = await findService(context, name)
  const version = await findQualified(context, scopeOfService(name), qualifier)
  if (!version?.value.service) return resourceOf('service', head)
  const { service, description } = version.value
  return {
    value: { ...service, config: { ...service.config, description } },
    etag: resourceOf('version', version).etag,
  }
}

export async function updateService(
  context: Context,
  name: string,
  patch: ServicePatch,
  ifMatch: string | undefined,
): Promise<Resource<'service'>> {
  const key = keyOf.service(name)
  return changeDocument(context, scopeOfService(name), 'service', key, async () => {
    const stored = await findService(context, name)
    checkIfMatch(ifMatch, resourceOf('service', stored).etag)
    const value: ServiceDocument = {
      ...stored.value,
      lastModifiedTime: now(context),
      config: patched(stored.value.config, patch),
    }
    return { writes: [{ kind: 'service', key, ifRevision: stored.revision, value }], result: value }
  })
}

export async function deleteService(context: Context, name: string, ifMatch: string | undefined): Promise<void> {
  const scope = scopeOfService(name)
  await change(context, scope, async () => {
    const scopeDocument = await readScope(context, scope)
    const stored = await findService(context, name)
    checkIfMatch(ifMatch, resourceOf('service', stored).etag)
    const holds = [
      (await isEmpty(context, 'function', `${name}$`)) ? [] : ['functions'],
      (await isEmpty(context, 'version', `${scope}/`)) ? [] : ['versions'],
      (await isEmpty(context, 'alias', `${scope}/`)) ? [] : ['aliases'],
    ].flat()
    if (holds.length > 0) {
      throw new FcError('ServiceNotEmpty', `service '${name}' still has ${holds.join(' and ')}; delete them first`)
    }
    const writes: Write[] = [
      { kind: 'service', key: stored.key, ifRevision: stored.revision, value: null },
      removeTags(arnOf(context, scope)),
      ...(scopeDocument ? [removeScope(scopeDocument)] : []),
    ]
    return { writes, result: undefined }
  })
}

export async function listServices(
  context: Context,
  request: PageRequest,
  tags: Readonly<Record<string, string>>,
): Promise<Page<ServiceDocument>> {
  const filtered = Object.keys(tags).length > 0
  const page = await listPage(context, 'service', request, {
    folder: '',
    keep: async ({ value }) =>
      !filtered || tagsMatch(await readTags(context, arnOf(context, scopeOfService(value.name))), tags),
  })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
