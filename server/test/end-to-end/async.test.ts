/** Asynchronous invocation by the unmodified SDKs of all three versions, on one platform. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import sdk2021 from '@alicloud/fc-open20210406'
import sdk from '@alicloud/fc20230330'
import { RuntimeOptions as Runtime3 } from '@darabonba/typescript'
import { RuntimeOptions } from '@alicloud/tea-util'
import { startInbox, type Inbox, type ResultEvent } from '../support/inbox.ts'
import { ossClient } from '../support/oss.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeSaying, fc2Client, fc3Client, fcOpenClient, linesOf, type Fc2Client } from '../support/sdk.ts'
import { refused } from './management-support.ts'

let platform: TestPlatform
let inbox: Inbox
let fc2: Fc2Client
let fcOpen: ReturnType<typeof fcOpenClient>
let fc3: ReturnType<typeof fc3Client>

before(async () => {
  inbox = await startInbox()
  platform = await startPlatform()
  fc2 = fc2Client(platform)
  fcOpen = fcOpenClient(platform)
  fc3 = fc3Client(platform)
  const zipFile = await codeSaying('hello')
  const fields = { runtime: 'nodejs20', handler: 'index.handler', timeout: 60 }
  for (const functionName of ['solo', 'next', 'tasks']) {
    const code = new sdk.InputCodeLocation({ zipFile })
    const body = new sdk.CreateFunctionInput({ functionName, ...fields, code })
    await fc3.createFunction(new sdk.CreateFunctionRequest({ body }))
  }
  await fc2.call('createService', 'shop')
  for (const functionName of ['web', 'stateful']) {
    await fc2.call('createFunction', 'shop', { functionName, ...fields, code: { zipFile } })
  }
})
after(async () => {
  await platform.stop()
  inbox.close()
})

async function configure3(name: string, fields: Record<string, unknown>) {
  const body = new sdk.PutAsyncInvokeConfigInput(fields)
  return (await fc3.putAsyncInvokeConfig(name, new sdk.PutAsyncInvokeConfigRequest({ body }))).body!
}

const to = (path: string) => new sdk.Destination({ destination: `${inbox.url}${path}` })

async function invoke3(name: string, event: string, headers: Record<string, string> = {}) {
  const answer = await fc3.invokeFunctionWithOptions(
    name,
    new sdk.InvokeFunctionRequest({ body: Readable.from([Buffer.from(event)]) }),
    new sdk.InvokeFunctionHeaders({ xFcInvocationType: 'Async', ...headers }),
    new Runtime3({}),
  )
  return { status: answer.statusCode, headers: answer.headers ?? {} }
}

/** Reads a task until it has the status. */
async function taskWith(name: string, taskId: string, status: string): Promise<sdk.AsyncTask> {
  for (;;) {
    const { body } = await fc3.getAsyncTask(name, taskId, new sdk.GetAsyncTaskRequest({}))
    if (body!.status === status) return body!
  }
}

test('2.0: an accepted event goes through the function to a function of 3.0, and from there to an address', async () => {
  const destination = `acs:fc:cn-hangzhou:${platform.credentials.accountId}:functions/next`
  const { data } = await fc2.call('putFunctionAsyncConfig', 'shop', 'web', 'LATEST', {
    maxAsyncRetryAttempts: 0,
    destinationConfig: { onSuccess: { destination } },
  })
  assert.deepEqual([data['service'], data['function'], data['maxAsyncRetryAttempts']], ['shop', 'web', 0])
  await configure3('next', { destinationConfig: new sdk.DestinationConfig({ onSuccess: to('/chain') }) })

  const accepted = await fc2.call('invokeFunction', 'shop', 'web', 'an event', { 'X-Fc-Invocation-Type': 'Async' })
  assert.equal(accepted.data, '')
  const requestId = accepted.headers['x-fc-request-id']!
  const second = await inbox.next('/chain')
  assert.match(second.requestContext.functionArn, /^acs:fc:::functions\/next\/LATEST$/)
  const first = JSON.parse(second.requestPayload)
  assert.deepEqual(first.requestContext, {
    requestId,
    functionArn: 'acs:fc:::services/shop.LATEST/functions/web',
    condition: '',
    approximateInvokeCount: 1,
  })
  assert.deepEqual([first.requestPayload, first.responsePayload], ['an event', 'an event'])
  // `next` answers with its event.
  assert.equal(second.responsePayload, second.requestPayload)

  const list = await fc2.call('listFunctionAsyncConfigs', 'shop', 'web')
  assert.deepEqual([(list.data['configs'] as unknown[]).length, list.data['nextToken']], [1, ''])
  await fc2.call('deleteFunctionAsyncConfig', 'shop', 'web', 'LATEST')
  await assert.rejects(fc2.call('getFunctionAsyncConfig', 'shop', 'web', 'LATEST'), /AsyncConfigNotExists/)
})

