/** What a function is told about itself and its caller: context, credentials, trace. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { REGION } from '../support/sdk.ts'

interface Seen {
  requestId: string
  credentials: { accessKeyId: string; accessKeySecret: string; securityToken: string }
  function: object
  service: object
  region: string
  accountId: string
  retryCount: number
  tracing: Record<string, unknown>
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const ROLE = 'acs:ram::1234567890123456:role/caller'

const CODE = {
  nodejs20: {
    'index.js': 'exports.handler = async (event, context) => context',
    'web2.js': `exports.handler = (request, response, context) =>
      response.send(JSON.stringify({ context, headers: request.headers }))`,
    'web3.js': `exports.handler = async (event, context) => {
      const headers = {}
      for (const [name, value] of Object.entries(JSON.parse(event).headers)) headers[name.toLowerCase()] = value
      return { context, headers }
    }`,
  },
  'python3.10': {
    'index.py': 'handler = lambda event, context: context.to_json()',
    'web2.py': `
import json
def handler(environ, start_response):
    start_response('200 OK', [])
    headers = {name[5:].replace('_', '-').lower(): environ[name] for name in environ if name.startswith('HTTP_')}
    return [json.dumps({'context': json.loads(environ['fc.context'].to_json()), 'headers': headers}).encode()]
`,
    'web3.py': `
import json
def handler(event, context):
    headers = {name.lower(): value for name, value in json.loads(event)['headers'].items()}
    return {'context': json.loads(context.to_json()), 'headers': headers}
`,
  },
}

let platform: TestPlatform
before(async () => void (platform = await startPlatform({ SLUICE_REGION: REGION })))
after(() => platform.stop())

for (const [runtime, files] of Object.entries(CODE)) {
  const name = runtime.replaceAll(/\W/g, '')

  test(`${runtime}: the context of both generations has every documented field`, async () => {
    await platform.deploy(name, files, { runtime, memorySize: 256, timeout: 7 })
    await platform.deploy(`${name}-2`, files, { service: 'shop', runtime, memorySize: 256, timeout: 7 })
    const answers = [await platform.invoke(name), await platform.invoke(`shop$${name}-2`)]
    for (const [at, answer] of answers.entries()) {
      const { credentials, ...seen } = answer.json<Seen>()
      assert.match(credentials.accessKeyId, /^STS\./)
      assert.ok(credentials.accessKeySecret !== '' && credentials.securityToken !== '')
      delete (seen as { waitsForEmptyEventLoopBeforeCallback?: boolean }).waitsForEmptyEventLoopBeforeCallback
      assert.deepEqual(seen, {
        requestId: answer.headers['x-fc-request-id'],
        function: {
          name: at === 0 ? name : `${name}-2`,
          handler: 'index.handler',
          memory: 256,
          timeout: 7,
          initializer: '',
          initializationTimeout: 0,
        },
        service: { name: at === 0 ? '' : 'shop', logProject: '', logStore: '', qualifier: 'LATEST', versionId: '' },
        region: REGION,
        accountId: platform.credentials.accountId,
        retryCount: 0,
        tracing: { openTracingSpanContext: '', openTracingSpanBaggages: {}, jaegerEndpoint: '' },
      })
    }
  })

  test(`${runtime}: the caller's trace reaches the context, and HTTP handlers as headers; none of it is answered`, async () => {
    const sent = {
      traceparent: TRACE,
      tracestate: 'a=1',
      baggage: 'user=k',
      'x-fc-tracing-opentracing-span-context': '5f22:5708:5f22:1',
      'x-fc-tracing-opentracing-span-baggage-user': 'k',
    }
    const expected = {
      openTracingSpanContext: '5f22:5708:5f22:1',
      openTracingSpanBaggages: { user: 'k' },
      jaegerEndpoint: '',
      traceparent: TRACE,
      tracestate: 'a=1',
      baggage: 'user=k',
    }
    const event = await platform.invoke(name, '', sent)
    assert.deepEqual(event.json<Seen>().tracing, expected)
    const answers = [event]
    for (const [handler, service] of [
      ['web2.handler', 'shop'],
      ['web3.handler', undefined],
    ] as const) {
      const options = { runtime, handler, http: true, ...(service === undefined ? {} : { service }) }
      const { host } = await platform.deploy(`${name}-${handler.slice(0, 4)}`, files, options)
      const answer = await platform.send('GET', '/', { host, headers: sent })
      const { context, headers } = answer.json<{ context: Seen; headers: Record<string, string> }>()
      assert.deepEqual(context.tracing, expected, handler)
      for (const [header, value] of Object.entries(sent)) assert.equal(headers[header], value, `${handler}: ${header}`)
      answers.push(answer)
    }
    for (const { headers } of answers) {
      const told = Object.keys(headers).filter((header) => /trac|baggage|credential|security/.test(header))
      assert.deepEqual(told, [])
    }
  })

  test(`${runtime}: a malformed traceparent is ignored, and fails nothing`, async () => {
    const answer = await platform.invoke(name, '', { traceparent: '00-nonsense', tracestate: 'a=1', baggage: 'user=k' })
    assert.equal(answer.headers['x-fc-error-type'], undefined)
    assert.deepEqual(answer.json<Seen>().tracing, {
      openTracingSpanContext: '',
      openTracingSpanBaggages: {},
      jaegerEndpoint: '',
      baggage: 'user=k',
    })
  })

  test(`${runtime}: where spans are to go is in the context`, async () => {
    const tracingConfig = { type: 'Jaeger', params: { endpoint: 'http://jaeger.test/api' } }
    await platform.deploy(`${name}-traced`, files, { runtime, tracingConfig })
    const { tracing } = (await platform.invoke(`${name}-traced`)).json<Seen>()
    assert.equal(tracing['jaegerEndpoint'], 'http://jaeger.test/api')
  })
}

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The vendor's client as users package it: what of `node_modules` it loads. */
function fc2Files(): Record<string, string> {
  const list = "require('@alicloud/fc2'); console.log(JSON.stringify(Object.keys(require.cache)))"
  const loaded = JSON.parse(
    execFileSync(process.execPath, ['-e', list], { cwd: join(root, 'server') }).toString(),
  ) as string[]
  const files: Record<string, string> = {}
  for (const path of loaded.filter((each) => each.startsWith(join(root, 'node_modules')))) {
    files[path.slice(root.length)] = readFileSync(path, 'utf8')
    for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
      const manifest = join(folder, 'package.json')
      if (existsSync(manifest)) files[manifest.slice(root.length)] = readFileSync(manifest, 'utf8')
      if (folder.endsWith('/node_modules')) break
    }
  }
  return files
}

