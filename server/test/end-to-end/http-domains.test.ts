/** Custom domains from outside: routes, methods, rewriting, authorisation, and paths that try to be another. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'
import { codeOf, eventEcho, must, web, type HttpEvent, type WebSeen } from './http-support.ts'

const says = (text: string) => ({ 'index.js': `exports.handler = async () => '${text}'` })

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await Promise.all([
    platform.deploy('echo', eventEcho),
    platform.deploy('front', says('front')),
    platform.deploy('admin', says('admin')),
    platform.deploy('web', web, { service: 'shop' }),
  ])
})
after(() => platform.stop())

const createDomain = (domainName: string, routes: object[], more: object = {}) =>
  must(platform, 'POST', '/2023-03-30/custom-domains', {
    domainName,
    protocol: 'HTTP',
    routeConfig: { routes },
    ...more,
  })
const get = (host: string, path: string, method = 'GET') => platform.send(method, path, { host })

test('the exact path wins, then the longest folder', async () => {
  await createDomain('shop.example.com', [
    { path: '/*', functionName: 'front' },
    { path: '/admin/*', functionName: 'admin' },
    { path: '/admin/echo', functionName: 'echo' },
  ])
  const texts = async (paths: string[]) =>
    Promise.all(paths.map(async (path) => (await get('shop.example.com', path)).text.slice(0, 5)))
  assert.deepEqual(await texts(['/', '/x/y', '/adminx', '/admin', '/admin/', '/admin/x', '/Admin/x']), [
    'front',
    'front',
    'front',
    'admin',
    'admin',
    'admin',
    'front',
  ])
  const exact = (await get(`SHOP.example.com:${platform.port}`, '/admin/echo?a=1')).json<HttpEvent>()
  assert.deepEqual([exact.rawPath, exact.queryParameters], ['/admin/echo', { a: '1' }])
  assert.equal(exact.requestContext['domainName'], 'shop.example.com')
})

test('a path without a route, and a host without a domain', async () => {
  await createDomain('narrow.example.com', [{ path: '/only', functionName: 'front', methods: ['GET'] }])
  assert.deepEqual(codeOf(await get('narrow.example.com', '/other')), [404, 'RouteNotFound'])
  assert.deepEqual(codeOf(await get('narrow.example.com', '/only', 'POST')), [404, 'RouteNotFound'])
  assert.equal((await get('narrow.example.com', '/only')).text, 'front')
  // A host that no domain has is the platform's own: operators may call it what they like.
  assert.deepEqual(codeOf(await get('unknown.example.com', '/only')), [400, 'PathNotSupported'])
})

test('a route for some methods leaves the others to the next', async () => {
  await createDomain('split.example.com', [
    { path: '/*', functionName: 'front', methods: ['GET', 'HEAD'] },
    { path: '/*', functionName: 'admin', methods: ['POST'] },
  ])
  assert.equal((await get('split.example.com', '/')).text, 'front')
  assert.equal((await get('split.example.com', '/', 'POST')).text, 'admin')
})

test('the function sees the rewritten path', async () => {
  await createDomain('moved.example.com', [
    {
      path: '/*',
      functionName: 'echo',
      rewriteConfig: {
        equalRules: [{ match: '/old', replacement: '/equal' }],
        wildcardRules: [
          { match: '/api/*', replacement: '/wild/$1' },
          { match: '/img/*/big/*', replacement: '/$2/$1' },
        ],
        regexRules: [
          { match: '^/old$', replacement: '/never' },
          { match: String.raw`^/n/(\d+)$`, replacement: '/number/$1' },
        ],
      },
    },
  ])
  const seen = async (path: string) => (await get('moved.example.com', path)).json<HttpEvent>().rawPath
  assert.equal(await seen('/old'), '/equal')
  assert.equal(await seen('/api/v1/users'), '/wild/v1/users')
  assert.equal(await seen('/img/7/big/cat.png'), '/cat.png/7')
  assert.equal(await seen('/n/42'), '/number/42')
  assert.equal(await seen('/n/x'), '/n/x')
  assert.equal(await seen('/api/a%20b%3Fc%23d'), '/wild/a%20b%3Fc%23d')
})

test('a rule may cut a character apart, and the path is still one', async () => {
  await createDomain('cut.example.com', [
    {
      path: '/*',
      functionName: 'echo',
      rewriteConfig: { regexRules: [{ match: '^/(.)(.*)$', replacement: '/$2' }] },
    },
  ])
  const answer = await get('cut.example.com', `/${encodeURIComponent('😀x')}`)
  assert.deepEqual([answer.status, answer.json<HttpEvent>().rawPath], [200, `/${encodeURIComponent('\uFFFDx')}`])
})

test('a regular expression that would backtrack without end takes no time', async () => {
  await createDomain('regex.example.com', [
    {
      path: '/*',
      functionName: 'echo',
      rewriteConfig: { regexRules: [{ match: '^/(a+)+$', replacement: '/matched' }] },
    },
  ])
  const beganMs = performance.now()
  const answer = await get('regex.example.com', `/${'a'.repeat(3000)}!`)
  assert.equal(answer.status, 200)
  assert.ok(performance.now() - beganMs < 2000)
  assert.equal((await get('regex.example.com', '/aaaa')).json<HttpEvent>().rawPath, '/matched')
})

test('a 2.0 domain leads to service and function, with a qualifier', async () => {
  await must(platform, 'POST', '/2016-08-15/services/shop/versions', {})
  await must(platform, 'PUT', '/2021-04-06/services/shop/functions/web', {
    code: {
      zipFile: (await zip({ 'index.js': 'exports.handler = (q, r) => r.send("later")' })).toString('base64'),
    },
  })
  await must(platform, 'POST', '/2021-04-06/custom-domains', {
    domainName: 'two.example.com',
    protocol: 'HTTP',
    routeConfig: {
      routes: [
        {
          path: '/v1/*',
          serviceName: 'shop',
          functionName: 'web',
          qualifier: '1',
          rewriteConfig: { wildcardRules: [{ match: '/v1/*', replacement: '/$1' }] },
        },
        { path: '/*', serviceName: 'shop', functionName: 'web' },
      ],
    },
  })
  const old = (await get('two.example.com', '/v1/a%20b?q=1')).json<WebSeen>()
  assert.deepEqual([old.path, old.queries], ['/a b', { q: '1' }])
  assert.equal((await get('two.example.com', '/x')).text, 'later')
})

test('a domain asks for a signature when it says so', async () => {
  await createDomain('signed.example.com', [{ path: '/*', functionName: 'front' }], {
    authConfig: { authType: 'function' },
  })
  assert.deepEqual(codeOf(await get('signed.example.com', '/')), [403, 'AccessDenied'])
})

test('no spelling of a path reaches another’s route', async () => {
  await createDomain('fenced.example.com', [
    { path: '/public/*', functionName: 'front' },
    { path: '/admin/*', functionName: 'admin' },
  ])
  for (const path of [
    '/public/../admin/x',
    '/public/..%2fadmin/x',
    '/public/%2e%2e/admin/x',
    '/public/%2e%2e%2fadmin',
    '/public/..%5cadmin',
    '/public/.',
  ]) {
    assert.deepEqual(codeOf(await get('fenced.example.com', path)), [400, 'InvalidArgument'], path)
  }
  for (const path of ['/public/%00', '/public/%c0%af', '/public/%', '/public/%zz', '/public/%ff']) {
    assert.deepEqual(codeOf(await get('fenced.example.com', path)), [400, 'InvalidArgument'], path)
  }
  for (const path of ['//admin/x', '/%2fadmin/x', '/x%2fadmin%2fx', '/./admin']) {
    assert.ok((await get('fenced.example.com', path)).status >= 400, path)
  }
  // Decoded once and no more.
  assert.equal((await get('fenced.example.com', '/public/%252e%252e%252fadmin')).text, 'front')
})

test('a domain that is changed or deleted is routed so at once', async () => {
  await createDomain('brief.example.com', [{ path: '/*', functionName: 'front' }])
  assert.equal((await get('brief.example.com', '/')).text, 'front')
  await must(platform, 'PUT', '/2023-03-30/custom-domains/brief.example.com', {
    routeConfig: { routes: [{ path: '/*', functionName: 'admin' }] },
  })
  assert.equal((await get('brief.example.com', '/')).text, 'admin')
  assert.ok((await platform.call('DELETE', '/2023-03-30/custom-domains/brief.example.com')).status < 300)
  assert.deepEqual(codeOf(await get('brief.example.com', '/')), [400, 'PathNotSupported'])
})

test('a route to a function that is not there says so', async () => {
  await createDomain('early.example.com', [{ path: '/*', functionName: 'not-yet' }])
  assert.deepEqual(codeOf(await get('early.example.com', '/')), [404, 'FunctionNotFound'])
})
