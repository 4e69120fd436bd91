/** The vendor's own clients, unmodified, pointed at a running platform; and the function that they deploy. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import fcOpen from '@alicloud/fc-open20210406'
import fc3 from '@alicloud/fc20230330'
import { Config } from '@alicloud/openapi-client'
import { $OpenApiUtil } from '@alicloud/openapi-core'
import { zip, type Answer, type TestPlatform } from './platform.ts'

export const REGION = 'cn-hangzhou'

/** `@alicloud/fc2` comes without types; this is what the tests call of it. */
export interface Fc2Client {
  /** Any method by its name in the SDK. */
  call(method: string, ...parameters: unknown[]): Promise<Fc2Answer>
}

export interface Fc2Answer {
  headers: Record<string, string>
  data: Record<string, unknown>
}

type Fc2Class = new (
  accountId: string,
  config: object,
) => Record<string, ((...parameters: unknown[]) => Promise<Fc2Answer>) | undefined>

/** `secret`: another one than the account's. */
export function fc2Client(platform: TestPlatform, secret?: string): Fc2Client {
  const { accountId, accessKeyId, accessKeySecret } = platform.credentials
  const FC = createRequire(import.meta.url)('@alicloud/fc2') as Fc2Class
  const client = new FC(accountId, {
    accessKeyID: accessKeyId,
    accessKeySecret: secret ?? accessKeySecret,
    region: REGION,
    endpoint: `http://127.0.0.1:${platform.port}`,
  })
  return {
    call(method, ...parameters) {
      const operation = client[method]
      assert.ok(operation, `the SDK has no ${method}`)
      return operation.apply(client, parameters)
    },
  }
}

const configOf = (platform: TestPlatform, secret?: string) => ({
  accessKeyId: platform.credentials.accessKeyId,
  accessKeySecret: secret ?? platform.credentials.accessKeySecret,
  endpoint: `127.0.0.1:${platform.port}`,
  protocol: 'http',
  regionId: REGION,
  // Their time-outs go on after the answer, on a connection that the client of 2016 may have by then: they broke its calls.
  readTimeout: 600_000,
})

export function fcOpenClient(platform: TestPlatform, secret?: string): InstanceType<typeof fcOpen.default> {
  return new fcOpen.default(new Config(configOf(platform, secret)))
}

export function fc3Client(platform: TestPlatform, secret?: string): InstanceType<typeof fc3.default> {
  return new fc3.default(new $OpenApiUtil.Config(configOf(platform, secret)))
}

/** Signs a call of an HTTP trigger by host name as the vendor's samples do: with the SDK's helper, without a nonce. */
export function callSignedTrigger(platform: TestPlatform, method: string, host: string, path: string): Promise<Answer> {
  const helper = createRequire(import.meta.url)('@alicloud/openapi-util') as {
    default: { getAuthorization(request: object, algorithm: string, payload: string, id: string, key: string): string }
  }
  const { accessKeyId, accessKeySecret } = platform.credentials
  const url = new URL(path, `http://${host}`)
  const headers: Record<string, string> = { 'x-acs-date': new Date().toISOString().replace(/\.\d{3}Z$/, 'Z') }
  const signed = { method, pathname: url.pathname, query: Object.fromEntries(url.searchParams), headers }
  const authorization = helper.default.getAuthorization(signed, 'ACS3-HMAC-SHA256', '', accessKeyId, accessKeySecret)
  return platform.send(method, path, { host, headers: { ...headers, authorization } })
}

/** Answers by order: the event comes back unless it asks for something else. */
const eventHandler = (greeting: string) => `
  exports.handler = (event, context, callback) => {
    const order = event[0] === 0x7b ? JSON.parse(event) : {}
    if (order.print) console.log(order.print)
    if (order.throw) return callback(new TypeError(order.throw))
    if (order.exit !== undefined) process.exit(order.exit)
    if (order.hang) return
    if (order.greet) return callback(null, ${JSON.stringify(greeting)})
    callback(null, event)
  }`

/** Shows what it was asked, as an HTTP function of 2.0. */
const webHandler2 = `
  exports.handler = (request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, path, queries, headers } = request
      const body = Buffer.concat(chunks).toString()
      response.setStatusCode(method === 'POST' ? 201 : 200)
      response.setHeader('content-type', 'application/json')
      response.setHeader('x-seen', 'by the function')
      response.send(JSON.stringify({ method, path, queries, body, authorization: headers.authorization ?? null }))
    })
  }`

/** The same as an HTTP function of 3.0. */
const webHandler3 = `
  exports.handler = async (event) => {
    const { requestContext, rawPath, queryParameters, body } = JSON.parse(event)
    const { method } = requestContext.http
    return { statusCode: method === 'POST' ? 201 : 200, headers: { 'x-seen': 'by the function' },
      body: JSON.stringify({ method, path: rawPath, queries: queryParameters, body }) }
  }`

/** `index.handler` greets with `greeting`; `web2.handler` and `web3.handler` answer HTTP. Base64, as the API takes it. */
export async function codeSaying(greeting: string): Promise<string> {
  const files = { 'index.js': eventHandler(greeting), 'web2.js': webHandler2, 'web3.js': webHandler3 }
  return (await zip(files)).toString('base64')
}

export interface LoggedLine {
  requestId: string
  stream: string
  text: string
}

/** What the platform kept of one request, markers included. */
export async function linesOf(platform: TestPlatform, functionKey: string, requestId: string): Promise<LoggedLine[]> {
  const query = new URLSearchParams({ function: functionKey, requestId }).toString()
  const answer = await platform.call('GET', `/sluice/v1/logs?${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ lines: LoggedLine[] }>().lines
}

/** Downloads a package by the link that GetFunctionCode gave, without credentials, and compares it with what was sent. */
export async function assertDownloads(url: unknown, zipBase64: string): Promise<void> {
  const response = await fetch(String(url))
  assert.equal(response.status, 200)
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(zipBase64, 'base64')))
}
