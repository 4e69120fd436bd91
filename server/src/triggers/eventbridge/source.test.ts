import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FcError } from '../../errors.ts'
import type { JsonObject, TriggerDocument } from '../../model.ts'
import type { Delivery, NewMessage } from '../../queue/port.ts'
import { SimulatedClock } from '../../simulated-clock.ts'
import { triggerSourceContract } from '../contract.ts'
import { TriggerCounts } from '../counts.ts'
import { FakeDelivery, settle, triggerNamed } from '../test-support.ts'
import type { CloudEvent } from './cloud-event.ts'
import { createEventSource } from './source.ts'

const outside = { clientIp: '10.0.0.9', functionKey: null }

interface Wanted {
  pattern?: JsonObject
  bus?: string
  runOptions?: JsonObject
  deliveryOption?: JsonObject
  isEnabled?: boolean
}

function onBus(name: string, wanted: Wanted = {}, changes: Partial<TriggerDocument> = {}): TriggerDocument {
  const { pattern = {}, bus, runOptions = {}, deliveryOption = {}, isEnabled = true } = wanted
  const config = {
    triggerEnable: isEnabled,
    eventRuleFilterPattern: JSON.stringify(pattern),
    eventSinkConfig: { deliveryOption: { eventSchema: 'CloudEvents', ...deliveryOption } },
    runOptions,
  }
  const sourceArn = bus === undefined ? null : `acs:eventbridge:cn-hangzhou:1:eventbus/${bus}`
  return triggerNamed(name, 'eventbridge', config, { sourceArn, ...changes })
}

const event = (id: string, more: Partial<CloudEvent> = {}): CloudEvent => ({
  id,
  source: '/me',
  specversion: '1.0',
  type: 'order.made',
  ...more,
})

/** One group of a durable queue, as it is on disk. */
class FakeQueue {
  readonly messages = new Map<string, NewMessage>()
  readonly #leased = new Set<string>()
  readonly #clock: SimulatedClock
  #listener: (group: string) => void = () => {}

  constructor(clock: SimulatedClock) {
    this.#clock = clock
  }

  async enqueue(message: NewMessage): Promise<void> {
    this.messages.set(message.id, message)
    this.#listener(message.group)
  }

