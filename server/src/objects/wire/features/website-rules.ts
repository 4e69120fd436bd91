/** A bucket as a web site: its pages for folders, for what is not there, and where else to look. Pure. */
import { OssError } from '../../port.ts'
import { percentEncodePath } from '../target.ts'
import { childText, childrenOf, type XmlElement, type XmlValue } from '../xml.ts'
import { malformed, readFlag, readWhole } from './setting.ts'

const RULES_MAX = 20
const HEADERS_MAX = 10
const REDIRECT_CODES = ['301', '302', '307']
/** CDN is asked nothing here: both are a redirect of the client. */
const REDIRECT_TYPES = ['External', 'AliCDN']

export type IndexPage = {
  suffix: string
  /** Folders have pages of their own. */
  forFolders: boolean
  /** Of a folder named without its slash: 0 redirects to it, 1 is an error, 2 shows its page. */
  type: number
}
export type RoutingRule = {
  number: number
  condition: { prefix: string; suffix: string; status: number | null; headers: { name: string; equals: string }[] }
  redirect: {
    type: string
    protocol: string | null
    host: string | null
    passQuery: boolean
    /** With `${key}`. */
    replaceKey: string | null
    replacePrefix: string | null
    code: number
  }
}
export type Website = {
  index: IndexPage | null
  error: { key: string; status: number } | null
  rules: RoutingRule[]
}

/** Throws OssError: MalformedXML, NotImplemented (Mirror). */
export function readWebsite(document: XmlElement): Website {
  const [index] = childrenOf(document, 'IndexDocument')
  const [error] = childrenOf(document, 'ErrorDocument')
  const [routing] = childrenOf(document, 'RoutingRules')
  if (index === undefined && error === undefined && routing === undefined)
    throw malformed('give one of IndexDocument, ErrorDocument and RoutingRules')
  const rules = routing === undefined ? [] : childrenOf(routing, 'RoutingRule').map(readRule)
  if (rules.length > RULES_MAX) throw malformed(`there may be at most ${RULES_MAX} RoutingRules`)
  return {
    index: index === undefined ? null : readIndex(index),
    error: error === undefined ? null : readError(error),
    rules: rules.toSorted((a, b) => a.number - b.number),
  }
}

function readIndex(element: XmlElement): IndexPage {
  const suffix = childText(element, 'Suffix')?.trim() ?? ''
  if (suffix === '' || suffix.includes('/')) throw malformed('Suffix of IndexDocument must be a name without /')
  return {
    suffix,
    forFolders: readFlag('SupportSubDir', childText(element, 'SupportSubDir'), false),
    type: readWhole('Type', childText(element, 'Type') || '0', 0, 2),
  }
}

function readError(element: XmlElement): { key: string; status: number } {
  const key = childText(element, 'Key')?.trim() ?? ''
  const status = childText(element, 'HttpStatus')?.trim() || '404'
  if (key === '') throw malformed('Key of ErrorDocument is missing')
  if (status !== '200' && status !== '404') throw malformed(`HttpStatus must be 200 or 404, not '${status}'`)
  return { key, status: Number(status) }
}

function readRule(element: XmlElement): RoutingRule {
  const [condition] = childrenOf(element, 'Condition')
  const [redirect] = childrenOf(element, 'Redirect')
  if (condition === undefined || redirect === undefined) throw malformed('a RoutingRule needs Condition and Redirect')
  const status = childText(condition, 'HttpErrorCodeReturnedEquals')
  const headers = childrenOf(condition, 'IncludeHeader').map((header) => ({
    name: (childText(header, 'Key') ?? '').trim().toLowerCase(),
    equals: childText(header, 'Equals') ?? '',
  }))
  if (headers.length > HEADERS_MAX) throw malformed(`there may be at most ${HEADERS_MAX} IncludeHeaders`)
  return {
    number: readWhole('RuleNumber', childText(element, 'RuleNumber') ?? '', 1, 2 ** 31),
    condition: {
      prefix: childText(condition, 'KeyPrefixEquals') ?? '',
      suffix: childText(condition, 'KeySuffixEquals') ?? '',
      status: status === undefined ? null : readWhole('HttpErrorCodeReturnedEquals', status, 400, 599),
      headers,
    },
    redirect: readRedirect(redirect),
  }
}

