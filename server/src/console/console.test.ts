import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createVouching } from '../auth/vouching.ts'
import { seededRandom, SimulatedClock } from '../simulated-clock.ts'
import { createConsole } from './console.ts'
import { FAILURES_PER_ADDRESS_MAX, SESSION_IDLE_MS, TICKET_MS } from './limits.ts'

const KEY = { accessKeyId: 'AKtest', accessKeySecret: 'secret-of-the-account' }
const ACCOUNT = '1234567890123456'

interface Got {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** The console before a platform that shows what reaches it. */
async function serve(t: TestContext) {
  const clock = new SimulatedClock()
  const vouching = createVouching()
  const signIns: boolean[] = []
  let answer = (_: IncomingMessage, response: ServerResponse) => void response.end('{}')
  const handler = (name: string) => (incoming: IncomingMessage, response: ServerResponse) => {
    const { url, method, headers, rawHeaders } = incoming
    response.setHeader('x-seen', JSON.stringify({ name, url, method, headers, rawHeaders }))
    response.setHeader('x-principal', JSON.stringify(vouching.principalOf(headers) ?? null))
    answer(incoming, response)
  }
  const site = createConsole(
    {
      ...KEY,
      accountId: ACCOUNT,
      region: 'cn-hangzhou',
      port: () => 7800,
      publicUrl: () => 'http://localhost:7800',
      pages: '/nowhere',
    },
    {
      ...{ clock, vouching, random: seededRandom(7) },
      platform: handler('platform'),
      objects: handler('objects'),
      platformUpgrade: (incoming, socket) =>
        socket.end(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nx-url: ${incoming.url}\r\n\r\n`,
        ),
      onSignIn: (_, isAdmitted) => signIns.push(isAdmitted),
      onDefect: (error) => assert.fail(String(error)),
    },
  )
  const server = createServer((incoming, response) => {
    if (!site.handle(incoming, response)) response.writeHead(418).end()
  })
  server.on('upgrade', (incoming, socket, head) => {
    if (!site.upgrade(incoming, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const own = { origin: `http://127.0.0.1:${port}`, 'x-sluice-console': '1' }

  async function ask(path: string, { method = 'GET', headers = {}, body = '' }: Ask = {}): Promise<Got> {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }
  }
  const signIn = (body: unknown = KEY, headers: Record<string, string> = {}) =>
    ask('/console/session', { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(body) })
  const cookieOf = ({ headers }: Got) => headers['set-cookie']![0]!.split(';')[0]!
  return {
    ...{ clock, port, own, ask, signIn, cookieOf, signIns, site },
    answerWith: (next: typeof answer) => void (answer = next),
  }
}

const errorOf = ({ body }: Got) => (JSON.parse(body) as { ErrorCode: string }).ErrorCode
const seenOf = ({ headers }: Got) =>
  JSON.parse(String(headers['x-seen'])) as {
    name: string
    url: string
    method: string
    headers: object
    rawHeaders: string[]
  }

test('the key pair signs in, and what is wrong with another is not told', async (t) => {
  const { signIn, ask, cookieOf, signIns } = await serve(t)
  const wrong = [
    await signIn({ ...KEY, accessKeySecret: 'x' }),
    await signIn({ ...KEY, accessKeyId: 'x' }),
    await signIn({ accessKeyId: '', accessKeySecret: '' }),
  ]
  for (const each of wrong) {
    assert.equal(each.status, 403)
    assert.equal(each.headers['set-cookie'], undefined)
    assert.equal((JSON.parse(each.body) as { Message: string }).Message, 'this is not the key pair of the account')
  }
  const signedIn = await signIn()
  assert.equal(signedIn.status, 200)
  const { accountId, region } = JSON.parse(signedIn.body) as Record<string, unknown>
  assert.deepEqual([accountId, region], [ACCOUNT, 'cn-hangzhou'])
  assert.match(signedIn.headers['set-cookie']![0]!, /; Path=\/console; HttpOnly; SameSite=Strict$/)
  assert.equal((await ask('/console/session', { headers: { cookie: cookieOf(signedIn) } })).status, 200)
  assert.deepEqual(signIns, [false, false, false, true])
})

test('a ticket signs in once; used, too old or made up it is refused in words', async (t) => {
  const { signIn, ask, cookieOf, clock, site, signIns } = await serve(t)
  const { ticket, url } = site.issueTicket()
  assert.equal(url, `http://localhost:7800/console#ticket=${ticket}`)
  const signedIn = await signIn({ ticket })
  assert.equal(signedIn.status, 200)
  assert.equal((await ask('/console/session', { headers: { cookie: cookieOf(signedIn) } })).status, 200)
  const old = site.issueTicket().ticket
  clock.advance(TICKET_MS)
  for (const refused of [ticket, old, 'made-up', '']) {
    const { status, headers, body } = await signIn({ ticket: refused })
    assert.deepEqual([status, headers['set-cookie']], [403, undefined])
    assert.match((JSON.parse(body) as { Message: string }).Message, /^the ticket was used before, is too old/)
  }
  assert.equal(errorOf(await signIn({ ticket: 1 })), 'InvalidArgument')
  assert.deepEqual(signIns, [true, false, false, false, false])
})

test('who guesses tickets is refused like who guesses keys, and a good one is not used up by the refusal', async (t) => {
  const { signIn, site, clock } = await serve(t)
  const { ticket } = site.issueTicket()
  for (let i = 0; i < FAILURES_PER_ADDRESS_MAX; i++) await signIn({ ticket: String(i) })
  const refused = await signIn({ ticket })
  assert.equal(refused.status, 429)
  clock.advance(Number(refused.headers['retry-after']) * 1000)
  assert.equal((await signIn({ ticket })).status, 200)
})

test('over TLS the cookie is for TLS alone', async (t) => {
  const { signIn, port } = await serve(t)
  const { headers } = await signIn(KEY, { origin: `https://127.0.0.1:${port}` })
  assert.match(headers['set-cookie']![0]!, /; Secure$/)
})

test('bad sign-ins are refused in words: no JSON, no key, too much, another site', async (t) => {
  const { ask, own, signIn } = await serve(t)
  const post = (body: string, headers = own) => ask('/console/session', { method: 'POST', headers, body })
  assert.equal(errorOf(await post('{')), 'InvalidArgument')
  assert.equal(errorOf(await post('null')), 'InvalidArgument')
  assert.equal(errorOf(await post('{"accessKeyId":["AKtest"],"accessKeySecret":1}')), 'InvalidArgument')
  assert.equal(errorOf(await post(`{"accessKeyId":"${'x'.repeat(5000)}"}`)), 'EntityTooLarge')
  assert.equal(errorOf(await signIn(KEY, { origin: 'https://evil.example' })), 'AccessDenied')
  assert.equal(errorOf(await post(JSON.stringify(KEY), { ...own, 'x-sluice-console': '' })), 'AccessDenied')
  assert.equal(errorOf(await ask('/console/session', { method: 'PUT', headers: own })), 'MethodNotAllowed')
})

test('who guesses is refused after a few tries, with the right key too', async (t) => {
  const { signIn } = await serve(t)
  for (let i = 0; i < FAILURES_PER_ADDRESS_MAX; i++) await signIn({ ...KEY, accessKeySecret: String(i) })
  const refused = await signIn()
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers['retry-after']) > 0)
})

test('signing in again ends the session of before, signing out ends the session on the server', async (t) => {
  const { signIn, ask, own, cookieOf } = await serve(t)
  const first = cookieOf(await signIn())
  const second = cookieOf(await signIn(KEY, { cookie: first }))
  const state = async (cookie: string) => (await ask('/console/session', { headers: { cookie } })).status
  assert.notEqual(first, second)
  assert.deepEqual([await state(first), await state(second)], [401, 200])
  const out = await ask('/console/session', { method: 'DELETE', headers: { ...own, cookie: second } })
  assert.equal(out.status, 204)
  assert.match(out.headers['set-cookie']![0]!, /Max-Age=0/)
  assert.equal(await state(second), 401, 'a stolen cookie is worth nothing after it')
})

test('a request below api reaches the platform as one of the account, without what made it the console’s', async (t) => {
  const { signIn, ask, own, cookieOf } = await serve(t)
  const cookie = cookieOf(await signIn())
  const got = await ask('/console/api/2023-03-30/functions/f?x=/console/api', {
    method: 'PUT',
    headers: { ...own, cookie, referer: own.origin, 'sec-fetch-site': 'same-origin', 'x-own': 'kept' },
  })
  assert.equal(got.headers['x-principal'], JSON.stringify({ kind: 'account', accountId: ACCOUNT }))
  const { name, url, method, headers, rawHeaders } = seenOf(got)
  assert.deepEqual([name, method, url], ['platform', 'PUT', '/2023-03-30/functions/f?x=/console/api'])
  const rawNames = rawHeaders.filter((_, i) => i % 2 === 0).map((each) => each.toLowerCase())
  for (const names of [Object.keys(headers), rawNames]) {
    assert.ok(names.includes('x-own') && names.includes('host'))
    for (const dropped of ['cookie', 'origin', 'referer', 'x-sluice-console', 'sec-fetch-site']) {
      assert.ok(!names.includes(dropped), dropped)
    }
  }
  const objects = seenOf(await ask('/console/objects/bucket/a%2Fb?acl', { headers: { cookie } }))
  assert.deepEqual([objects.name, objects.url], ['objects', '/bucket/a%2Fb?acl'])
  assert.equal(seenOf(await ask('/console/objects?x', { headers: { cookie } })).url, '/?x')
})

test('nothing reaches the platform without a session or from another page', async (t) => {
  const { signIn, ask, own, cookieOf, clock } = await serve(t)
  const cookie = cookieOf(await signIn())
  const refused: [string, Ask, string][] = [
    ['/console/api/x', {}, 'SessionExpired'],
    ['/console/objects/x', { headers: { cookie: 'sluice-session-7800=guess' } }, 'SessionExpired'],
    ['/console/api/x', { headers: { cookie, 'sec-fetch-site': 'same-site' } }, 'AccessDenied'],
    ['/console/api/x', { headers: { cookie, origin: 'null' } }, 'AccessDenied'],
    ['/console/api/x', { method: 'DELETE', headers: { cookie, origin: own.origin } }, 'AccessDenied'],
    ['/console/objects/x', { method: 'PUT', headers: { cookie, 'x-sluice-console': '1' } }, 'AccessDenied'],
    // What a trigger runs may change anything, whatever the method.
    ['/console/api/2016-08-15/proxy/s/f/', { headers: { cookie } }, 'AccessDenied'],
  ]
  for (const [path, asked, code] of refused) {
    const got = await ask(path, asked)
    assert.equal(errorOf(got), code, path)
    assert.equal(got.headers['x-seen'], undefined)
  }
  clock.advance(SESSION_IDLE_MS)
  const expired = await ask('/console/api/x', { headers: { cookie } })
  assert.deepEqual([expired.status, errorOf(expired)], [401, 'SessionExpired'])
})

test('what functions and objects answer cannot act as a page of the console, nor set anything for it', async (t) => {
  const { signIn, ask, cookieOf, answerWith } = await serve(t)
  const cookie = cookieOf(await signIn())
  const hostile = {
    'Set-Cookie': 'sluice-session-7800=planted',
    'content-security-policy': "default-src *; script-src 'unsafe-inline'",
    'X-Frame-Options': 'ALLOWALL',
    'cache-control': 'public',
    'Service-Worker-Allowed': '/',
    'Clear-Site-Data': '"*"',
    'Access-Control-Allow-Origin': 'https://evil.example',
    'Access-Control-Allow-Credentials': 'true',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'WWW-Authenticate': 'Basic realm="console"',
    'Alt-Svc': 'h3="evil.example:443"',
  }
  const ways: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(200, { 'content-type': 'text/html', ...hostile }),
    (response) => response.writeHead(200, 'Fine', ['content-type', 'text/html', ...Object.entries(hostile).flat()]),
    (response) => {
      for (const [name, value] of Object.entries({ 'content-type': 'text/html', ...hostile })) {
        response.setHeader(name, value)
      }
    },
  ]
  for (const way of ways) {
    answerWith((_, response) => {
      way(response)
      response.end('<script>steal()</script>')
    })
    const { headers, body } = await ask('/console/objects/b/page.html', { headers: { cookie } })
    assert.equal(body, '<script>steal()</script>')
    assert.equal(headers['content-type'], 'text/html')
    assert.equal(
      headers['content-security-policy'],
      "sandbox allow-downloads; default-src 'none'; frame-ancestors 'none'",
    )
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['cache-control'], 'no-store')
    const kept = Object.keys(hostile).filter((name) => headers[name.toLowerCase()] !== undefined)
    assert.deepEqual(kept, ['content-security-policy', 'X-Frame-Options', 'cache-control'])
  }
})

