import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FcError } from '../errors.ts'
import { makeZip } from '../packages/zip-fixtures.ts'
import type { ApiDeps } from './app.ts'
import { BODY_BYTES_MAX } from './body-limits.ts'
import { ACCOUNT_ID, handClock, openDoor, startApi, zipSaying } from './test-support.ts'

async function start(context: TestContext, deps: Partial<ApiDeps> = {}) {
  const clock = handClock()
  const api = await startApi(clock, deps)
  context.after(() => api.close())
  return { ...api, clock }
}

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { Code: string }).Code
}

test('a request without credentials is refused before its body is read', async (context) => {
  const authenticator = {
    authenticate: () => {
      throw new FcError('AccessDenied', 'no credentials')
    },
  }
  const { url } = await start(context, { authenticator })
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const call = request(`${url}/2023-03-30/functions`, {
      method: 'POST',
      headers: { 'content-length': String(100 * 1024 * 1024) },
    })
    call.on('response', (response) => {
      resolve(response.statusCode)
      call.destroy()
    })
    call.on('error', reject)
    call.flushHeaders()
  })
  assert.equal(answer, 403)
})

test('a body other than the signed one is refused', async (context) => {
  const bodySha256 = createHash('sha256').update('{"serviceName":"a"}').digest('hex')
  const principal = { kind: 'account', accountId: ACCOUNT_ID } as const
  const { url } = await start(context, { authenticator: { authenticate: () => ({ principal, bodySha256 }) } })
  const post = (body: string) => fetch(`${url}/2021-04-06/services`, { method: 'POST', body })
  assert.equal(await codeOf(await post('{"serviceName":"b"}')), 'SignatureNotMatch')
  assert.equal((await post('{"serviceName":"a"}')).status, 200)
  assert.equal(await codeOf(await fetch(`${url}/2021-04-06/services/b`)), 'SignatureNotMatch')
})

test('the authorizer hears the operation and the ARN of what it acts on', async (context) => {
  const asked: string[] = []
  const authorizer = {
    authorize: (_principal: unknown, action: string, resource: string) => {
      asked.push(`${action} ${resource.replace(/^acs:fc:cn-hangzhou:1234567890123456:/, '')}`)
      throw new FcError('AccessDenied', `${action} on ${resource} is not allowed`)
    },
  }
  const { url } = await start(context, { authorizer })
  const post = (path: string, body: object) => fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
  const refused = await post('/2016-08-15/services', { serviceName: 'a' })
  assert.equal(await codeOf(refused), 'AccessDenied')
  await fetch(`${url}/2021-04-06/services/a/functions/f/triggers/t`)
  await fetch(`${url}/2023-03-30/functions`)
  await fetch(`${url}/2023-03-30/functions/f/code`)
  await post('/2023-03-30/functions/f/invoke/disable', {})
  await fetch(`${url}/2021-04-06/account-settings`)
  assert.deepEqual(asked, [
    'fc:CreateService services/a',
    'fc:GetTrigger services/a/functions/f/triggers/t',
    'fc:ListFunctions functions/*',
    'fc:GetFunctionCode functions/f',
    'fc:DisableFunctionInvocation functions/f',
    'fc:GetAccountSettings *',
  ])
})

test('a body over the bound is EntityTooLarge, whatever the call', async (context) => {
  const { url } = await start(context)
  const body = JSON.stringify({ serviceName: 'a', description: 'x'.repeat(BODY_BYTES_MAX) })
  const response = await fetch(`${url}/2016-08-15/services`, { method: 'POST', body })
  assert.equal(response.status, 400)
  assert.equal(await codeOf(response), 'EntityTooLarge')
})

test('a call that carries code takes more than one that does not', async (context) => {
  const { url } = await start(context)
  const content = randomBytes(BODY_BYTES_MAX)
  const zipFile = makeZip([{ name: 'data.bin', content }]).toString('base64')
  const response = await fetch(`${url}/2023-03-30/functions`, {
    method: 'POST',
    body: JSON.stringify({ functionName: 'big', runtime: 'nodejs20', handler: 'h.h', code: { zipFile } }),
  })
  assert.equal(response.status, 200)
})

test('a large package arrives whole, and only if the signature covers it', async (context) => {
  const content = randomBytes(2 * BODY_BYTES_MAX)
  const zip = makeZip([{ name: 'data.bin', content }])
  const body = JSON.stringify({
    functionName: 'big',
    runtime: 'nodejs20',
    handler: 'h.h',
    code: { zipFile: zip.toString('base64') },
  })
  const principal = { kind: 'account', accountId: ACCOUNT_ID } as const
  let bodySha256: string | null = createHash('sha256').update(body).digest('hex')
  const { url } = await start(context, { authenticator: { authenticate: () => ({ principal, bodySha256 }) } })
  const post = (text: string) => fetch(`${url}/2023-03-30/functions`, { method: 'POST', body: text })
  assert.equal(await codeOf(await post(`${body} `)), 'SignatureNotMatch')
  assert.equal((await post(body)).status, 200)
  bodySha256 = null
  const { url: link } = (await (await fetch(`${url}/2023-03-30/functions/big/code`)).json()) as { url: string }
  assert.deepEqual(Buffer.from(await (await fetch(link)).arrayBuffer()), zip)
})