test('3.0: what fails is tried again, told to the failure destination, and to be found in log and records', async () => {
  const config = await configure3('solo', {
    maxAsyncRetryAttempts: 1,
    maxAsyncEventAgeInSeconds: 60,
    destinationConfig: new sdk.DestinationConfig({ onFailure: to('/failed') }),
  })
  assert.deepEqual([config.maxAsyncRetryAttempts, config.maxAsyncEventAgeInSeconds], [1, 60])
  const event = JSON.stringify({ throw: 'broken', print: 'tried' })
  const { status, headers } = await invoke3('solo', event)
  assert.equal(status, 202)
  const { requestContext, requestPayload, responseContext, responsePayload } = await inbox.next('/failed')
  assert.deepEqual(
    [requestContext.condition, requestContext.approximateInvokeCount, requestPayload, responseContext.functionError],
    ['HandledInvocationError', 2, event, 'HandledInvocationError'],
  )
  assert.equal(JSON.parse(responsePayload).errorMessage, 'broken')

  const id = headers['x-fc-request-id']!
  const lines = (await linesOf(platform, 'solo', id)).map(({ text }) => text)
  assert.equal(lines.filter((text) => text.includes('tried')).length, 2)
  assert.ok(lines.some((text) => /Async attempt 1 of 2 failed: .*broken; next in 1 s/.test(text)))
  const answer = await platform.call('GET', `/sluice/v1/records?function=solo&requestId=${id}`)
  const { records } = answer.json<{ records: { invocationType: string; errorType: string }[] }>()
  assert.deepEqual(
    records.map(({ invocationType }) => invocationType),
    ['Async', 'Async'],
  )
  const metrics = (await platform.send('GET', '/metrics')).text
  assert.match(metrics, /sluice_async_enqueued_total\{function="solo"\} 1/)
  assert.match(metrics, /sluice_async_retries_total\{function="solo"\} 1/)

  const list = await fc3.listAsyncInvokeConfigs(new sdk.ListAsyncInvokeConfigsRequest({ functionName: 'solo' }))
  assert.equal(list.body?.configs?.length, 1)
  await fc3.deleteAsyncInvokeConfig('solo', new sdk.DeleteAsyncInvokeConfigRequest({}))
  const gone = fc3.getAsyncInvokeConfig('solo', new sdk.GetAsyncInvokeConfigRequest({}))
  await refused(gone, 'AsyncConfigNotExists', /'solo'/)
})

test('a function that always times out uses up its retries, each in a new instance, and its failure destination is told', async () => {
  const code = `
    const instance = crypto.randomUUID()
    exports.handler = () => (console.log('INSTANCE ' + instance), new Promise(() => {}))`
  await platform.deploy('late', { 'index.js': code }, { timeout: 1 })
  await configure3('late', {
    maxAsyncRetryAttempts: 1,
    asyncTask: true,
    destinationConfig: new sdk.DestinationConfig({ onFailure: to('/late') }),
  })
  const { headers } = await invoke3('late', 'never answered')
  const { requestContext, requestPayload, responsePayload } = await inbox.next('/late')
  assert.deepEqual(
    [requestContext.condition, requestContext.approximateInvokeCount, requestPayload],
    ['UnhandledInvocationError', 2, 'never answered'],
  )
  assert.match(JSON.parse(responsePayload).errorMessage, /timed out/i)
  const task = await taskWith('late', headers['x-fc-async-task-id']!, 'Failed')
  assert.equal(task.alreadyRetriedTimes, 1)
  const lines = await linesOf(platform, 'late', headers['x-fc-request-id']!)
  const instances = lines.flatMap(({ text }) => /INSTANCE (.*)/.exec(text)?.[1] ?? [])
  assert.equal(new Set(instances).size, 2)
})

