/** From the first deploy to the last delete with the unmodified SDK of version 2016-08-15. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { assertDownloads, codeSaying, fc2Client, linesOf, type Fc2Client } from '../support/sdk.ts'
import { refused } from './management-support.ts'

const SERVICE = 'shop'
let platform: TestPlatform
let client: Fc2Client

before(async () => {
  platform = await startPlatform()
  client = fc2Client(platform)
  await client.call('createService', SERVICE)
  await client.call('createFunction', SERVICE, await functionOptions('tool', 'first'))
})
after(() => platform.stop())

async function functionOptions(functionName: string, greeting: string, handler = 'index.handler') {
  return { functionName, runtime: 'nodejs16', handler, timeout: 1, code: { zipFile: await codeSaying(greeting) } }
}

const invoke = (event: string | Buffer, headers: object = {}, qualifier?: string, options: object = {}) =>
  client.call('invokeFunction', SERVICE, 'tool', event, headers, qualifier, options)

/** The SDK hands on what is no JSON as text. */
const text = async (answer: Promise<{ data: unknown }>) => String((await answer).data)

test('text and bytes pass unchanged, with the documented headers', async () => {
  const answer = await invoke('hello')
  assert.equal(answer.data, 'hello')
  assert.match(answer.headers['x-fc-request-id'] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.equal(answer.headers['x-fc-invocation-service-version'], 'LATEST')
  assert.match(answer.headers['x-fc-code-checksum'] ?? '', /^\d+$/)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const binary = await invoke(bytes, {}, undefined, { rawBuf: true })
  assert.ok(bytes.equals(binary.data as unknown as Buffer))
  assert.equal(await text(invoke('')), '')
})

test('the log tail comes back in base64, and the platform finds the same lines by the request id', async () => {
  const { headers } = await invoke(JSON.stringify({ print: 'a line' }), { 'X-Fc-Log-Type': 'Tail' })
  const id = headers['x-fc-request-id']!
  const tail = Buffer.from(headers['x-fc-log-result']!, 'base64').toString()
  assert.match(tail, new RegExp(`^FC Invoke Start RequestId: ${id}\n.*a line\nFC Invoke End RequestId: ${id}\n`))
  const stored = await linesOf(platform, `${SERVICE}$tool`, id)
  assert.deepEqual(
    stored.map(({ text, stream }) => [stream, text]),
    [
      ['system', `FC Invoke Start RequestId: ${id}`],
      ['stdout', tail.split('\n')[1]],
      ['system', `FC Invoke End RequestId: ${id}`],
    ],
  )
})

test('errors of the function are told apart from its answers by their type', async () => {
  const thrown = await invoke(JSON.stringify({ throw: 'on purpose' }))
  assert.equal(thrown.headers['x-fc-error-type'], 'HandledInvocationError')
  assert.deepEqual([thrown.data['errorType'], thrown.data['errorMessage']], ['TypeError', 'on purpose'])
  const left = await invoke(JSON.stringify({ exit: 1 }))
  assert.equal(left.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.match(String(left.data['errorMessage']), /^Process exited unexpectedly before completing request/)
  const late = await invoke(JSON.stringify({ hang: true }))
  assert.equal(late.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.equal(late.data['errorMessage'], 'Task timed out after 1 seconds')
})

test('new code answers at once; versions and aliases keep the old, and the code can be fetched back', async () => {
  const greet = (qualifier?: string) => text(invoke(JSON.stringify({ greet: true }), {}, qualifier))
  assert.equal(await greet(), 'first')
  const published = await client.call('publishVersion', SERVICE, 'the first')
  assert.equal(published.data['versionId'], '1')
  const zipFile = await codeSaying('second')
  const updated = await client.call('updateFunction', SERVICE, 'tool', { code: { zipFile } })
  assert.equal(await greet(), 'second')
  await client.call('publishVersion', SERVICE, 'the second')
  await client.call('createAlias', SERVICE, 'live', '1', { additionalVersionWeight: { 2: 0.5 } })
  assert.deepEqual([await greet('1'), await greet('2'), await greet('LATEST')], ['first', 'second', 'second'])
  const seen = new Set<string>()
  for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(await greet('live'))
  assert.deepEqual([...seen].toSorted(), ['first', 'second'])
  await client.call('updateAlias', SERVICE, 'live', '2', { additionalVersionWeight: {} })
  assert.deepEqual([await greet('live'), await greet('live')], ['second', 'second'])

  const code = await client.call('getFunctionCode', SERVICE, 'tool')
  assert.equal(code.data['checksum'], updated.data['codeChecksum'])
  await assertDownloads(code.data['url'], zipFile)
})

test('an HTTP trigger is called through the proxy path, signed and without', async () => {
  const seen = (answer: { data: unknown }) => answer.data as { path: string; queries: object; body: string }
  const http = async (functionName: string, authType: string) => {
    await client.call('createFunction', SERVICE, await functionOptions(functionName, 'web', 'web2.handler'))
    const trigger = { authType, methods: ['GET', 'POST'] }
    await client.call('createTrigger', SERVICE, functionName, {
      triggerName: 'http',
      triggerType: 'http',
      triggerConfig: trigger,
    })
  }
  await http('closed', 'function')
  await http('open', 'anonymous')

  const query = { q: '1', z: 'x y+&', arr: ['2', '1'], 中: '文' }
  const read = await client.call('get', `/proxy/${SERVICE}/closed/a b/c`, query)
  assert.deepEqual([seen(read).path, seen(read).queries], ['/a b/c', query])
  assert.equal(read.headers['x-seen'], 'by the function')
  const written = await client.call('post', `/proxy/${SERVICE}/closed/orders`, 'one dozen', {}, { dry: 'true' })
  assert.deepEqual([seen(written).body, seen(written).queries], ['one dozen', { dry: 'true' }])

  const stranger = fc2Client(platform, 'another secret')
  await refused(stranger.call('get', `/proxy/${SERVICE}/closed/`), 'SignatureNotMatch', /does not match the signature/)
  assert.equal((await platform.send('GET', `/2016-08-15/proxy/${SERVICE}/closed/`)).status, 403)
  const open = await platform.send('GET', `/2016-08-15/proxy/${SERVICE}/open/a%20b?arr=2&arr=1`)
  assert.equal(open.status, 200)
  assert.deepEqual([open.json()['path'], open.json()['queries']], ['/a b', { arr: ['2', '1'] }])
  assert.equal((await platform.send('DELETE', `/2016-08-15/proxy/${SERVICE}/open/`)).status, 405)
})

test('lists are paged to their end', async () => {
  const names: unknown[] = []
  let nextToken: unknown
  do {
    const { data } = await client.call('listFunctions', SERVICE, { limit: 2, ...(nextToken ? { nextToken } : {}) })
    names.push(...(data['functions'] as Record<string, unknown>[]).map(({ functionName }) => functionName))
    nextToken = data['nextToken']
  } while (nextToken !== undefined)
  assert.deepEqual(names, ['closed', 'open', 'tool'])
})

test('refusals reach the caller as the SDK raises them: name, code, status and message', async () => {
  const absent = client.call('invokeFunction', SERVICE, 'absent', '{}')
  await assert.rejects(absent, {
    name: 'FCFunctionNotFoundError',
    code: 'FunctionNotFound',
    message: /failed with 404\. requestid: [0-9a-f-]{36}, message: function 'absent' does not exist in service 'shop'/,
  })
  await refused(client.call('invokeFunction', 'absent', 'tool', ''), 'ServiceNotFound', /404.*'absent' does not exist/)
  await refused(invoke('', {}, 'nobody'), 'AliasNotFound', /404.*'nobody'/)
  await refused(invoke('', {}, '77'), 'VersionNotFound', /404.*'77'/)
  await refused(
    client.call('createFunction', SERVICE, { ...(await functionOptions('bad', '')), runtime: 'cobol' }),
    'InvalidArgument',
    /400.*Runtime is set to an invalid value/,
  )
  const stranger = fc2Client(platform, 'another secret')
  await refused(
    stranger.call('invokeFunction', SERVICE, 'tool', 'x'),
    'SignatureNotMatch',
    /403.*Check your access key and signing method/,
  )
})

test('what was deleted answers no more', async () => {
  await refused(client.call('deleteService', SERVICE), 'ServiceNotEmpty', /409/)
  for (const name of ['closed', 'open']) {
    await client.call('deleteTrigger', SERVICE, name, 'http')
    await client.call('deleteFunction', SERVICE, name)
  }
  assert.equal((await platform.send('GET', `/2016-08-15/proxy/${SERVICE}/open/`)).status, 404)
  await client.call('deleteFunction', SERVICE, 'tool')
  await refused(invoke(''), 'FunctionNotFound', /404/)
  assert.equal(await text(invoke(JSON.stringify({ greet: true }), {}, '1')), 'first')
  await client.call('deleteAlias', SERVICE, 'live')
  for (const version of ['1', '2']) await client.call('deleteVersion', SERVICE, version)
  await client.call('deleteService', SERVICE)
  await refused(client.call('getService', SERVICE), 'ServiceNotFound', /404/)
})
