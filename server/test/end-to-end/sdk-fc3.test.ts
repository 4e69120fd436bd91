/** From the first deploy to the last delete with the unmodified SDK of version 2023-03-30. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import sdk from '@alicloud/fc20230330'
import { RuntimeOptions } from '@darabonba/typescript'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { assertDownloads, callSignedTrigger, codeSaying, fc3Client, linesOf } from '../support/sdk.ts'
import { refused } from './management-support.ts'

let platform: TestPlatform
let client: ReturnType<typeof fc3Client>

before(async () => {
  platform = await startPlatform()
  client = fc3Client(platform)
  await createFunction('tool', 'index.handler')
})
after(() => platform.stop())

async function createFunction(functionName: string, handler: string) {
  const code = new sdk.InputCodeLocation({ zipFile: await codeSaying('first') })
  const body = new sdk.CreateFunctionInput({ functionName, runtime: 'nodejs20', handler, timeout: 1, code })
  return client.createFunction(new sdk.CreateFunctionRequest({ body }))
}

async function updateFunction(name: string, fields: Record<string, unknown>) {
  return client.updateFunction(name, new sdk.UpdateFunctionRequest({ body: new sdk.UpdateFunctionInput(fields) }))
}

interface Invoked {
  status: number | undefined
  headers: Record<string, string>
  body: Buffer
}

async function invoke(
  event: string | Buffer,
  headers: Record<string, string> = {},
  qualifier?: string,
  name = 'tool',
): Promise<Invoked> {
  const answer = await client.invokeFunctionWithOptions(
    name,
    new sdk.InvokeFunctionRequest({
      body: Readable.from([Buffer.from(event)]),
      ...(qualifier === undefined ? {} : { qualifier }),
    }),
    new sdk.InvokeFunctionHeaders(headers),
    new RuntimeOptions({}),
  )
  const body = answer.body === undefined ? Buffer.alloc(0) : await buffer(answer.body)
  return { status: answer.statusCode, headers: answer.headers ?? {}, body }
}

test('text and bytes pass unchanged, and the answer carries status and headers', async () => {
  const answer = await invoke('hello')
  assert.deepEqual([answer.status, answer.body.toString()], [200, 'hello'])
  assert.match(answer.headers['x-fc-request-id'] ?? '', /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)
  assert.equal(answer.headers['x-fc-invocation-code-version'], 'LATEST')
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251))
  assert.ok((await invoke(bytes)).body.equals(bytes))
})

test('the log tail comes back in base64, and the platform finds the same lines by the request id', async () => {
  const { headers } = await invoke(JSON.stringify({ print: 'a line' }), { xFcLogType: 'Tail' })
  const tail = Buffer.from(headers['x-fc-log-result']!, 'base64').toString()
  assert.match(tail, /a line/)
  const stored = await linesOf(platform, 'tool', headers['x-fc-request-id']!)
  assert.deepEqual(
    stored.map(({ text }) => text),
    tail.split('\n').slice(0, 3),
  )
})

test('errors of the function are told apart from its answers by their type', async () => {
  const thrown = await invoke(JSON.stringify({ throw: 'on purpose' }))
  assert.deepEqual([thrown.status, thrown.headers['x-fc-error-type']], [200, 'HandledInvocationError'])
  assert.equal(JSON.parse(thrown.body.toString()).errorType, 'TypeError')
  const left = await invoke(JSON.stringify({ exit: 9 }))
  assert.equal(left.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.equal(JSON.parse(left.body.toString()).cause, 'exit code 9')
  const late = await invoke(JSON.stringify({ hang: true }))
  assert.equal(JSON.parse(late.body.toString()).errorMessage, 'Task timed out after 1 seconds')
})

test('new code answers at once; versions and aliases keep the old, and the code can be fetched back', async () => {
  const greet = async (qualifier?: string) =>
    (await invoke(JSON.stringify({ greet: true }), {}, qualifier)).body.toString()
  const publish = () =>
    client.publishFunctionVersion(
      'tool',
      new sdk.PublishFunctionVersionRequest({ body: new sdk.PublishVersionInput({ description: 'd' }) }),
    )
  assert.equal(await greet(), 'first')
  assert.equal((await publish()).body?.versionId, '1')
  const zipFile = await codeSaying('second')
  const updated = await updateFunction('tool', { code: new sdk.InputCodeLocation({ zipFile }) })
  assert.equal(await greet(), 'second')
  await publish()
  const alias = { aliasName: 'live', versionId: '1', additionalVersionWeight: { 2: 0.5 } }
  await client.createAlias('tool', new sdk.CreateAliasRequest({ body: new sdk.CreateAliasInput(alias) }))
  assert.deepEqual([await greet('1'), await greet('2'), await greet('LATEST')], ['first', 'second', 'second'])
  const seen = new Set<string>()
  for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(await greet('live'))
  assert.deepEqual([...seen].toSorted(), ['first', 'second'])

  const link = await client.getFunctionCode('tool', new sdk.GetFunctionCodeRequest({}))
  assert.equal(link.body?.checksum, updated.body?.codeChecksum)
  await assertDownloads(link.body?.url, zipFile)
})

test('an HTTP trigger is called by its host name, signed and without', async () => {
  const http = async (functionName: string, authType: string) => {
    await createFunction(functionName, 'web3.handler')
    const triggerConfig = JSON.stringify({ authType, methods: ['GET', 'POST'] })
    const body = new sdk.CreateTriggerInput({ triggerName: 'http', triggerType: 'http', triggerConfig })
    const created = await client.createTrigger(functionName, new sdk.CreateTriggerRequest({ body }))
    return new URL(created.body?.httpTrigger?.urlInternet ?? '').host
  }
  const closed = await http('closed', 'function')
  const open = await http('open', 'anonymous')

  const signed = await callSignedTrigger(platform, 'GET', closed, '/a/b?q=1&z=x')
  assert.equal(signed.status, 200, signed.text)
  assert.deepEqual(signed.json(), { method: 'GET', path: '/a/b', queries: { q: '1', z: 'x' }, body: '' })
  assert.equal((await platform.send('GET', '/a/b', { host: closed })).status, 403)
  const written = await platform.send('POST', '/orders', { host: open, body: 'one dozen' })
  assert.deepEqual([written.status, written.json()['body']], [201, 'one dozen'])
  assert.equal(written.headers['x-seen'], 'by the function')
})

test('a function of the older API is invoked under its name service$function', async () => {
  await platform.deploy('tool', {}, { service: 'shop', code: { zipFile: await codeSaying('from the older API') } })
  const answer = await invoke(JSON.stringify({ greet: true }), {}, undefined, 'shop$tool')
  assert.equal(answer.body.toString(), 'from the older API')
})

test('lists are paged to their end', async () => {
  const names: (string | undefined)[] = []
  let nextToken: string | undefined
  do {
    const page = { limit: 2, fcVersion: 'v3', ...(nextToken === undefined ? {} : { nextToken }) }
    const { body } = await client.listFunctions(new sdk.ListFunctionsRequest(page))
    names.push(...(body?.functions ?? []).map(({ functionName }) => functionName))
    nextToken = body?.nextToken
  } while (nextToken !== undefined)
  assert.deepEqual(names, ['closed', 'open', 'tool'])
})

test('refusals reach the caller as the SDK raises them: code, status and message', async () => {
  await assert.rejects(invoke('', {}, undefined, 'absent'), (error: Error & { code: string; statusCode: number }) => {
    assert.deepEqual([error.code, error.statusCode], ['FunctionNotFound', 404])
    assert.match(error.message, /code: 404, function 'absent' does not exist\. request id: 1-[0-9a-f-]+$/)
    return true
  })
  await refused(invoke('', {}, 'nobody'), 'AliasNotFound', /code: 404/)
  await refused(createFunction('tool', 'index.handler'), 'FunctionAlreadyExists', /code: 409/)
  await refused(updateFunction('tool', { timeout: 0 }), 'InvalidArgument', /code: 400, .*timeout/)
  await client.disableFunctionInvocation('open', new sdk.DisableFunctionInvocationRequest({ reason: 'closing' }))
  await refused(invoke('', {}, undefined, 'open'), 'FunctionInvocationDisabled', /code: 403, .*closing/)
  const byStranger = fc3Client(platform, 'another secret').invokeFunction(
    'tool',
    new sdk.InvokeFunctionRequest({ body: Readable.from([Buffer.from('x')]) }),
  )
  await refused(byStranger, 'SignatureNotMatch', /code: 403, .*Check your access key and signing method/)
})

test('what was deleted answers no more', async () => {
  await refused(client.deleteFunction('closed'), 'FunctionNotEmpty', /code: 409, .*triggers/)
  await client.deleteTrigger('closed', 'http')
  await client.deleteFunction('closed')
  await client.deleteAlias('tool', 'live')
  for (const version of ['1', '2']) await client.deleteFunctionVersion('tool', version)
  await client.deleteFunction('tool')
  await refused(invoke(''), 'FunctionNotFound', /code: 404/)
})
