import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CustomDomainDocument, DomainRoute, JsonObject } from '../model.ts'
import { createHttpRulesReader } from './http-rules.ts'
import { createResolver, splitUrl } from './resolve.ts'
import { Routing } from './routing.ts'
import { putFunction, putService, putTrigger, putVersion } from './test-support.ts'

const HOST_ID = '0123456789'

function resolverWith(...changes: Parameters<Routing['apply']>[0]) {
  const routing = new Routing(
    () => {},
    () => {},
  )
  routing.apply(changes)
  const verifier = { usesForm: false, verify: () => Promise.reject(new Error('not asked here')) }
  return createResolver(
    routing,
    createHttpRulesReader(() => verifier),
    () => 0,
  )
}

function domainOf(routes: Partial<DomainRoute>[], settings: JsonObject = {}): CustomDomainDocument {
  const route = { path: '/*', functionKey: 'f', qualifier: 'LATEST', methods: [], rewrite: null }
  return {
    domainName: 'd.example',
    protocol: 'HTTP',
    routes: routes.map((each) => ({ ...route, ...each })),
    settings,
    createdTime: '',
    lastModifiedTime: '',
  }
}

test('path and query part at the first question mark', () => {
  assert.deepEqual(splitUrl('/a?b?c'), { path: '/a', query: 'b?c' })
  assert.deepEqual(splitUrl('/a?'), { path: '/a', query: '' })
  assert.throws(() => splitUrl('http://a/'), { code: 'PathNotSupported' })
  assert.throws(() => splitUrl('*'), { code: 'PathNotSupported' })
})

test('a host name leads to the trigger’s function, methods and rules', () => {
  const call = resolverWith(putFunction(null, 'f'), putTrigger('f')).host(HOST_ID, 'h', { path: '/a%20', query: '' })
  assert.deepEqual(
    [call.version.key, call.methods, call.rawPath, call.triggerId, call.address, call.rules.auth.type],
    ['f', ['GET'], '/a%20', 'id-http', 'default-host', 'anonymous'],
  )
})

test('a host name without a trigger, and an address that is off, are told apart', () => {
  const url = { path: '/', query: '' }
  assert.throws(() => resolverWith().host(HOST_ID, 'h', url), { code: 'TriggerNotFound', message: /'h'/ })
  const off = putTrigger('f', { triggerConfig: { authType: 'anonymous', disableURLInternet: true } })
  assert.throws(() => resolverWith(putFunction(null, 'f'), off).host(HOST_ID, 'h', url), {
    code: 'AccessDenied',
    message: /disableURLInternet/,
  })
})

test('authorisation that is not understood lets nobody in unsigned', () => {
  for (const [triggerConfig, type] of [
    [{ authType: 'anonymous' }, 'anonymous'],
    [{ authType: 'Function' }, 'function'],
    [{ authType: 'JWT', authConfig: {} }, 'jwt'],
    [{ authType: 'none' }, 'function'],
    [{ authType: 7 }, 'function'],
    [{ authType: null, authConfig: { authType: 'function' } }, 'function'],
  ] as const) {
    const resolver = resolverWith(putFunction(null, 'f'), putTrigger('f', { triggerConfig }))
    assert.equal(resolver.host(HOST_ID, 'h', { path: '/', query: '' }).rules.auth.type, type)
  }
})

test('a proxy path leads to the trigger of the qualifier it names', () => {
  const resolver = resolverWith(
    putService('s'),
    putFunction('s', 'f'),
    putVersion('s', 'f', '1', 'one'),
    putTrigger('s$f', { triggerName: 'of-one', qualifier: '1' }),
  )
  const target = { kind: 'proxy', service: 's', name: 'f', rawPath: '/x' } as const
  const call = resolver.proxy({ ...target, qualifier: '1' })
  assert.deepEqual(
    [call.triggerId, call.version.versionId, call.rawPath, call.address],
    ['id-of-one', '1', '/x', 'proxy'],
  )
  assert.throws(() => resolver.proxy({ ...target, qualifier: '' }), { code: 'TriggerNotFound' })
})

test('a domain routes the decoded path and keeps the raw one', () => {
  const resolver = resolverWith(putFunction(null, 'f'), putFunction(null, 'g'))
  const domain = domainOf([{ path: '/a b/*', functionKey: 'g' }, {}])
  const call = resolver.domain(domain, { path: '/a%20b/%7e', query: '' }, 'GET')
  assert.deepEqual([call.version.key, call.rawPath, call.address], ['g', '/a%20b/%7e', 'domain'])
  assert.throws(() => resolver.domain(domainOf([]), { path: '/', query: '' }, 'GET'), { code: 'RouteNotFound' })
})

test('dots that lead elsewhere are refused before any route is looked at', () => {
  const resolver = resolverWith(putFunction(null, 'f'))
  const ask = (path: string) => resolver.domain(domainOf([{}]), { path, query: '' }, 'GET')
  for (const path of ['/..', '/a/../b', '/%2e%2e/b', '/a%2f..', '/a%5c..%5cb', '/.', '/./a']) {
    assert.throws(() => ask(path), { code: 'InvalidArgument' }, path)
  }
  for (const path of ['/...', '/.well-known/x', '/a..b', '/a.']) assert.equal(ask(path).rawPath, path)
})

test('a path that is too long is refused before the rules are tried on it', () => {
  const rewriting = { equalRules: [], wildcardRules: [], regexRules: [{ match: '(', replacement: '/' }] }
  assert.throws(
    () => resolverWith().domain(domainOf([{ rewrite: rewriting }]), { path: `/${'a'.repeat(5000)}`, query: '' }, 'GET'),
    { code: 'InvalidArgument', message: /5001 bytes/ },
  )
})
