/** Looking up what a request names; everything absent has its own error code. */
import { FcError } from '../../errors.ts'
import type { Stored } from '../../metadata/port.ts'
import type { AliasDocument, FunctionDocument, FunctionKey, Scope, ServiceDocument } from '../../model.ts'
import { keyOf, LATEST, scopeOf, splitFunctionKey } from '../../model.ts'
import { etagOf } from './commit.ts'
import type { Context } from './context.ts'
import { isName, isVersionId } from './names.ts'

export async function findService(context: Context, name: string): Promise<Stored<'service'>> {
  const stored = isName('serviceName', name) ? await context.metadata.read('service', keyOf.service(name)) : undefined
  if (!stored) throw new FcError('ServiceNotFound', `service '${name}' does not exist`)
  return stored
}

/** The unpublished head of a function; in 2.0 its service must exist, too. */
export async function findFunction(context: Context, key: FunctionKey): Promise<Stored<'function'>> {
  const { name } = splitFunctionKey(key)
  await findServiceOf(context, key)
  const stored = isName('functionName', name) ? await context.metadata.read('function', keyOf.function(key)) : undefined
  if (!stored) throw functionNotFound(context, key)
  return stored
}

/** The service of a 2.0 function, which must exist; null for 3.0 functions. */
async function findServiceOf(context: Context, key: FunctionKey): Promise<ServiceDocument | null> {
  const { service } = splitFunctionKey(key)
  if (service === null) return null
  if (context.knowsServices) return (await findService(context, service)).value
  const stored = isName('serviceName', service) ? await context.metadata.read('service', service) : undefined
  if (!stored) throw functionNotFound(context, key)
  return stored.value
}

function functionNotFound(context: Context, key: FunctionKey): FcError {
  const { service, name } = splitFunctionKey(key)
  const message =
    service !== null && context.knowsServices
      ? `function '${name}' does not exist in service '${service}'`
      : `function '${key}' does not exist.`
  return new FcError('FunctionNotFound', message)
}

export async function findVersion(context: Context, scope: Scope, versionId: string): Promise<Stored<'version'>> {
  const stored = isVersionId(versionId)
    ? await context.metadata.read('version', keyOf.version(scope, versionId))
    : undefined
  if (!stored) throw new FcError('VersionNotFound', `version '${versionId}' does not exist in ${nameOfScope(scope)}`)
  return stored
}

export async function findAlias(context: Context, scope: Scope, aliasName: string): Promise<Stored<'alias'>> {
  const stored = isName('aliasName', aliasName)
    ? await context.metadata.read('alias', keyOf.alias(scope, aliasName))
    : undefined
  if (!stored) throw new FcError('AliasNotFound', `alias '${aliasName}' does not exist in ${nameOfScope(scope)}`)
  return stored
}

/** `service 'a'` or `function 'b'`. */
export function nameOfScope(scope: Scope): string {
  const [kind, name] = scope.split('/')
  return `${kind === 'services' ? 'service' : 'function'} '${name}'`
}

/** The owner of versions and aliases must exist: a service, or a 3.0 function. */
export async function findOwner(context: Context, scope: Scope): Promise<Stored<'service'> | Stored<'function'>> {
  const [kind, name] = scope.split('/')
  return kind === 'services' ? findService(context, name ?? '') : findFunction(context, name ?? '')
}

/** The published version behind a qualifier; undefined for LATEST. An alias leads to its main version. */
export async function findQualified(
  context: Context,
  scope: Scope,
  qualifier: string | undefined,
): Promise<Stored<'version'> | undefined> {
  if (qualifier === undefined || qualifier === '' || qualifier === LATEST) return undefined
  if (/^\d+$/.test(qualifier)) return findVersion(context, scope, qualifier)
  const alias: AliasDocument = (await findAlias(context, scope, qualifier)).value
  return findVersion(context, scope, alias.versionId)
}

export interface QualifiedFunction {
  function: FunctionDocument
  /** Null for 3.0 functions. */
  service: ServiceDocument | null
  versionId: string
  /** As asked for; LATEST when nothing was. */
  qualifier: string
  etag: string
}

export async function findQualifiedFunction(
  context: Context,
  key: FunctionKey,
  qualifier?: string,
): Promise<QualifiedFunction> {
  const { service: serviceName, name } = splitFunctionKey(key)
  const service = await findServiceOf(context, key)
  if (serviceName === null && qualifier) await findFunction(context, key)
  const version = await findQualified(context, scopeOf(key), qualifier)
  if (!version) {
    const stored = await findFunction(context, key)
    return {
      function: stored.value,
      service,
      versionId: LATEST,
      qualifier: LATEST,
      etag: etagOf('function', stored.key, stored.revision),
    }
  }
  const frozen = Object.hasOwn(version.value.functions, name) ? version.value.functions[name] : undefined
  if (!frozen) throw functionNotFound(context, key)
  return {
    function: frozen,
    service: version.value.service,
    versionId: version.value.versionId,
    qualifier: qualifier ?? LATEST,
    etag: etagOf('version', `${version.key}/${name}`, version.revision),
  }
}

/** The head of a function with its service, for a document that is at hand. */
export async function withService(
  context: Context,
  document: FunctionDocument,
): Promise<Omit<QualifiedFunction, 'etag'>> {
  const { service: name } = document
  const service = name === null ? undefined : await context.metadata.read('service', keyOf.service(name))
  return { function: document, service: service?.value ?? null, versionId: LATEST, qualifier: LATEST }
}