function readRedirect(element: XmlElement): RoutingRule['redirect'] {
  const text = (name: string) => childText(element, name)?.trim() || null
  const type = text('RedirectType') ?? ''
  if (type === 'Mirror') throw new OssError('NotImplemented', 'Redirects of the type Mirror are not offered.')
  if (!REDIRECT_TYPES.includes(type)) throw malformed(`RedirectType must be one of ${REDIRECT_TYPES.join(', ')}`)
  const protocol = text('Protocol')
  if (protocol !== null && protocol !== 'http' && protocol !== 'https')
    throw malformed(`Protocol must be http or https, not '${protocol}'`)
  const host = text('HostName')
  if (host !== null && !/^[A-Za-z0-9.-]+(:\d+)?$/.test(host)) throw malformed(`HostName '${host}' is no host name`)
  const code = text('HttpRedirectCode') ?? '301'
  if (!REDIRECT_CODES.includes(code)) throw malformed(`HttpRedirectCode must be one of ${REDIRECT_CODES.join(', ')}`)
  const replacesPrefix = readFlag('EnableReplacePrefix', text('EnableReplacePrefix') ?? undefined, false)
  const replacePrefix = childText(element, 'ReplaceKeyPrefixWith') ?? (replacesPrefix ? '' : null)
  const replaceKey = text('ReplaceKeyWith')
  if (replaceKey !== null && replacePrefix !== null)
    throw malformed('a Redirect has either ReplaceKeyWith or ReplaceKeyPrefixWith')
  const passQuery = readFlag('PassQueryString', text('PassQueryString') ?? undefined, false)
  return { type, protocol, host, passQuery, replaceKey, replacePrefix, code: Number(code) }
}

export function websiteXml({ index, error, rules }: Website): XmlValue {
  return {
    IndexDocument:
      index === null ? undefined : { Suffix: index.suffix, SupportSubDir: index.forFolders, Type: index.type },
    ErrorDocument: error === null ? undefined : { Key: error.key, HttpStatus: error.status },
    RoutingRules: rules.length === 0 ? undefined : { RoutingRule: rules.map(ruleXml) },
  }
}

function ruleXml({ number, condition, redirect }: RoutingRule): XmlValue {
  return {
    RuleNumber: number,
    Condition: {
      KeyPrefixEquals: condition.prefix || undefined,
      KeySuffixEquals: condition.suffix || undefined,
      HttpErrorCodeReturnedEquals: condition.status ?? undefined,
      IncludeHeader: condition.headers.map(({ name, equals }) => ({ Key: name, Equals: equals })),
    },
    Redirect: {
      RedirectType: redirect.type,
      Protocol: redirect.protocol ?? undefined,
      HostName: redirect.host ?? undefined,
      PassQueryString: redirect.passQuery,
      ReplaceKeyWith: redirect.replaceKey ?? undefined,
      ReplaceKeyPrefixWith: redirect.replacePrefix ?? undefined,
      HttpRedirectCode: redirect.code,
    },
  }
}

export interface PageRequest {
  key: string
  /** Of the error that it would end in; null: the object is there. */
  status: number | null
  headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The first rule that is for this request. A rule without a status is for objects that are there, too. */
export function matchingRule({ rules }: Website, { key, status, headers }: PageRequest): RoutingRule | undefined {
  return rules.find(
    ({ condition }) =>
      key.startsWith(condition.prefix) &&
      key.endsWith(condition.suffix) &&
      (condition.status === null || condition.status === status) &&
      condition.headers.every(({ name, equals }) => headers[name] === equals),
  )
}

/** Where a rule leads. `self`: protocol and host of the request; `query`: with its question mark, as it came. */
export function redirectTarget(
  { condition, redirect }: RoutingRule,
  key: string,
  self: { protocol: string; host: string; query: string },
): string {
  const path = percentEncodePath(redirectedKey(condition.prefix, redirect, key))
  const origin = `${redirect.protocol ?? self.protocol}://${redirect.host ?? self.host}`
  return `${origin}/${path}${redirect.passQuery ? self.query : ''}`
}

function redirectedKey(prefix: string, { replaceKey, replacePrefix }: RoutingRule['redirect'], key: string): string {
  if (replaceKey !== null) return replaceKey.replaceAll('${key}', () => key)
  return replacePrefix === null ? key : replacePrefix + key.slice(prefix.length)
}

/** The page of a folder, which ends with a slash or is the root; undefined: there is none. */
export function indexKey({ index }: Website, key: string): string | undefined {
  if (index === null || !(key === '' || key.endsWith('/'))) return undefined
  return index.forFolders ? key + index.suffix : index.suffix
}

/** The page of a folder that was asked for without its slash, and what to do when it is there. */
export function folderPage({ index }: Website, key: string): { key: string; isShown: boolean } | undefined {
  if (index === null || !index.forFolders || index.type === 1 || key === '' || key.endsWith('/')) return undefined
  return { key: `${key}/${index.suffix}`, isShown: index.type === 2 }
}