test('large bodies are refused in the order and the words of small ones', async (context) => {
  const { url } = await start(context)
  const long = Buffer.alloc(BODY_BYTES_MAX).toString('base64')
  const post = async (body: string) => {
    const response = await fetch(`${url}/2023-03-30/functions`, { method: 'POST', body })
    return ((await response.json()) as { Message: string }).Message
  }
  const create = (fields: object, zipFile: string) =>
    JSON.stringify({ functionName: 'f', runtime: 'nodejs20', handler: 'h.h', ...fields, code: { zipFile } })
  assert.equal(await post(create({}, long).slice(0, -1)), 'the body must be JSON')
  assert.match(await post(create({ functionName: '1' }, `${long}!`)), /^functionName must be/)
  assert.match(await post(create({ timeout: 'x' }, `${long}!`)), /^timeout must be/)
  assert.equal(await post(create({}, `${long}!`)), 'code.zipFile must be a zip file in base64')
  assert.match(await post(create({}, long)), /^the code package is not accepted/)
})

test('malformed paths and content types are refused in our words', async (context) => {
  const { url } = await start(context)
  const bad = await fetch(`${url}/2016-08-15/services/%zz`)
  assert.deepEqual([bad.status, await codeOf(bad)], [400, 'InvalidArgument'])
  assert.match(bad.headers.get('x-fc-request-id') ?? '', /^[0-9a-f-]{36}$/)
  const headers = { 'content-type': 'not a type' }
  const odd = await fetch(`${url}/2016-08-15/services`, { method: 'POST', headers, body: '{"serviceName":"a"}' })
  assert.deepEqual([odd.status, await codeOf(odd)], [400, 'InvalidArgument'])
})

test('routes added by others get authentication, parsed bodies and the error body', async (context) => {
  const { url } = await start(context, {
    authenticator: openDoor.authenticator,
    extraRoutes(app) {
      app.post('/sluice/echo', async (request) => ({ who: request.principal.kind, body: request.body }))
      app.get('/sluice/fail', async () => {
        throw new FcError('ServiceUnavailable', 'not now')
      })
    },
  })
  const echo = await fetch(`${url}/sluice/echo`, { method: 'POST', body: '{"a":1}' })
  assert.deepEqual(await echo.json(), { who: 'account', body: { a: 1 } })
  const failed = await fetch(`${url}/sluice/fail`)
  assert.deepEqual([failed.status, await codeOf(failed)], [503, 'ServiceUnavailable'])
})

test('a defect is told to the log and not to the caller', async (context) => {
  const heard: string[] = []
  const { url } = await start(context, {
    extraRoutes(app) {
      app.get('/sluice/defect', async () => {
        throw new Error('secret detail')
      })
    },
    onDefect: (error, requestId) => heard.push(`${String(error)} ${requestId}`),
  })
  const response = await fetch(`${url}/sluice/defect`)
  const text = await response.text()
  assert.equal(response.status, 500)
  assert.doesNotMatch(text, /secret/)
  assert.deepEqual(heard, [`Error: secret detail ${response.headers.get('x-fc-request-id')}`])
})

test('every version describes itself, with what it does not offer', async (context) => {
  const { url } = await start(context)
  for (const [version, operation, path] of [
    ['2016-08-15', 'UntagResource', '/2016-08-15/tag'],
    ['2021-04-06', 'PublishServiceVersion', '/2021-04-06/services/{serviceName}/versions'],
    ['2023-03-30', 'PutScalingConfig', '/2023-03-30/functions/{functionName}/scaling-config'],
  ] as const) {
    const response = await fetch(`${url}/${version}/openapi.json`)
    const document = (await response.json()) as { paths: Record<string, Record<string, { operationId: string }>> }
    const operations = Object.values(document.paths[path] ?? {}).map((item) => item.operationId)
    assert.ok(operations.includes(operation), `${version}: ${operations.join(' ')}`)
  }
})

test('a package link ends, and covers one package', async (context) => {
  const { url, clock } = await start(context)
  const create = (functionName: string, text: string) =>
    fetch(`${url}/2023-03-30/functions`, {
      method: 'POST',
      body: JSON.stringify({ functionName, runtime: 'nodejs20', handler: 'h.h', code: { zipFile: zipSaying(text) } }),
    })
  await create('a', 'one')
  await create('b', 'two')
  const link = async (name: string) => {
    const response = await fetch(`${url}/2023-03-30/functions/${name}/code`)
    return ((await response.json()) as { url: string }).url
  }
  const [first, second] = [await link('a'), await link('b')]
  assert.equal((await fetch(first)).status, 200)
  const swapped = first.replace(/[0-9a-f]{64}\.zip/, /[0-9a-f]{64}\.zip/.exec(second)![0])
  assert.equal((await fetch(swapped)).status, 403)
  clock.advance(3601 * 1000)
  assert.equal((await fetch(first)).status, 403)
})
