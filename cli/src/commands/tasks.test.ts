import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, sluice, type Handler, type Received } from '../../test/support.ts'

const TASK = {
  taskId: 'nightly',
  status: 'Failed',
  requestId: '1-00000001-00000000-000000000000',
  startedTime: Date.UTC(2030, 0, 1),
  durationMs: 1500,
  alreadyRetriedTimes: 3,
  destinationStatus: 'Succeeded',
  taskPayload: 'what\u001B[2J was given',
  taskErrorMessage: 'HandledInvocationError: no disk',
  events: [{ eventId: 1, status: 'Enqueued', timestamp: Date.UTC(2030, 0, 1), eventDetail: '' }],
}

async function run(t: TestContext, answer: ReturnType<Handler>, ...argv: string[]) {
  const asked: Received[] = []
  const { environment } = await fakePlatform(t, (request) => {
    asked.push(request)
    return answer
  })
  return { ...(await sluice(argv, fakeTerminal({ environment }))), asked }
}

test('tasks are listed with what became of them, and filtered by the platform', async (t) => {
  const argv = ['tasks', 'list', 'shop/web', '-q', 'live', '--status', 'Failed', '--prefix', 'night']
  const { out, asked } = await run(t, { body: { tasks: [TASK] } }, ...argv)
  assert.equal(asked[0]!.path, '/2023-03-30/functions/shop%24web/async-tasks')
  assert.deepEqual(
    ['qualifier', 'status', 'prefix'].map((name) => asked[0]!.query.get(name)),
    ['live', 'Failed', 'night'],
  )
  assert.equal(
    out,
    'TASK\tSTATUS\tACCEPTED\tDURATION\tRETRIES\tERROR\n' +
      'nightly\tFailed\t2030-01-01T00:00:00.000Z\t1.5 s\t3\tHandledInvocationError: no disk\n',
  )
})

test('a task is told with its life, and what it was given cannot steer the terminal', async (t) => {
  const { out } = await run(t, { body: TASK }, 'tasks', 'get', 'web', 'nightly')
  assert.match(out, /^status {6}Failed$/m)
  assert.match(out, /^event {7}what\\x1b\[2J was given$/m)
  assert.match(out, /^ {2}2030-01-01T00:00:00.000Z {2}Enqueued$/m)
})

test('a task is stopped by its id', async (t) => {
  const { out, asked } = await run(t, { status: 204 }, 'tasks', 'stop', 'web', 'nightly')
  assert.deepEqual(
    [asked[0]!.method, asked[0]!.path, out],
    ['PUT', '/2023-03-30/functions/web/async-tasks/nightly/stop', 'stopping nightly\n'],
  )
})

test('an asynchronous invocation names its task and delay in headers, and a synchronous one has neither', async (t) => {
  const answer = { status: 202, headers: { 'x-fc-request-id': 'r-1', 'x-fc-async-task-id': 'nightly' }, body: {} }
  const argv = ['invoke', 'web', '-e', '', '--async', '--task-id', 'nightly', '--delay', '60']
  const { out, asked } = await run(t, answer, ...argv)
  const { headers } = asked.at(-1)!
  assert.deepEqual(
    [headers['x-fc-invocation-type'], headers['x-fc-async-task-id'], headers['x-fc-async-delay']],
    ['Async', 'nightly', '60'],
  )
  assert.equal(out, 'accepted, request id r-1, task nightly\n')
  assert.equal((await run(t, answer, 'invoke', 'web', '-e', '', '--delay', '60')).code, 2)
})