  async receive(group: string, limit: number): Promise<Delivery[]> {
    const nowMs = this.#clock.nowMs()
    const due = [...this.messages.values()]
      .filter((message) => message.group === group && message.dueMs <= nowMs && !this.#leased.has(message.id))
      .slice(0, limit)
    for (const { id } of due) this.#leased.add(id)
    return due.map((message) => ({ ...message, enqueuedMs: nowMs, deliveries: 1, isExpired: false }))
  }

  async complete(id: string): Promise<void> {
    this.messages.delete(id)
    this.#leased.delete(id)
  }

  async retry(id: string, dueMs: number): Promise<void> {
    const message = { ...this.messages.get(id)!, dueMs }
    this.messages.set(id, message)
    this.#leased.delete(id)
    this.#clock.setTimer(dueMs - this.#clock.nowMs(), () => this.#listener(message.group))
  }

  onDue(listener: (group: string) => void): void {
    this.#listener = listener
    for (const group of new Set([...this.messages.values()].map((message) => message.group))) listener(group)
  }
}

function sourceWith(delivery: FakeDelivery, disk?: FakeQueue) {
  const clock = new SimulatedClock()
  const queue = disk ?? new FakeQueue(clock)
  const counts = new TriggerCounts()
  const warnings: string[] = []
  const source = createEventSource(
    { accountId: '1234567890123456', region: 'cn-hangzhou' },
    {
      clock,
      queue,
      counts,
      invocations: { runningDepth: (functionKey) => (functionKey === 'busy' ? 3 : 0) },
      deliver: (trigger, given) => delivery.deliver(trigger, given),
      warn: (message) => warnings.push(message),
    },
  )
  const pass = async (ms: number) => {
    await settle()
    const untilMs = clock.monotonicMs() + ms
    while (clock.stepUntil(untilMs)) await settle()
  }
  const payloads = () => delivery.delivered.map(({ payload }) => payload)
  return { source, clock, queue, counts, warnings, pass, payloads }
}

for (const [name, wanted] of [
  ['eventbridge', {}],
  [
    'eventbridge, with a window',
    { runOptions: { mode: 'event-streaming', batchWindow: { CountBasedWindow: 5, TimeBasedWindow: 1 } } },
  ],
] as const) {
  triggerSourceContract(name, async (delivery) => {
    const { source, pass } = sourceWith(delivery)
    let id = 0
    return {
      source,
      trigger: (triggerName) => onBus(triggerName, wanted),
      async happen() {
        id++
        // Whoever publishes hears of a refusal, and publishes again.
        for (let attempt = 0; attempt < 5; attempt++) {
          try {
            await source.publish('default', [event(String(id))], outside)
            break
          } catch (error) {
            assert.ok(error instanceof FcError && error.code === 'ResourceThrottled')
          }
        }
        await pass(5000)
      },
    }
  })
}

test('the function gets the event with what the bus adds to it', async () => {
  const delivery = new FakeDelivery()
  const { source, payloads } = sourceWith(delivery)
  source.attach(onBus('t', { bus: 'orders', deliveryOption: { eventSchema: 'CloudEvents' } }))
  const given = event('1', { data: { price: 5 }, subject: 'o1', time: '2030-01-01T00:00:00Z' })
  assert.equal(await source.publish('orders', [given], outside), 1)
  assert.equal(await source.publish('default', [given], outside), 0)
  assert.deepEqual(payloads(), [
    {
      ...given,
      aliyunaccountid: '1234567890123456',
      aliyunpublishtime: '2030-01-01T00:00:00.000Z',
      aliyunoriginalaccountid: '1234567890123456',
      aliyuneventbusname: 'orders',
      aliyunregionid: 'cn-hangzhou',
      aliyunpublishaddr: '10.0.0.9',
    },
  ])
})

test('each trigger gets what matches its pattern, and one that is not enabled nothing', async () => {
  const delivery = new FakeDelivery()
  const { source, counts } = sourceWith(delivery)
  source.attach(onBus('all'))
  source.attach(onBus('large', { pattern: { data: { price: [{ numeric: ['>', 10] }] } } }))
  source.attach(onBus('off', { isEnabled: false }))
  const published = await source.publish(
    'default',
    [event('1', { data: { price: 5 } }), event('2', { data: { price: 50 } })],
    outside,
  )
  assert.equal(published, 3)
  assert.deepEqual(
    delivery.delivered.map(({ trigger, payload }) => [trigger.triggerName, (payload as CloudEvent).id]),
    [
      ['all', '1'],
      ['all', '2'],
      ['large', '2'],
    ],
  )
  assert.deepEqual([...counts.list()], [{ type: 'eventbridge', outcome: 'filtered', count: 1 }])
})

test('raw data is the data as it was: JSON, text or bytes', async () => {
  const delivery = new FakeDelivery()
  const bytes: string[] = []
  const { source } = sourceWith(delivery)
  Object.assign(delivery, {
    deliver: async (_: unknown, { payload }: { payload: Uint8Array }) =>
      void bytes.push(Buffer.from(payload).toString()),
  })
  source.attach(onBus('t', { deliveryOption: { eventSchema: 'RawData' } }))
  for (const content of [{ data: { a: 1 } }, { data: 'hi' }, { data_base64: 'aGk=' }, {}]) {
    await source.publish('default', [event('1', content)], outside)
  }
  assert.deepEqual(bytes, ['{"a":1}', 'hi', 'hi', 'null'])
})

test('what a function publishes counts the triggers that led to it', async () => {
  const delivery = new FakeDelivery()
  const { source } = sourceWith(delivery)
  source.attach(onBus('t'))
  await source.publish('default', [event('1')], { clientIp: '', functionKey: 'busy' })
  assert.equal(delivery.delivered[0]!.event.depth, 3)
})

test('retries and the failure destination of the trigger replace those of the function', async () => {
  const delivery = new FakeDelivery()
  const { source } = sourceWith(delivery)
  const Arn = 'acs:fc:cn-hangzhou:1:functions/dead'
  for (const [index, [runOptions, overrides]] of [
    [{}, {}],
    [{ retryStrategy: { PushRetryStrategy: 'BACKOFF_RETRY' } }, { retriesMax: 3 }],
    [
      {
        retryStrategy: { PushRetryStrategy: 'EXPONENTIAL_DECAY_RETRY', MaximumRetryAttempts: 5 },
        deadLetterQueue: { Arn },
      },
      { retriesMax: 5, maxAgeSeconds: 86_400, onFailure: Arn },
    ],
    [{ retryStrategy: { MaximumEventAgeInSeconds: 60 } }, { maxAgeSeconds: 60 }],
  ].entries()) {
    source.attach(onBus('t', { runOptions: runOptions as JsonObject }))
    await source.publish('default', [event(String(index))], outside)
    assert.deepEqual(delivery.delivered.at(-1)!.event.overrides, overrides)
  }
})

const streaming = (count: number, seconds: number): Wanted => ({
  runOptions: { mode: 'event-streaming', batchWindow: { CountBasedWindow: count, TimeBasedWindow: seconds } },
  deliveryOption: { eventSchema: 'RawData' },
})
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => event(String(from + i), { data: from + i }))

