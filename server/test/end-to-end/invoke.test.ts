/** Event invocations from outside: the contract of section 2 of the Function Compute reference. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await platform.deploy(
    'tool',
    {
      'index.js': `
        let calls = 0
        exports.handler = async (event, context) => {
          const order = event.length > 0 ? JSON.parse(event) : {}
          calls++
          if (order.log) console.log(order.log)
          if (order.throw) throw new TypeError(order.throw)
          if (order.exit !== undefined) process.exit(order.exit)
          if (order.hang) { for (;;) {} }
          if (order.sleepMs) await new Promise((resolve) => setTimeout(resolve, order.sleepMs))
          if (order.eatMB) { const held = []; for (let i = 0; i < order.eatMB; i++) { held.push(Buffer.alloc(1 << 20, 1)); await new Promise((r) => setTimeout(r, 2)) } return held.length }
          return { calls, pid: process.pid, requestId: context.requestId, name: context.function.name, env: process.env.GREETING }
        }`,
    },
    { timeout: 2, memorySize: 192, environmentVariables: { GREETING: 'hello' } },
  )
})
after(() => platform.stop())

const order = (what: object) => JSON.stringify(what)

test('a function is invoked and its answer carries the documented headers', async () => {
  const answer = await platform.invoke('tool', order({}))
  assert.equal(answer.status, 200)
  const { name, requestId, env } = answer.json<{ name: string; requestId: string; env: string }>()
  assert.deepEqual([name, env], ['tool', 'hello'])
  assert.equal(requestId, answer.headers['x-fc-request-id'])
  assert.match(requestId, /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)
  assert.match(String(answer.headers['x-fc-invocation-duration']), /^\d+$/)
  assert.match(String(answer.headers['x-fc-max-memory-usage']), /^\d+\.\d\d$/)
  assert.match(String(answer.headers['x-fc-instance-id']), /^c-/)
  assert.equal(answer.headers['content-type'], 'application/octet-stream')
})

test('the log tail holds markers, output and the closing line', async () => {
  const answer = await platform.invoke('tool', order({ log: 'printed by the function' }), { 'x-fc-log-type': 'Tail' })
  const tail = Buffer.from(String(answer.headers['x-fc-log-result']), 'base64').toString()
  const id = String(answer.headers['x-fc-request-id'])
  assert.match(
    tail,
    new RegExp(
      `^FC Invoke Start RequestId: ${id}\nprinted by the function\nFC Invoke End RequestId: ${id}\n\nDuration: [\\d.]+ ms, Billed Duration: \\d+ ms, Memory Size: 192 MB, Max Memory Used: [\\d.]+ MB$`,
    ),
  )
})

test('a warm instance serves the next request', async () => {
  const first = (await platform.invoke('tool')).json<{ pid: number; calls: number }>()
  const second = (await platform.invoke('tool')).json<{ pid: number; calls: number }>()
  assert.equal(first.pid, second.pid)
  assert.equal(second.calls, first.calls + 1)
})

test("an error that the handler throws is the function's, told with type and stack", async () => {
  const answer = await platform.invoke('tool', order({ throw: 'broken on purpose' }))
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['x-fc-error-type'], 'HandledInvocationError')
  const error = answer.json<{ errorMessage: string; errorType: string; stackTrace: string[] }>()
  assert.deepEqual([error.errorMessage, error.errorType], ['broken on purpose', 'TypeError'])
  assert.ok(error.stackTrace.some((line) => line.includes('index.js')))
})

test('a process that exits is told with its exit code, and the next request gets a new instance', async () => {
  const answer = await platform.invoke('tool', order({ exit: 3 }))
  assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
  const { errorMessage, cause } = answer.json<{ errorMessage: string; cause: string }>()
  assert.match(
    errorMessage,
    /^Process exited unexpectedly before completing request \(duration: \d+ms, maxMemoryUsage: [\d.]+MB\)$/,
  )
  assert.equal(cause, 'exit code 3')
  assert.equal((await platform.invoke('tool')).status, 200)
})

test('a handler that never ends is stopped at its timeout', async () => {
  const answer = await platform.invoke('tool', order({ hang: true }))
  assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.equal(answer.json()['errorMessage'], 'Task timed out after 2 seconds')
  assert.equal((await platform.invoke('tool')).json<{ calls: number }>().calls, 1)
})

test('using more memory than configured ends the instance and says so', async () => {
  const answer = await platform.invoke('tool', order({ eatMB: 900 }))
  assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
  const { errorType, cause } = answer.json<{ errorType: string; cause: string }>()
  assert.equal(errorType, 'FunctionOOMError')
  assert.match(cause, /more than its 192 MB/)
})

test('a handler that is missing and a module that cannot be loaded are told by name', async () => {
  await platform.deploy('no-handler', { 'index.js': 'exports.other = () => {}' })
  const missing = await platform.invoke('no-handler')
  assert.equal(missing.headers['x-fc-error-type'], 'UnhandledInvocationError')
  assert.match(String(missing.json()['errorMessage']), /Handler 'handler' missing on module 'index'/)
  await platform.deploy('no-module', { 'other.js': '' })
  const noModule = await platform.invoke('no-module')
  assert.equal(noModule.json()['errorType'], 'ImportModuleError')
})

test('an unknown function, version and alias are told apart', async () => {
  const codes = await Promise.all(
    [
      ['absent', ''],
      ['tool', '?qualifier=7'],
      ['tool', '?qualifier=nobody'],
    ].map(async ([name, query]) => {
      const answer = await platform.invoke(name!, '', {}, query)
      return [answer.status, answer.json()['Code']]
    }),
  )
  assert.deepEqual(codes, [
    [404, 'FunctionNotFound'],
    [404, 'VersionNotFound'],
    [404, 'AliasNotFound'],
  ])
})

test('a large event and a large answer pass whole', async () => {
  await platform.deploy(
    'mirror',
    { 'index.js': 'exports.handler = (event, context, callback) => callback(null, event)' },
    { memorySize: 1024, timeout: 30 },
  )
  const event = Buffer.alloc(20 * 1024 * 1024, 'sluice ')
  const answer = await platform.call('POST', '/2023-03-30/functions/mirror/invocations', event)
  assert.equal(answer.status, 200)
  assert.ok(answer.body.equals(event))
})

test('an event over the limit is refused before anything runs', async () => {
  const answer = await platform.call('POST', '/2023-03-30/functions/tool/invocations', Buffer.alloc(33 * 1024 * 1024))
  assert.deepEqual([answer.status, answer.json()['Code']], [400, 'EntityTooLarge'])
})

test('a disabled function is refused with the reason until it is enabled', async () => {
  await platform.deploy('switched', { 'index.js': 'exports.handler = async () => "on"' })
  await platform
    .call('POST', '/2023-03-30/functions/switched/invoke/disable', { reason: 'maintenance' })
    .then((answer) => assert.equal(answer.status, 200))
  const refused = await platform.invoke('switched')
  assert.deepEqual([refused.status, refused.json()['Code']], [403, 'FunctionInvocationDisabled'])
  assert.match(String(refused.json()['Message']), /maintenance/)
  await platform.call('POST', '/2023-03-30/functions/switched/invoke/enable')
  assert.equal((await platform.invoke('switched')).text, 'on')
})

test('an alias with weights sends its share to the other version', async () => {
  await platform.deploy('canary', { 'index.js': 'exports.handler = async () => "one"' })
  const publish = () => platform.call('POST', '/2023-03-30/functions/canary/versions', {})
  await publish()
  await platform.call('PUT', '/2023-03-30/functions/canary', {
    code: { zipFile: (await zip({ 'index.js': 'exports.handler = async () => "two"' })).toString('base64') },
  })
  await publish()
  await platform.call('POST', '/2023-03-30/functions/canary/aliases', {
    aliasName: 'live',
    versionId: '1',
    additionalVersionWeight: { 2: 0.5 },
  })
  const answers = new Set<string>()
  for (let i = 0; i < 60 && answers.size < 2; i++)
    answers.add((await platform.invoke('canary', '', {}, '?qualifier=live')).text)
  assert.deepEqual([...answers].toSorted(), ['one', 'two'])
})

test('an update is served at once, and the version before it stays as it was', async () => {
  await platform.deploy('changing', { 'index.js': 'exports.handler = async () => "old"' })
  assert.equal((await platform.invoke('changing')).text, 'old')
  await platform.call('POST', '/2023-03-30/functions/changing/versions', {})
  await platform.call('PUT', '/2023-03-30/functions/changing', {
    code: { zipFile: (await zip({ 'index.js': 'exports.handler = async () => "new"' })).toString('base64') },
  })
  assert.equal((await platform.invoke('changing')).text, 'new')
  assert.equal((await platform.invoke('changing', '', {}, '?qualifier=1')).text, 'old')
})

test('requests beyond the instances and the queue get 429, the others are served', async () => {
  const small = await startPlatform({ SLUICE_ACCOUNT_INSTANCES: '1', SLUICE_QUEUE_LENGTH: '2' })
  try {
    await small.deploy(
      'slow',
      { 'index.js': 'exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return "done" }' },
      { timeout: 10 },
    )
    const answers = await Promise.all(Array.from({ length: 8 }, () => small.invoke('slow')))
    const served = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status }) => status === 429)
    assert.equal(served.length + refused.length, 8)
    assert.ok(served.length >= 2 && refused.length >= 4, `${served.length} served`)
    assert.equal(refused[0]!.json()['Code'], 'ResourceExhausted')
  } finally {
    await small.stop()
  }
})
