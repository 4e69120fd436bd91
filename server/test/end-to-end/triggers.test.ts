/** Triggers on one platform: objects by the vendor's client, timers over a kill, events by the CloudEvents SDK. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import sdk from '@alicloud/fc20230330'
import { CloudEvent, emitterFor, HTTP, Mode, type Message } from 'cloudevents'
import { signAcs3 } from '../../src/auth/port.ts'
import { follow, type Followed } from '../support/follow.ts'
import { startInbox, type Inbox } from '../support/inbox.ts'
import { ossClient, type OssClient } from '../support/oss.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { fc2Client, fc3Client } from '../support/sdk.ts'
import { refused } from './management-support.ts'

let platform: TestPlatform
let inbox: Inbox
let oss: OssClient
let fc3: ReturnType<typeof fc3Client>

/** Prints its event, for the test to read in the log. */
const PRINTER = `exports.handler = async (event) => console.log('EVENT ' + event)`

/** Sends its event to the test, who may hear of it also when the platform was killed. */
const poster = (url: string) => `
const { request } = require('node:http')
exports.handler = (event) => new Promise((resolve, reject) => {
  request('${url}', { method: 'POST' }, (answer) => answer.resume().on('end', resolve)).on('error', reject).end(event)
})`

/** Writes an object into the bucket that its event came from, by the credentials that it is given: puts and forms in turn. */
const WRITER = `
const { createHmac } = require('node:crypto')
exports.handler = async (event, context) => {
  const { bucket, object } = JSON.parse(event).events[0].oss
  const number = Number(object.key.slice(2)) + 1
  const key = 'n-' + number
  const { accessKeyId, accessKeySecret, securityToken } = context.credentials
  const signed = (text) => createHmac('sha1', accessKeySecret).update(text).digest('base64')
  const url = process.env.SLUICE_OBJECTS_ENDPOINT + '/' + bucket.name + '/'
  const put = () => {
    const date = new Date().toUTCString()
    const resource = '/' + bucket.name + '/' + key
    const text = ['PUT', '', 'text/plain', date, 'x-oss-security-token:' + securityToken, resource].join('\\n')
    const authorization = 'OSS ' + accessKeyId + ':' + signed(text)
    const headers = { date, 'content-type': 'text/plain', 'x-oss-security-token': securityToken, authorization }
    return fetch(url + key, { method: 'PUT', headers, body: 'x' })
  }
  const post = () => {
    const policy = btoa(JSON.stringify({ expiration: '2999-01-01T00:00:00Z', conditions: [{ key }] }))
    const fields = { key, policy, OSSAccessKeyId: accessKeyId, Signature: signed(policy) }
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...fields, 'x-oss-security-token': securityToken })) form.append(name, value)
    form.append('file', new Blob(['x']))
    return fetch(url, { method: 'POST', body: form })
  }
  const { ok } = await (number % 2 === 0 ? post() : put())
  console.log('WROTE ' + key + ' ' + ok)
}`

before(async () => {
  inbox = await startInbox()
  platform = await startPlatform({ SLUICE_SANDBOX: 'process' })
  oss = ossClient(platform, { bucket: 'photos' })
  fc3 = fc3Client(platform)
  await oss.call('putBucket', 'photos')
  for (const name of ['objects', 'ticking', 'events', 'other']) await platform.deploy(name, { 'index.js': PRINTER })
  await platform.deploy('posting', { 'index.js': poster(`${inbox.url}/objects`) })
  await platform.deploy('lists', { 'index.js': poster(`${inbox.url}/lists`) })
  await platform.deploy('loop', { 'index.js': WRITER }, { role: 'acs:ram::1:role/writer' })
})
after(async () => {
  await platform.stop()
  inbox.close()
})

async function createTrigger(
  functionName: string,
  triggerName: string,
  triggerType: string,
  triggerConfig: object,
  sourceArn?: string,
) {
  const body = new sdk.CreateTriggerInput({
    triggerName,
    triggerType,
    triggerConfig: JSON.stringify(triggerConfig),
    ...(sourceArn !== undefined && { sourceArn }),
  })
  return (await fc3.createTrigger(functionName, new sdk.CreateTriggerRequest({ body }))).body!
}

