/** From the first deploy to the last delete with the unmodified SDK of version 2021-04-06. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sdk from '@alicloud/fc-open20210406'
import { RuntimeOptions } from '@alicloud/tea-util'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { assertDownloads, callSignedTrigger, codeSaying, fcOpenClient, linesOf } from '../support/sdk.ts'
import { refused } from './management-support.ts'

const SERVICE = 'shop'
let platform: TestPlatform
let client: ReturnType<typeof fcOpenClient>
const firstCode = await codeSaying('first')

before(async () => {
  platform = await startPlatform()
  client = fcOpenClient(platform)
  await client.createService(new sdk.CreateServiceRequest({ serviceName: SERVICE }))
  await createFunction('tool', 'index.handler')
})
after(() => platform.stop())

async function createFunction(functionName: string, handler: string) {
  const code = new sdk.Code({ zipFile: firstCode })
  const request = new sdk.CreateFunctionRequest({ functionName, runtime: 'nodejs16', handler, timeout: 1, code })
  return client.createFunction(SERVICE, request)
}

const invoke = (event: string | Buffer, headers: Record<string, string> = {}, qualifier?: string) =>
  client.invokeFunctionWithOptions(
    SERVICE,
    'tool',
    new sdk.InvokeFunctionRequest({ body: Buffer.from(event), ...(qualifier === undefined ? {} : { qualifier }) }),
    new sdk.InvokeFunctionHeaders(headers),
    new RuntimeOptions({}),
  )

test('events and answers pass unchanged, and the answer carries status and headers', async () => {
  const answer = await invoke('héllo')
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.body.toString(), 'héllo')
  assert.match(answer.headers['x-fc-request-id'] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.match(answer.headers['x-fc-invocation-duration'] ?? '', /^\d+$/)
  const plain = await client.invokeFunction(SERVICE, 'tool', new sdk.InvokeFunctionRequest({}))
  assert.equal(plain.body.length, 0)
})

test('the log tail comes back in base64, and the platform finds the same lines by the request id', async () => {
  const { headers } = await invoke(JSON.stringify({ print: 'a line' }), { xFcLogType: 'Tail' })
  const id = headers['x-fc-request-id']!
  const tail = Buffer.from(headers['x-fc-log-result']!, 'base64').toString()
  assert.match(tail, /a line/)
  const stored = await linesOf(platform, `${SERVICE}$tool`, id)
  assert.deepEqual(
    stored.map(({ text }) => text),
    tail.split('\n').slice(0, 3),
  )
})

test('errors of the function are told apart from its answers by their type', async () => {
  const thrown = await invoke(JSON.stringify({ throw: 'on purpose' }))
  assert.equal(thrown.headers['x-fc-error-type'], 'HandledInvocationError')
  assert.equal(JSON.parse(thrown.body.toString()).errorMessage, 'on purpose')
  const late = await invoke(JSON.stringify({ hang: true }))
  assert.equal(late.statusCode, 200)
  assert.equal(late.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.equal(JSON.parse(late.body.toString()).errorMessage, 'Task timed out after 1 seconds')
})

test('new code answers at once; versions and aliases keep the old, and the code can be fetched back', async () => {
  const greet = async (qualifier?: string) =>
    (await invoke(JSON.stringify({ greet: true }), {}, qualifier)).body.toString()
  const publish = () => client.publishServiceVersion(SERVICE, new sdk.PublishServiceVersionRequest({}))
  assert.equal(await greet(), 'first')
  assert.equal((await publish()).body.versionId, '1')
  const zipFile = await codeSaying('second')
  const code = new sdk.Code({ zipFile })
  const updated = await client.updateFunction(SERVICE, 'tool', new sdk.UpdateFunctionRequest({ code }))
  assert.equal(await greet(), 'second')
  await publish()
  await client.createAlias(
    SERVICE,
    new sdk.CreateAliasRequest({ aliasName: 'live', versionId: '1', additionalVersionWeight: { 2: 0.5 } }),
  )
  assert.deepEqual([await greet('1'), await greet('2'), await greet('LATEST')], ['first', 'second', 'second'])
  const seen = new Set<string>()
  for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(await greet('live'))
  assert.deepEqual([...seen].toSorted(), ['first', 'second'])

  const link = await client.getFunctionCode(SERVICE, 'tool', new sdk.GetFunctionCodeRequest({}))
  assert.equal(link.body.checksum, updated.body.codeChecksum)
  await assertDownloads(link.body.url, zipFile)
  const first = await client.getFunctionCode(SERVICE, 'tool', new sdk.GetFunctionCodeRequest({ qualifier: '1' }))
  await assertDownloads(first.body.url, firstCode)
})

test('an HTTP trigger is called by its host name, signed and without', async () => {
  const http = async (functionName: string, authType: string) => {
    await createFunction(functionName, 'web2.handler')
    const triggerConfig = JSON.stringify({ authType, methods: ['GET', 'POST'] })
    const request = new sdk.CreateTriggerRequest({ triggerName: 'http', triggerType: 'http', triggerConfig })
    const { body } = await client.createTrigger(SERVICE, functionName, request)
    return new URL(body.urlInternet ?? '').host
  }
  const closed = await http('closed', 'function')
  const open = await http('open', 'anonymous')

  const signed = await callSignedTrigger(platform, 'GET', closed, '/a/b?q=1&z=x')
  assert.equal(signed.status, 200, signed.text)
  assert.equal(signed.headers['x-seen'], 'by the function')
  const { path, queries, authorization } = signed.json()
  assert.deepEqual([path, queries, authorization], ['/a/b', { q: '1', z: 'x' }, null])
  assert.equal((await platform.send('GET', '/a/b', { host: closed })).status, 403)

  const written = await platform.send('POST', '/orders', { host: open, body: 'one dozen' })
  assert.deepEqual([written.status, written.json()['body']], [201, 'one dozen'])
  assert.match(String(written.headers['x-fc-request-id']), /^1-/)
})

test('lists are paged to their end', async () => {
  const names: (string | undefined)[] = []
  let nextToken: string | undefined
  do {
    const page = nextToken === undefined ? { limit: 2 } : { limit: 2, nextToken }
    const { body } = await client.listFunctions(SERVICE, new sdk.ListFunctionsRequest(page))
    names.push(...(body.functions ?? []).map(({ functionName }) => functionName))
    nextToken = body.nextToken
  } while (nextToken !== undefined)
  assert.deepEqual(names, ['closed', 'open', 'tool'])
})

test('refusals reach the caller as the SDK raises them: code, status and message', async () => {
  const absent = client.invokeFunction(SERVICE, 'absent', new sdk.InvokeFunctionRequest({}))
  await assert.rejects(absent, {
    code: 'FunctionNotFound',
    message:
      /^FunctionNotFound: code: 404, function 'absent' does not exist in service 'shop'.* request id: [0-9a-f-]{36}/,
  })
  await refused(invoke('', {}, 'nobody'), 'AliasNotFound', /code: 404/)
  await refused(createFunction('tool', 'index.handler'), 'FunctionAlreadyExists', /code: 409/)
  const tooMuch = new sdk.UpdateFunctionRequest({ memorySize: 100 })
  await refused(client.updateFunction(SERVICE, 'tool', tooMuch), 'InvalidArgument', /code: 400, .*memorySize/)
  const stranger = fcOpenClient(platform, 'another secret')
  const byStranger = stranger.invokeFunction(SERVICE, 'tool', new sdk.InvokeFunctionRequest({}))
  await refused(byStranger, 'SignatureNotMatch', /code: 403, .*Check your access key and signing method/)
})

test('what was deleted answers no more', async () => {
  await refused(client.deleteService(SERVICE), 'ServiceNotEmpty', /code: 409/)
  for (const name of ['closed', 'open']) {
    await client.deleteTrigger(SERVICE, name, 'http')
    await client.deleteFunction(SERVICE, name)
  }
  await client.deleteFunction(SERVICE, 'tool')
  await refused(invoke(''), 'FunctionNotFound', /code: 404/)
  await client.deleteAlias(SERVICE, 'live')
  for (const version of ['1', '2']) await client.deleteServiceVersion(SERVICE, version)
  await client.deleteService(SERVICE)
  await refused(invoke(''), 'ServiceNotFound', /code: 404/)
})
