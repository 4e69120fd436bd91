/** Answers that both generations of the wire share. */
import { FcError } from '../../errors.ts'
import type {
  AliasDocument,
  CustomDomainDocument,
  DomainRoute,
  JsonObject,
  JsonValue,
  TriggerDocument,
  VersionDocument,
} from '../../model.ts'
import { splitFunctionKey } from '../../model.ts'
import type { Context } from '../operations/context.ts'
import type { Page } from '../operations/list.ts'
import { packageLink } from '../package-link.ts'
import type { CodeRef } from '../../model.ts'

/** The list under its key, and `nextToken` when more remains. */
export function pageAnswer<Item>(key: string, page: Page<Item>, render: (item: Item) => JsonObject) {
  const { items, nextToken } = page
  return { body: { [key]: items.map(render), ...(nextToken === undefined ? {} : { nextToken }) } }
}

export function versionAnswer({ versionId, description, createdTime, lastModifiedTime }: VersionDocument): JsonObject {
  return { versionId, description, createdTime, lastModifiedTime }
}

export function aliasAnswer(alias: AliasDocument): JsonObject {
  const { aliasName, versionId, description, additionalVersionWeight, createdTime, lastModifiedTime } = alias
  return { aliasName, versionId, description, additionalVersionWeight, createdTime, lastModifiedTime }
}

/** The addresses of an http trigger; null for the other types. */
export function triggerUrls({ options }: Context, { functionKey, hostId }: TriggerDocument) {
  if (hostId === null) return null
  const url = options.httpTriggerUrl(splitFunctionKey(functionKey).name, hostId)
  return { urlInternet: url, urlIntranet: url }
}

/** `triggerConfig` comes as an object or as JSON in a string. */
export function readTriggerConfig(config: unknown): unknown {
  const value = typeof config === 'string' ? parseJson(config, 'triggerConfig') : config
  if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    throw new FcError('InvalidArgument', 'triggerConfig must be a JSON object')
  }
  return value
}

export function parseJson(text: string, field: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FcError('InvalidArgument', `${field} must be JSON`)
  }
}

export function codeAnswer(context: Context, code: CodeRef | null) {
  if (!code) return { body: { url: '', checksum: '' } }
  const link = packageLink(context.options.packageUrlKey, code.sha256, context.clock.nowMs())
  return { body: { url: context.options.publicUrl() + link, checksum: code.checksum } }
}

interface RouteInput {
  path: string
  qualifier?: string | undefined
  methods?: string[] | undefined
  rewriteConfig?: Partial<NonNullable<DomainRoute['rewrite']>> | undefined
}

export function domainRoute(functionKey: string, route: RouteInput): DomainRoute {
  return {
    path: route.path,
    functionKey,
    qualifier: route.qualifier || 'LATEST',
    methods: route.methods ?? [],
    rewrite: route.rewriteConfig ? { equalRules: [], wildcardRules: [], regexRules: [], ...route.rewriteConfig } : null,
  }
}

export function domainAnswer(
  context: Context,
  domain: CustomDomainDocument,
  apiVersion: string,
  settingNames: readonly string[],
  functionNames: (functionKey: string) => JsonObject,
): JsonObject {
  const routes: JsonValue[] = domain.routes.map(({ path, functionKey, qualifier, methods, rewrite }) => ({
    path,
    ...functionNames(functionKey),
    qualifier,
    methods,
    rewriteConfig: rewrite && {
      ...rewrite,
      equalRules: ruleList(rewrite.equalRules),
      wildcardRules: ruleList(rewrite.wildcardRules),
      regexRules: ruleList(rewrite.regexRules),
    },
  }))
  const settings = settingNames.map((name): [string, JsonValue] => [name, domain.settings[name] ?? null])
  const answer: JsonObject = {
    domainName: domain.domainName,
    accountId: context.options.accountId,
    apiVersion,
    protocol: domain.protocol,
    routeConfig: { routes },
    ...Object.fromEntries(settings),
    createdTime: domain.createdTime,
    lastModifiedTime: domain.lastModifiedTime,
  }
  const certificate = domain.settings['certConfig'] as JsonObject | undefined
  return certificate ? { ...answer, certConfig: { ...certificate, privateKey: null } } : answer
}

function ruleList(rules: NonNullable<DomainRoute['rewrite']>['equalRules']): JsonValue[] {
  return rules.map(({ match, replacement }) => ({ match, replacement }))
}