const bucketArn = (bucket: string) => `acs:oss:cn-hangzhou:1:${bucket}`

const followLines = (name: string) => follow(platform, `/sluice/v1/logs/follow?function=${name}`)

/** The next line that the function printed with this beginning, without it. */
async function nextLine(followed: Followed, start: string): Promise<{ text: string; requestId: string }> {
  for (;;) {
    const { text, requestId } = ((await followed.next()) as { line: { text: string; requestId: string } }).line
    if (text.includes(start)) return { text: text.slice(text.indexOf(start) + start.length), requestId }
  }
}

const nextEvent = async (followed: Followed) =>
  JSON.parse((await nextLine(followed, 'EVENT ')).text) as Record<string, unknown>

interface OssEvent {
  events: {
    eventName: string
    oss: {
      bucket: { name: string; arn: string }
      object: { key: string; size: number; deltaSize: number; eTag: string }
    }
  }[]
}

test('changes of objects run the function: what its trigger waits for, in their order', async () => {
  const lines = await followLines('objects')
  const events = ['oss:ObjectCreated:*', 'oss:ObjectRemoved:DeleteObject']
  await createTrigger(
    'objects',
    'pictures',
    'oss',
    { events, filter: { key: { prefix: 'in/', suffix: '.jpg' } } },
    bucketArn('photos'),
  )
  await oss.call('put', 'in/a.txt', Buffer.from('not this'))
  await oss.call('put', 'in/ü 1.jpg', Buffer.from('four'))
  await oss.call('put', 'in/ü 1.jpg', Buffer.from('longer'))
  await oss.call('copy', 'in/b.jpg', 'in/ü 1.jpg')
  await oss.call('delete', 'in/b.jpg')
  const seen: unknown[] = []
  for (let i = 0; i < 4; i++) {
    const [event] = ((await nextEvent(lines)) as unknown as OssEvent).events
    const { key, size, deltaSize } = event!.oss.object
    seen.push([event!.eventName, key, size, deltaSize])
    assert.equal(event!.oss.bucket.name, 'photos')
    assert.match(event!.oss.bucket.arn, /^acs:oss:[a-z0-9-]+:\d{16}:photos$/)
  }
  // Several may run at once, and print in another order than they began.
  assert.deepEqual(
    new Set(seen.map((each) => JSON.stringify(each))),
    new Set(
      [
        ['ObjectCreated:PutObject', 'in/ü 1.jpg', 4, 4],
        ['ObjectCreated:PutObject', 'in/ü 1.jpg', 6, 2],
        ['ObjectCreated:CopyObject', 'in/b.jpg', 6, 6],
        ['ObjectRemoved:DeleteObject', 'in/b.jpg', 6, -6],
      ].map((each) => JSON.stringify(each)),
    ),
  )
  lines.close()
})

test('a trigger on no bucket, on one that is not there, or on what another hears of is refused', async () => {
  const put = { events: ['oss:ObjectCreated:PutObject'], filter: { key: { prefix: 'in/2030/', suffix: '' } } }
  await refused(createTrigger('other', 't', 'oss', put), 'InvalidArgument', /sourceArn must name a bucket/)
  await refused(
    createTrigger('other', 't', 'oss', put, bucketArn('absent')),
    'InvalidArgument',
    /'absent' does not exist/,
  )
  await refused(
    createTrigger('other', 't', 'oss', put, bucketArn('photos')),
    'TriggerAlreadyExists',
    /'pictures' of function 'objects' waits for the same event/,
  )
  await refused(
    createTrigger('other', 't', 'oss', { events: ['oss:ObjectMade'] }, bucketArn('photos')),
    'InvalidArgument',
    /events\.0.*oss:ObjectCreated:\*/,
  )
  const fc2 = fc2Client(platform)
  await fc2.call('createService', 'shop')
  await platform.deploy('web', { 'index.js': PRINTER }, { service: 'shop' })
  const old = { triggerName: 't', triggerType: 'oss', sourceArn: bucketArn('photos'), invocationRole: 'r' }
  const made = await fc2.call('createTrigger', 'shop', 'web', {
    ...old,
    triggerConfig: { events: ['oss:ObjectRemoved:DeleteObjects'], filter: { key: { prefix: 'x', suffix: '' } } },
  })
  assert.deepEqual(made.data['triggerConfig'], {
    events: ['oss:ObjectRemoved:DeleteObjects'],
    filter: { key: { prefix: 'x', suffix: '' } },
  })
})