test('3.0: tasks are listed, read and stopped', async () => {
  await configure3('tasks', { asyncTask: true })
  const accepted = await invoke3('tasks', 'work', { xFcAsyncTaskId: 'first' })
  assert.equal(accepted.headers['x-fc-async-task-id'], 'first')
  const done = await taskWith('tasks', 'first', 'Succeeded')
  assert.deepEqual([done.taskPayload, done.returnPayload, done.alreadyRetriedTimes], ['work', 'work', 0])
  assert.match(done.functionArn!, /:functions\/tasks$/)
  assert.deepEqual(
    done.events?.map(({ status }) => status),
    ['Enqueued', 'Dequeued', 'Running', 'Succeeded'],
  )
  await refused(invoke3('tasks', '', { xFcAsyncTaskId: 'first' }), 'StatefulAsyncInvocationAlreadyExists', /'first'/)

  const unnamed = await invoke3('tasks', JSON.stringify({ hang: true }))
  const taskId = unnamed.headers['x-fc-async-task-id']!
  assert.equal(taskId, unnamed.headers['x-fc-request-id'])
  await taskWith('tasks', taskId, 'Running')
  await fc3.stopAsyncTask('tasks', taskId, new sdk.StopAsyncTaskRequest({}))
  await taskWith('tasks', taskId, 'Stopped')
  await refused(
    fc3.stopAsyncTask('tasks', taskId, new sdk.StopAsyncTaskRequest({})),
    'AsyncInvocationStopped',
    /has ended/,
  )

  const delayed = await platform.invoke('tasks', '', {
    'x-fc-invocation-type': 'Async',
    'x-fc-async-delay': '600',
    'x-fc-async-task-id': 'later',
  })
  assert.equal(delayed.status, 202)
  const list = (request: object) => fc3.listAsyncTasks('tasks', new sdk.ListAsyncTasksRequest(request))
  const ids = (body: sdk.ListAsyncTaskOutput | undefined) => body?.tasks?.map((task) => task.taskId)
  assert.deepEqual(ids((await list({})).body), ['later', taskId, 'first'])
  assert.deepEqual(ids((await list({ status: 'Enqueued' })).body), ['later'])
  assert.deepEqual(ids((await list({ prefix: 'fi' })).body), ['first'])
  const page = await list({ limit: 1, sortOrderByTime: 'asc' })
  assert.deepEqual(ids(page.body), ['first'])
  const rest = await list({ limit: 5, sortOrderByTime: 'asc', nextToken: page.body!.nextToken })
  assert.deepEqual([ids(rest.body), rest.body!.nextToken], [[taskId, 'later'], undefined])
  await fc3.stopAsyncTask('tasks', 'later', new sdk.StopAsyncTaskRequest({}))
  assert.equal((await taskWith('tasks', 'later', 'Stopped')).events?.length, 2)
})

