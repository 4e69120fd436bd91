/** Requests of the vendor's own clients, as they arrive on a socket, are accepted. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { systemClock, systemRandom } from '../clock.ts'
import { createTokenIssuer } from './security-token.ts'
import { ACCOUNT_ID, KEY, TOKEN_KEY, makeAuthenticator } from './test-support.ts'
import type { AddressInfo } from 'node:net'
import type { Authenticated, Credentials, SignedRequest } from './port.ts'

type Client = Record<string, (...parameters: unknown[]) => Promise<unknown>>
type Model = new (fields: Record<string, unknown>) => object
interface OpenApiModule {
  default: new (config: object) => Client
  [model: string]: Model
}
interface SignatureHelper {
  getAuthorization(request: object, algorithm: string, payload: string, key: string, secret: string): string
  getStringToSign(request: object): string
  getROASignature(text: string, secret: string): string
}

const require = createRequire(import.meta.url)
const Fc2 = require('@alicloud/fc2') as new (accountId: string, config: object) => Client
const fc3 = require('@alicloud/fc20230330') as OpenApiModule
const fcOpen = require('@alicloud/fc-open20210406') as OpenApiModule
const { Config } = require('@alicloud/openapi-client') as { Config: Model }
const helper = (require('@alicloud/openapi-util') as { default: SignatureHelper }).default

const { authenticate } = makeAuthenticator(systemClock)
const sts = createTokenIssuer({ tokenKey: TOKEN_KEY }, { random: systemRandom }).issue(
  'fn',
  'role',
  systemClock.nowMs(),
)

/** What the server found out about each request, newest last. */
const outcomes: (Authenticated | string)[] = []
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    try {
      const accepted = authenticate({ method: request.method!, url: request.url!, headers: request.headers })
      if (accepted.bodySha256 !== null) assert.equal(accepted.bodySha256, hash('sha256', Buffer.concat(chunks)))
      outcomes.push(accepted)
    } catch (error) {
      outcomes.push(`${request.method} ${request.url}: ${String(error)}`)
    }
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
})
let host = ''

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => server.close())

async function principalOf(call: Promise<unknown>): Promise<Authenticated['principal']> {
  const seen = outcomes.length
  await call
  assert.equal(outcomes.length, seen + 1)
  const outcome = outcomes.at(-1)!
  if (typeof outcome === 'string') assert.fail(outcome)
  return outcome.principal
}

const ACCOUNT = { kind: 'account', accountId: ACCOUNT_ID }
const FUNCTION = { kind: 'function', accountId: ACCOUNT_ID, functionKey: 'fn', role: 'role' }

const holders: [string, Pick<Credentials, 'accessKeyId' | 'accessKeySecret' | 'securityToken'>, object][] = [
  ['account key', KEY, ACCOUNT],
  ['STS credentials', sts, FUNCTION],
]
for (const [name, key, expected] of holders) {
  test(`the 2016-08-15 client, ${name}`, async () => {
    const client = new Fc2(ACCOUNT_ID, {
      accessKeyID: key.accessKeyId,
      accessKeySecret: key.accessKeySecret,
      securityToken: key.securityToken,
      region: 'cn-hangzhou',
      endpoint: `http://${host}`,
    })
    assert.deepEqual(await principalOf(client['createService']!('svc', { description: 'é 中' })), expected)
    assert.deepEqual(await principalOf(client['listServices']!({ limit: 2, prefix: 'a b' })), expected)
    const query = { q: '1', z: 'x y+*~', arr: ['2', '1'], 中: '文' }
    assert.deepEqual(await principalOf(client['get']!('/proxy/svc/fn/a b/c', query, {})), expected)
    assert.deepEqual(await principalOf(client['invokeFunction']!('svc', 'fn', Buffer.from([0, 255]))), expected)
    const arn = 'acs:fc:cn-hangzhou:1:layers/l/versions/1'
    assert.deepEqual(await principalOf(client['getLayerVersionByArn']!(arn)), expected)
  })

  const config = () =>
    new Config({
      accessKeyId: key.accessKeyId,
      accessKeySecret: key.accessKeySecret,
      ...(key.securityToken === null ? {} : { securityToken: key.securityToken }),
      endpoint: host,
      protocol: 'http',
      regionId: 'cn-hangzhou',
    })
  const listing = { prefix: `a b*'()!~+&=é中`, limit: 3 }

  test(`the 2021-04-06 client, ${name}`, async () => {
    const client = new fcOpen.default(config())
    const tags = new fcOpen['TagResourceRequest']!({ resourceArn: 'acs:fc:é', tags: { a: '中' } })
    const list = new fcOpen['ListFunctionsRequest']!(listing)
    assert.deepEqual(await principalOf(client['tagResource']!(tags)), expected)
    assert.deepEqual(await principalOf(client['listFunctions']!('svc', list)), expected)
    assert.deepEqual(await principalOf(client['deleteService']!('a b+c')), expected)
  })

  test(`the 2023-03-30 client, ${name}`, async () => {
    const client = new fc3.default(config())
    const body = new fc3['CreateFunctionInput']!({ functionName: 'fn', description: 'é中', runtime: 'nodejs20' })
    const list = new fc3['ListFunctionsRequest']!(listing)
    const create = new fc3['CreateFunctionRequest']!({ body })
    const invoke = new fc3['InvokeFunctionRequest']!({ body: Readable.from([Buffer.from([0, 255])]) })
    assert.deepEqual(await principalOf(client['createFunction']!(create)), expected)
    assert.deepEqual(await principalOf(client['listFunctions']!(list)), expected)
    assert.deepEqual(await principalOf(client['invokeFunction']!('svc$fn', invoke)), expected)
    assert.deepEqual(await principalOf(client['deleteFunction']!('svc$fn')), expected)
  })
}

test('what the signature helpers of the vendor sign for HTTP triggers', () => {
  const { accessKeyId, accessKeySecret } = KEY
  const url = '/a%20b/c?foo=bar%20baz&empty=&z=%2A'
  const query = { z: '*', foo: 'bar baz', empty: '' }
  const date = new Date(systemClock.nowMs())

  const acs3Headers = { 'x-acs-date': date.toISOString() }
  const unsent = { method: 'PUT', pathname: '/a%20b/c', query, headers: acs3Headers }
  const acs3 = helper.getAuthorization(unsent, 'ACS3-HMAC-SHA256', '', accessKeyId, accessKeySecret)
  const roaHeaders = { date: date.toUTCString(), accept: '*/*', 'x-acs-b': '2', 'x-acs-a': '1' }
  const roaText = helper.getStringToSign({ ...unsent, headers: roaHeaders })
  const roa = `acs ${accessKeyId}:${helper.getROASignature(roaText, accessKeySecret)}`

  const requests: SignedRequest[] = [
    { method: 'PUT', url, headers: { ...acs3Headers, authorization: acs3 }, httpTrigger: true },
    { method: 'PUT', url, headers: { ...roaHeaders, authorization: roa }, httpTrigger: true },
  ]
  for (const request of requests) assert.deepEqual(authenticate(request).principal, ACCOUNT)
})