test('a window is handed over when it is full, or when its time is over', async () => {
  const delivery = new FakeDelivery()
  const { source, pass, payloads, queue } = sourceWith(delivery)
  source.attach(onBus('t', streaming(3, 10)))
  source.start()
  await source.publish('default', numbered(1, 4), outside)
  await pass(0)
  assert.deepEqual(payloads(), [[1, 2, 3]])
  await pass(9000)
  await source.publish('default', numbered(5, 5), outside)
  await pass(999)
  assert.equal(payloads().length, 1)
  await pass(1)
  assert.deepEqual(payloads(), [
    [1, 2, 3],
    [4, 5],
  ])
  assert.equal(queue.messages.size, 0)
})

test('without a time a list holds what is there, and without a count each event is a list', async () => {
  const delivery = new FakeDelivery()
  const { source, pass, queue } = sourceWith(delivery)
  source.attach(onBus('t', { ...streaming(10, 0), bus: 'a' }))
  source.attach(onBus('u', { ...streaming(1, 0), bus: 'b' }))
  source.start()
  await source.publish('a', numbered(1, 3), outside)
  await source.publish('b', numbered(4, 5), outside)
  await pass(0)
  const of = (name: string) =>
    delivery.delivered.filter(({ trigger }) => trigger.triggerName === name).map(({ payload }) => payload)
  assert.deepEqual(of('t').flat(), [1, 2, 3])
  assert.deepEqual(of('u'), [[4], [5]])
  assert.equal(queue.messages.size, 0)
})

test('a window outlives the platform, and one that was not handed over is not lost', async () => {
  const clock = new SimulatedClock()
  const disk = new FakeQueue(clock)
  const first = sourceWith(new FakeDelivery(), disk)
  first.source.attach(onBus('t', streaming(10, 5)))
  first.source.start()
  await first.source.publish('default', numbered(1, 2), outside)
  await first.source.close()

  const queue = new FakeQueue(clock)
  for (const [id, message] of disk.messages) queue.messages.set(id, message)
  const delivery = new FakeDelivery()
  const again = sourceWith(delivery, queue)
  again.source.attach(onBus('t', streaming(10, 5)))
  again.source.start()
  await again.pass(5000)
  assert.deepEqual(again.payloads(), [[1, 2]])
  assert.equal(queue.messages.size, 0)
})

test('a list holds no more than an asynchronous invocation takes', async () => {
  const delivery = new FakeDelivery()
  const { source, pass } = sourceWith(delivery)
  source.attach(onBus('t', streaming(100, 1)))
  source.start()
  await source.publish(
    'default',
    [1, 2, 3, 4, 5].map((id) => event(String(id), { data: 'x'.repeat(50_000) })),
    outside,
  )
  await pass(1000)
  assert.deepEqual(
    delivery.delivered.map(({ payload }) => (payload as unknown[]).length),
    [2, 2, 1],
  )
})

test('events in a window whose trigger is deleted are dropped, and that is told', async () => {
  const delivery = new FakeDelivery()
  const { source, pass, queue, warnings, counts } = sourceWith(delivery)
  source.attach(onBus('t', streaming(10, 5)))
  source.start()
  await source.publish('default', numbered(1, 2), outside)
  source.detach('fn', 't')
  await pass(5000)
  assert.equal(delivery.delivered.length, 0)
  assert.equal(queue.messages.size, 0)
  assert.match(warnings.join(), /2 events that waited for a batch were dropped/)
  assert.deepEqual([...counts.list()], [{ type: 'eventbridge', outcome: 'failed', count: 2 }])
})