test('2021: stateful invocations are made by header, listed, read and stopped', async () => {
  const invoke = (event: string, headers: Record<string, string>) =>
    fcOpen.invokeFunctionWithOptions(
      'shop',
      'stateful',
      new sdk2021.InvokeFunctionRequest({ body: Buffer.from(event) }),
      new sdk2021.InvokeFunctionHeaders({ xFcInvocationType: 'Async', ...headers }),
      new RuntimeOptions({}),
    )
  const hanging = JSON.stringify({ hang: true })
  const accepted = await invoke(hanging, { xFcStatefulAsyncInvocationId: 'mine' })
  assert.equal(accepted.statusCode, 202)
  const enabled = await invoke('', { xFcStatefulAsyncInvocationEnable: 'true' })
  const get = (id: string) =>
    fcOpen.getStatefulAsyncInvocation('shop', 'stateful', id, new sdk2021.GetStatefulAsyncInvocationRequest({}))
  let { body } = await get('mine')
  while (body.status !== 'Running') ({ body } = await get('mine'))
  assert.deepEqual(
    [body.serviceName, body.functionName, body.qualifier, body.invocationPayload],
    ['shop', 'stateful', 'LATEST', hanging],
  )
  await fcOpen.stopStatefulAsyncInvocation(
    'shop',
    'stateful',
    'mine',
    new sdk2021.StopStatefulAsyncInvocationRequest({}),
  )
  while (body.status !== 'Stopped') ({ body } = await get('mine'))
  const list = await fcOpen.listStatefulAsyncInvocations(
    'shop',
    'stateful',
    new sdk2021.ListStatefulAsyncInvocationsRequest({ sortOrderByTime: 'asc' }),
  )
  assert.deepEqual(
    list.body.invocations?.map(({ invocationId }) => invocationId),
    ['mine', enabled.headers['x-fc-request-id']],
  )
  await fcOpen.putFunctionAsyncInvokeConfig(
    'shop',
    'stateful',
    new sdk2021.PutFunctionAsyncInvokeConfigRequest({ statefulInvocation: true }),
  )
  const functions = await fcOpen.listStatefulAsyncInvocationFunctions(
    new sdk2021.ListStatefulAsyncInvocationFunctionsRequest({}),
  )
  assert.deepEqual(
    functions.body.data?.map(({ functionName }) => functionName),
    ['stateful'],
  )
  const config = await fcOpen.getFunctionAsyncInvokeConfig(
    'shop',
    'stateful',
    new sdk2021.GetFunctionAsyncInvokeConfigRequest({}),
  )
  assert.equal(config.body.statefulInvocation, true)
})

test('a bucket takes the results of a function, one object each', async () => {
  const client = ossClient(platform, { bucket: 'results' })
  await client.call('putBucket', 'results')
  await configure3('solo', {
    destinationConfig: new sdk.DestinationConfig({
      onSuccess: new sdk.Destination({ destination: 'oss://results/of' }),
    }),
  })
  const { headers } = await invoke3('solo', 'to be kept')
  const list = () => client.call<{ objects?: { name: string }[] }>('list', { prefix: 'of/solo/' })
  let { objects } = await list()
  while (!objects?.length) ({ objects } = await list())
  const { name } = objects[0]!
  assert.ok(name.endsWith(`/${headers['x-fc-request-id']}.json`), name)
  const { content } = await client.call<{ content: Buffer }>('get', name)
  assert.equal((JSON.parse(content.toString()) as ResultEvent).responsePayload, 'to be kept')
})

test('what cannot be run is refused before it is accepted', async () => {
  const refuse = async (name: string, headers: Record<string, string>, event: Buffer | string, expected: RegExp) => {
    const answer = await platform.invoke(name, event, { 'x-fc-invocation-type': 'Async', ...headers })
    const { Code, Message } = answer.json<{ Code: string; Message: string }>()
    assert.match(`${answer.status} ${Code}: ${Message}`, expected)
  }
  await refuse('absent', {}, '', /^404 FunctionNotFound/)
  await refuse(
    'solo',
    { 'x-fc-async-delay': '3601' },
    '',
    /^400 InvalidArgument: x-fc-async-delay accepts .* 0 to 3600/,
  )
  await refuse('solo', { 'x-fc-async-delay': '1.5' }, '', /^400 InvalidArgument: x-fc-async-delay/)
  await refuse('solo', { 'x-fc-async-task-id': '1st' }, '', /^400 InvalidArgument: x-fc-async-task-id accepts/)
  await refuse('solo', { 'x-fc-stateful-async-invocation-enable': 'yes' }, '', /^400 InvalidArgument: x-fc-stateful/)
  await refuse('solo', {}, Buffer.alloc(128 * 1024 + 1), /^400 InvalidArgument: the payload has 131073 bytes/)
})