test('a function that writes into the bucket that triggers it stops after sixteen rounds, and that is told', async () => {
  await oss.call('putBucket', 'circle')
  const lines = await followLines('loop')
  const destination = new sdk.Destination({ destination: `${inbox.url}/loop` })
  const body = new sdk.PutAsyncInvokeConfigInput({
    destinationConfig: new sdk.DestinationConfig({ onFailure: destination }),
  })
  await fc3.putAsyncInvokeConfig('loop', new sdk.PutAsyncInvokeConfigRequest({ body }))
  const events = ['oss:ObjectCreated:PutObject', 'oss:ObjectCreated:PostObject']
  await createTrigger('loop', 'again', 'oss', { events }, bucketArn('circle'))
  await ossClient(platform, { bucket: 'circle' }).call('put', 'n-0', Buffer.from('x'))
  const written: string[] = []
  let warning = ''
  while (written.length < 16 || warning === '') {
    const { text } = ((await lines.next()) as { line: { text: string } }).line
    if (text.includes('WROTE ')) written.push(text.slice(text.indexOf('WROTE ')))
    if (text.startsWith('Trigger ')) warning = text
  }
  const rounds = Array.from({ length: 16 }, (_, i) => `WROTE n-${i + 1} true`)
  assert.deepEqual(new Set(written), new Set(rounds))
  assert.match(warning, /^Trigger 'again': its event was not run, for 16 triggers in a row led to it/)
  const told = await inbox.next('/loop')
  assert.match(told.requestPayload, /n-16/)
  lines.close()
})

/** Sends as the SDK made it, signed. */
async function publish(bus: string, { headers, body }: Message): Promise<Record<string, unknown>> {
  const path = `/sluice/v1/events/${bus}`
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
  const signed = signAcs3(
    {
      method: 'POST',
      url: path,
      host: `127.0.0.1:${platform.port}`,
      headers: {},
      bodySha256: createHash('sha256').update(text).digest('hex'),
    },
    { ...platform.credentials, securityToken: null },
    randomUUID(),
    Date.now(),
  )
  const answer = await platform.send('POST', path, { headers: { ...own, ...signed }, body: text })
  assert.equal(answer.status, 202, answer.text)
  return answer.json()
}

test('events of the CloudEvents SDK reach the functions whose pattern they match, in each mode', async () => {
  const pattern = JSON.stringify({ source: [{ prefix: '/shop' }], data: { price: [{ numeric: ['>', 10] }] } })
  await createTrigger('events', 'orders', 'eventbridge', {
    eventRuleFilterPattern: pattern,
    eventSourceConfig: { eventSourceType: 'Default' },
  })
  const lines = await followLines('events')
  const order = (id: string, price: number) =>
    new CloudEvent({ id, source: '/shop/1', type: 'order.made', data: { price }, datacontenttype: 'application/json' })
  const send = (message: Message) => publish('default', message)
  await emitterFor(send as never, { mode: Mode.STRUCTURED })(order('a', 20))
  await emitterFor(send as never, { mode: Mode.BINARY })(order('b', 30))
  const headers = { 'content-type': 'application/cloudevents-batch+json' }
  const cheap = await send({ headers, body: JSON.stringify([order('c', 5), order('d', 40)]) })
  assert.deepEqual(cheap, { events: 2, deliveries: 1 })
  const seen = new Map<unknown, Record<string, unknown>>()
  for (let i = 0; i < 3; i++) {
    const event = await nextEvent(lines)
    seen.set(event['id'], event)
  }
  assert.deepEqual(new Set(seen.keys()), new Set(['a', 'b', 'd']))
  assert.deepEqual(seen.get('b')!['data'], { price: 30 })
  assert.equal(seen.get('b')!['aliyuneventbusname'], 'default')
  lines.close()
})

/** Into a bucket whose events are sent to the test. */
async function putThirtyObjects(): Promise<string[]> {
  await oss.call('putBucket', 'durable')
  await createTrigger('posting', 'each', 'oss', { events: ['oss:ObjectCreated:*'] }, bucketArn('durable'))
  const client = ossClient(platform, { bucket: 'durable' })
  const keys = Array.from({ length: 30 }, (_, i) => `k${i}`)
  await Promise.all(keys.map((key) => client.call('put', key, Buffer.from(key))))
  return keys
}

