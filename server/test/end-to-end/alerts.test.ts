/** Alerts on one platform: a function that fails, those who hear of it, and a kill in between. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { AlertEvent, AlertNotice, AlertStatus } from '../../src/alerts/port.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const SECRET = 'hunter-2'

interface Call {
  delivery: string
  notice: AlertNotice
  signature: string
  answer: ServerResponse
}

/** Whom notices are posted to, by path; the test answers. */
function createReceiver() {
  const arrived = new Map<string, Call[]>()
  const waiting = new Map<string, (call: Call) => void>()
  const server = createServer((request, answer) => {
    void text(request).then((body) => {
      const header = (name: string) => String(request.headers[name] ?? '')
      const notice = JSON.parse(body) as AlertNotice
      const call = { delivery: header('x-sluice-delivery'), signature: header('x-sluice-signature'), notice, answer }
      arrived.set(request.url!, [...(arrived.get(request.url!) ?? []), call])
      waiting.get(request.url!)?.(call)
    })
  })
  return {
    server,
    /** The next one from now on. */
    next(path: string): Promise<Call> {
      return new Promise((resolve) => void waiting.set(path, resolve))
    },
    count: (path: string) => arrived.get(path)?.length ?? 0,
  }
}

const receiver = createReceiver()
const mails: string[] = []
let platform: TestPlatform
let smtp: SMTPServer
let url: string

before(async () => {
  receiver.server.listen(0, '127.0.0.1')
  await once(receiver.server, 'listening')
  url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`
  smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, callback) => callback(null, { user: username }),
    onData(stream, _session, callback) {
      void text(stream).then((mail) => {
        mails.push(mail)
        callback()
      })
    },
  })
  smtp.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  const { port } = smtp.server.address() as AddressInfo
  platform = await startPlatform({
    SLUICE_SANDBOX: 'process',
    SLUICE_SMTP_URL: `smtp://sluice:${SECRET}@127.0.0.1:${port}`,
    SLUICE_SMTP_FROM: 'sluice@example.com',
  })
  await platform.deploy('shop', { 'index.js': `exports.handler = async () => { throw new Error('sold out') }` })
  await platform.deploy('pager', {
    'index.js': `
      const { request } = require('node:http')
      exports.handler = (event) => new Promise((resolve, reject) => {
        request('${url}/pager', { method: 'POST' }, (answer) => answer.resume().on('end', resolve)).on('error', reject).end(event)
      })`,
  })
})
after(async () => {
  await platform.stop()
  receiver.server.close()
  receiver.server.closeAllConnections()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
})

async function alerts<Body>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Body> {
  const answer = await platform.call(method, `/sluice/v1/alerts${path}`, body)
  assert.ok(answer.status < 300, answer.text)
  return answer.json<Body & Record<string, unknown>>()
}

const history = async () => (await alerts<{ events: AlertEvent[] }>('GET', '/history?rule=shop-fails')).events

/** Every few moments, until the history has it: nobody tells when it is written. */
async function recorded(kind: AlertEvent['kind'], routes: readonly string[]): Promise<void> {
  for (;;) {
    const has = (await history()).filter((event) => event.kind === kind).map(({ route }) => route)
    if (routes.every((route) => has.includes(route))) return
  }
}

test('a route is tried by its test, which answers what became of it', async () => {
  await alerts('POST', '/routes', { name: 'hook', kind: 'webhook', url: `${url}/hook`, secret: SECRET })
  await alerts('POST', '/routes', { name: 'stuck', kind: 'webhook', url: `${url}/stuck` })
  await alerts('POST', '/routes', { name: 'mail', kind: 'email', to: ['ops@example.com'] })
  await alerts('POST', '/routes', { name: 'pager', kind: 'function', functionKey: 'pager' })
  const hook = receiver.next('/hook')
  const answer = alerts<{ deliveries: object[] }>('POST', '/routes/hook/test')
  const { notice, answer: response, signature } = await hook
  assert.equal(notice.state, 'test')
  assert.match(signature, /^v1=[0-9a-f]{64}$/)
  response.writeHead(503).end()
  const [delivery] = (await answer).deliveries as { ok: boolean; message: string }[]
  assert.deepEqual([delivery!.ok, delivery!.message], [false, 'it answered with status 503'])
})

test('a function that fails fires an alert: it is posted, mailed, and given to another function; what hangs holds up nobody, and is told after a kill', async () => {
  const rule = {
    name: 'shop-fails',
    description: 'The shop fails',
    metric: 'FunctionFunctionErrors',
    functionKey: 'shop',
    condition: { kind: 'threshold', comparison: '>=', threshold: 2 },
    windowSeconds: 10,
    severity: 'critical',
    routes: ['stuck', 'hook', 'mail', 'pager'],
  }
  await alerts('POST', '/rules', rule)
  const [hook, pager, stuck] = [receiver.next('/hook'), receiver.next('/pager'), receiver.next('/stuck')]
  await Promise.all([platform.invoke('shop'), platform.invoke('shop'), platform.invoke('shop')])
  const { notice, answer } = await hook
  answer.end()
  const run = await pager
  run.answer.end()
  assert.deepEqual([notice.rule, notice.state, notice.severity], ['shop-fails', 'firing', 'critical'])
  // They may be counted in two windows.
  assert.ok(notice.value === 2 || notice.value === 3, String(notice.value))
  assert.deepEqual(run.notice, notice)
  const first = await stuck
  await recorded('delivered', ['hook', 'mail', 'pager'])
  assert.equal(mails.length, 1)
  assert.match(mails[0]!, /^Subject: \[CRITICAL\] shop-fails: /m)

  await platform.kill()
  const again = receiver.next('/stuck')
  await platform.start()
  const second = await again
  second.answer.end()
  assert.deepEqual([second.delivery, second.notice], [first.delivery, first.notice])
  const { statuses } = await alerts<{ statuses: AlertStatus[] }>('GET', '/status')
  assert.equal(statuses[0]!.rule, 'shop-fails')
  await recorded('delivered', ['stuck'])
  assert.equal((await history()).filter(({ kind }) => kind === 'fired').length, 1)
  assert.equal(receiver.count('/pager'), 1)
  const metrics = (await platform.send('GET', '/metrics')).text
  assert.match(metrics, /sluice_alert_notices_total\{kind="webhook",outcome="delivered"\} 1/)
  assert.ok(!platform.output.includes(SECRET))
})
