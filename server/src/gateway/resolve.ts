/** The first step of a request: from host and path to the function version that answers, by the routing snapshot. */
import { FcError } from '../errors.ts'
import { splitFunctionKey, type CustomDomainDocument, type JsonValue, type TriggerDocument } from '../model.ts'
import { matchRoute, rewrite } from './domain-routes.ts'
import type { HttpRules, HttpRulesReader } from './http-rules.ts'
import { URL_BYTES_MAX } from './limits.ts'
import type { Resolved, Routing } from './routing.ts'
import { decoded, type PathTarget } from './target.ts'

/** An HTTP request whose function is known. */
export interface HttpCall extends Resolved {
  rules: HttpRules
  /** Empty: all. */
  methods: readonly string[]
  /** What the function sees, not decoded. */
  rawPath: string
  triggerId: string
  address: 'proxy' | 'default-host' | 'domain'
}

export interface Url {
  path: string
  query: string
}

/** Throws PathNotSupported for what is no path. */
export function splitUrl(url: string): Url {
  // The absolute form (`GET http://host/path`) is for proxies; its host could contradict the Host header.
  if (!url.startsWith('/'))
    throw new FcError('PathNotSupported', `'${url.slice(0, 64)}' is not supported; a request names a path`)
  const at = url.indexOf('?')
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}

/** Throws InvalidArgument. */
export function checkUrlLength(url: string): void {
  if (url.length > URL_BYTES_MAX) {
    throw new FcError(
      'InvalidArgument',
      `path and query have ${url.length} bytes, at most ${URL_BYTES_MAX} are accepted`,
    )
  }
}

export type Resolver = ReturnType<typeof createResolver>

/** All methods throw FcError when nothing answers to the name. */
export function createResolver(routing: Routing, readRules: HttpRulesReader, fraction: () => number) {
  function byTrigger(
    trigger: TriggerDocument,
    rawPath: string,
    address: HttpCall['address'],
    resolved?: Resolved,
  ): HttpCall {
    const { version, qualifier } = resolved ?? byKey(trigger.functionKey, trigger.qualifier)
    return {
      version,
      qualifier,
      rules: readRules(trigger.triggerConfig),
      methods: textList(trigger.triggerConfig['methods']),
      rawPath,
      triggerId: trigger.triggerId,
      address,
    }
  }

  function byKey(key: string, qualifier: string): Resolved {
    const { service, name } = splitFunctionKey(key)
    return routing.resolve(service, name, qualifier, fraction)
  }

  return {
    event: (target: Extract<PathTarget, { kind: 'event' }>): Resolved =>
      routing.resolve(target.service, target.name, target.qualifier, fraction),

    host(hostId: string, host: string, url: Url): HttpCall {
      const trigger = routing.httpTrigger(hostId)
      if (!trigger) throw new FcError('TriggerNotFound', `no HTTP trigger answers to the host name '${host}'`)
      const call = byTrigger(trigger, url.path, 'default-host')
      if (call.rules.isPublicAddressOff) {
        throw new FcError(
          'AccessDenied',
          `the public address of trigger '${trigger.triggerName}' is switched off (disableURLInternet)`,
        )
      }
      return call
    },

    proxy(target: Extract<PathTarget, { kind: 'proxy' }>): HttpCall {
      const { service, name, qualifier } = target
      const resolved = routing.resolve(service, name, qualifier, fraction)
      const trigger = routing.httpTriggerOf(resolved.version.key, qualifier)
      if (!trigger) {
        const of = qualifier === '' ? '' : ` for qualifier '${qualifier}'`
        throw new FcError('TriggerNotFound', `function '${name}' in service '${service}' has no HTTP trigger${of}`)
      }
      return byTrigger(trigger, target.rawPath, 'proxy', resolved)
    },

    domain(domain: CustomDomainDocument, url: Url, method: string): HttpCall {
      // Before the rules are tried on it: what they cost grows with its length.
      checkUrlLength(url.path)
      const path = decoded(url.path, 'path')
      // A route decides who may see a path: no path may be spelt so that it matches another's route.
      if (/(^|[/\\])\.\.?([/\\]|$)/.test(path)) {
        throw new FcError('InvalidArgument', "path holds the segment '.' or '..'; send the path they lead to")
      }
      const route = matchRoute(domain.routes, path, method)
      if (!route)
        throw new FcError(
          'RouteNotFound',
          `domain '${domain.domainName}' has no route for ${method} ${path.slice(0, 256)}`,
        )
      const rewritten = rewrite(route, path)
      return {
        ...byKey(route.functionKey, route.qualifier),
        rules: readRules(domain.settings),
        methods: route.methods,
        rawPath: rewritten === path ? url.path : encodePath(rewritten),
        triggerId: '',
        address: 'domain',
      }
    },
  }
}

/** A rule may cut a character of two halves apart, which no encoding can carry. */
function encodePath(path: string): string {
  return encodeURI(path.toWellFormed()).replaceAll('?', '%3F').replaceAll('#', '%23')
}

const NONE: readonly string[] = []

function textList(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : NONE
}