test('a kill loses nothing: timers go on, each due time with one request id, windows and objects are delivered', async () => {
  const runs = new Map<string, string>()
  const collect = async (ticks: Followed, count: number) => {
    const wanted = runs.size + count
    while (runs.size < wanted) {
      const { text, requestId } = await nextLine(ticks, 'EVENT ')
      const { triggerTime, ...rest } = JSON.parse(text) as { triggerTime: string }
      assert.deepEqual(rest, { triggerName: 'tick', payload: 'p' })
      // What ran when the platform was killed may run once more, and is still the same run.
      assert.equal(requestId, runs.get(triggerTime) ?? requestId)
      runs.set(triggerTime, requestId)
    }
  }
  const before = await followLines('ticking')
  await createTrigger('ticking', 'tick', 'timer', { cronExpression: '@every 1s', payload: 'p' })
  const config = {
    eventSinkConfig: { deliveryOption: { eventSchema: 'RawData' } },
    runOptions: { mode: 'event-streaming', batchWindow: { CountBasedWindow: 3, TimeBasedWindow: 2 } },
  }
  await createTrigger('lists', 'batches', 'eventbridge', config, 'acs:eventbridge:cn-hangzhou:1:eventbus/numbers')
  await collect(before, 2)
  const keys = await putThirtyObjects()
  for (const data of [1, 2, 3, 4]) {
    const event = new CloudEvent({ id: `n${data}`, source: '/n', type: 'n', data, datacontenttype: 'application/json' })
    await publish('numbers', HTTP.structured(event))
  }
  await platform.kill()
  await platform.start()
  const numbers = new Set<number>()
  while (numbers.size < 4) {
    const list = (await inbox.next('/lists')) as unknown as number[]
    assert.ok(list.length <= 3)
    for (const each of list) numbers.add(each)
  }
  const after = await followLines('ticking')
  await collect(after, 2)
  after.close()
  const seen = new Set<string>()
  while (seen.size < keys.length) {
    const { events } = (await inbox.next('/objects')) as unknown as OssEvent
    seen.add(events[0]!.oss.object.key)
  }
  assert.deepEqual(seen, new Set(keys))
  assert.equal(new Set(runs.values()).size, runs.size)

  const { triggers } = (await platform.call('GET', '/sluice/v1/triggers?function=ticking')).json<{
    triggers: { triggerName: string; lastRunTime: string; nextRunTime: string }[]
  }>()
  assert.equal(triggers[0]!.triggerName, 'tick')
  assert.equal(Date.parse(triggers[0]!.nextRunTime) - Date.parse(triggers[0]!.lastRunTime), 1000)
})

test('events are refused without a signature, and when they are none', async () => {
  const event = HTTP.structured(new CloudEvent({ source: '/n', type: 'n' }))
  const body = String(event.body)
  const unsigned = await platform.send('POST', '/sluice/v1/events/default', {
    headers: { 'content-type': 'application/cloudevents+json' },
    body,
  })
  assert.equal(unsigned.status, 403)
  const none = await platform.call('POST', '/sluice/v1/events/default', Buffer.from('{}'))
  assert.equal(none.status, 400)
  assert.match(none.text, /application\/cloudevents\+json/)
})

test('sources that are not offered are refused by a message that says what is', async () => {
  const config = { eventSourceConfig: { eventSourceType: 'RocketMQ', eventSourceParameters: {} } }
  await refused(
    createTrigger('other', 't', 'eventbridge', config),
    'NotImplemented',
    /'RocketMQ' is not offered.*Default is/,
  )
  await refused(
    createTrigger('other', 't', 'eventbridge', { eventRuleFilterPattern: '{"source":"x"}' }),
    'InvalidArgument',
    /eventRuleFilterPattern\.source must be/,
  )
  await refused(
    createTrigger('other', 't', 'eventbridge', { runOptions: { deadLetterQueue: { Arn: 'acs:mns:r:1:/queues/q' } } }),
    'InvalidArgument',
    /deadLetterQueue\.Arn/,
  )
})