test('a stream that is open ends when its session does', async (t) => {
  const { signIn, own, port, cookieOf, answerWith, ask } = await serve(t)
  const cookie = cookieOf(await signIn())
  answerWith((_, response) => void response.write('line\n'))
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path: '/console/api/sluice/v1/logs/follow',
    headers: { cookie },
    agent: false,
  })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  await once(response, 'data')
  const ended = once(response, 'error')
  await ask('/console/session', { method: 'DELETE', headers: { ...own, cookie } })
  const [error] = (await ended) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})

test('WebSockets of the console reach the platform, those of other pages do not', async (t) => {
  const { signIn, own, port, cookieOf } = await serve(t)
  const cookie = cookieOf(await signIn())
  const upgrade = async (path: string, headers: Record<string, string>) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      headers: { ...headers, connection: 'Upgrade', upgrade: 'websocket' },
    })
    outgoing.end()
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
    outgoing.on('response', (response) => {
      response.resume()
      resolve(response)
    })
    return promise
  }
  const path = '/console/api/2023-03-30/functions/f/instances/i/exec?command=sh'
  const accepted = await upgrade(path, { cookie, origin: own.origin })
  assert.equal(accepted.statusCode, 101)
  assert.equal(accepted.headers['x-url'], path.slice('/console/api'.length))
  assert.equal((await upgrade(path, { cookie, origin: 'http://localhost:1' })).statusCode, 403)
  assert.equal((await upgrade(path, { origin: own.origin })).statusCode, 401)
  assert.equal((await upgrade('/console/session', { cookie, origin: own.origin })).statusCode, 501)
})

test('browsers are shown the way to the console, programs are not, and other paths are left alone', async (t) => {
  const { ask } = await serve(t)
  const shown = await ask('/', { headers: { accept: 'text/html,*/*' } })
  assert.deepEqual([shown.status, shown.headers.location], [302, '/console/'])
  for (const path of ['/', '/consoles', '/2023-03-30/functions']) assert.equal((await ask(path)).status, 418)
})
