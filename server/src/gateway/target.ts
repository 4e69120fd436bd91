/** From host and path to what is meant; pure text work, nothing is looked up. */
import { FcError } from '../errors.ts'
import { splitFunctionKey } from '../model.ts'

export type ApiVersion = '2016-08-15' | '2021-04-06' | '2023-03-30'

export type PathTarget =
  | { kind: 'event'; apiVersion: ApiVersion; service: string | null; name: string; qualifier: string }
  | { kind: 'proxy'; service: string; name: string; qualifier: string; rawPath: string }
  | { kind: 'management' }

const INVOCATION_2 = /^\/(2016-08-15|2021-04-06)\/services\/([^/]+)\/functions\/([^/]+)\/invocations\/?$/
const INVOCATION_3 = /^\/(2023-03-30)\/functions\/([^/]+)\/invocations\/?$/
const PROXY = /^\/(?:2016-08-15|2021-04-06)\/proxy\/([^/]+)\/([^/]+)(\/.*)?$/
/** Names are checked for existence, not for form; this only keeps what could never be one out of messages and lookups. */
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/
const QUALIFIER = /^[A-Za-z0-9_-]{1,128}$/

/** `path` is the raw path without query; `query` without `?`. Throws FcError InvalidArgument or PathNotSupported. */
export function targetOf(path: string, query: string): PathTarget {
  if (path.includes('/invocations')) {
    const two = INVOCATION_2.exec(path)
    if (two) {
      const apiVersion = two[1] as ApiVersion
      const [service, inPath] = splitQualifier(decoded(two[2]!, 'serviceName'))
      const qualifier = apiVersion === '2016-08-15' ? inPath : qualifierOf(query)
      return {
        kind: 'event',
        apiVersion,
        service: named(service, 'serviceName'),
        name: named(decoded(two[3]!, 'functionName'), 'functionName'),
        qualifier,
      }
    }
    const three = INVOCATION_3.exec(path)
    if (three) {
      const { service, name } = splitFunctionKey(decoded(three[2]!, 'functionName'))
      return {
        kind: 'event',
        apiVersion: '2023-03-30',
        service: service === null ? null : named(service, 'functionName'),
        name: named(name, 'functionName'),
        qualifier: qualifierOf(query),
      }
    }
  }
  if (isProxyPath(path)) {
    const proxy = PROXY.exec(path)
    if (!proxy)
      throw new FcError(
        'PathNotSupported',
        "a proxy path reads '/2016-08-15/proxy/{service}[.{qualifier}]/{function}/{path}'",
      )
    const [service, qualifier] = splitQualifier(decoded(proxy[1]!, 'serviceName'))
    return {
      kind: 'proxy',
      service: named(service, 'serviceName'),
      name: named(decoded(proxy[2]!, 'functionName'), 'functionName'),
      qualifier,
      rawPath: proxy[3] ?? '/',
    }
  }
  return { kind: 'management' }
}

/** `/2016-08-15/proxy/…`, whatever follows. */
export const isProxyPath = (path: string) => path.startsWith('/proxy/', 11)

function splitQualifier(service: string): [string, string] {
  const at = service.indexOf('.')
  if (at < 0) return [service, '']
  return [service.slice(0, at), checkedQualifier(service.slice(at + 1))]
}

function qualifierOf(query: string): string {
  const value = new URLSearchParams(query).get('qualifier')
  return value === null || value === '' ? '' : checkedQualifier(value)
}

function checkedQualifier(qualifier: string): string {
  if (!QUALIFIER.test(qualifier)) {
    throw new FcError(
      'InvalidArgument',
      `qualifier '${printable(qualifier)}' is not accepted; give a version number, an alias name or LATEST`,
    )
  }
  return qualifier
}

function named(name: string, field: string): string {
  if (NAME.test(name)) return name
  throw new FcError(
    'InvalidArgument',
    `${field} '${printable(name)}' is not accepted; names are 1 to 128 letters, digits, '_' and '-', and start with a letter or '_'`,
  )
}

/** Decodes percent escapes; what is no valid UTF-8 or holds NUL is refused, since functions would read it each in its own way. */
export function decoded(raw: string, field: string): string {
  if (!raw.includes('%')) return raw
  let text: string
  try {
    text = decodeURIComponent(raw)
  } catch {
    throw new FcError('InvalidArgument', `${field} holds percent escapes that are no valid UTF-8`)
  }
  if (text.includes('\0')) throw new FcError('InvalidArgument', `${field} holds a NUL character`)
  return text
}

function printable(text: string): string {
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?')
}

/** The host name of a Host header: lower case, without port; '' when there is none. */
export function hostName(host: string): string {
  const end = host.startsWith('[') ? host.indexOf(']') + 1 : host.indexOf(':')
  return (end > 0 ? host.slice(0, end) : host).toLowerCase()
}

/** The 10 characters that end the first label of a trigger's host name (`{function}-{id}.{publicHost}`); null for other hosts. */
export function triggerHostId(host: string, publicHost: string): string | null {
  if (!host.endsWith(publicHost) || host.charCodeAt(host.length - publicHost.length - 1) !== 46) return null
  const label = host.slice(0, host.length - publicHost.length - 1)
  const id = label.slice(label.lastIndexOf('-') + 1)
  return id.length === 10 && !label.includes('.') ? id : null
}