const CALLER = `
const FC = require('@alicloud/fc2')
const clientOf = (accountId, credentials) => new FC(accountId, {
  accessKeyID: credentials.accessKeyId,
  accessKeySecret: credentials.accessKeySecret,
  securityToken: credentials.securityToken,
  region: process.env.FC_REGION,
  endpoint: process.env.SLUICE_ENDPOINT,
})
const attempt = async (work) => {
  try { return (await work()).data } catch (error) { return error.code + ' ' + error.message }
}
exports.handler = async (event, context) => {
  const { env } = process
  const clients = [context.credentials, {
    accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    securityToken: env.ALIBABA_CLOUD_SECURITY_TOKEN,
  }].map((credentials) => clientOf(context.accountId, credentials))
  return {
    answers: await Promise.all(clients.map((client, at) =>
      attempt(() => client.invokeFunction('shop', 'mirror', 'by client ' + at)))),
    deletion: await attempt(() => clients[0].deleteFunction('shop', 'mirror')),
  }
}`

test('the credentials of a function with a role are taken by the API, from context and environment, by the vendor’s client', async () => {
  const mirror = { 'index.js': 'exports.handler = async (event) => event' }
  await platform.deploy('mirror', mirror, { service: 'shop' })
  const files = { 'index.js': CALLER, ...fc2Files() }
  await platform.deploy('caller', files, { role: ROLE, timeout: 20 })
  const seen = (await platform.invoke('caller')).json<{ answers: string[]; deletion: string }>()
  assert.deepEqual(seen.answers, ['by client 0', 'by client 1'])
  assert.match(seen.deletion, /AccessDenied.*fc:DeleteFunction/)
  await platform.deploy('roleless', files, { timeout: 20 })
  const denied = (await platform.invoke('roleless')).json<{ answers: string[] }>()
  for (const answer of denied.answers) assert.match(answer, /AccessDenied.*fc:InvokeFunction/)
})
