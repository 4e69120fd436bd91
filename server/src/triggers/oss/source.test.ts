import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { TriggerDocument } from '../../model.ts'
import type { ObjectEvent } from '../../objects/port.ts'
import { SimulatedClock } from '../../simulated-clock.ts'
import { triggerSourceContract } from '../contract.ts'
import { TriggerCounts } from '../counts.ts'
import { FakeDelivery, settle, triggerNamed } from '../test-support.ts'
import { isWanted, OSS_EVENT_NAMES, overlap, ruleOf, type OssRule } from './events.ts'
import { OssRules } from './rules.ts'
import { createOssSource } from './source.ts'

const account = { accountId: '1234567890123456', region: 'cn-hangzhou' }

interface Wanted {
  events?: string[]
  prefix?: string
  suffix?: string
  bucket?: string
}

function oss(name: string, wanted: Wanted = {}, changes: Partial<TriggerDocument> = {}): TriggerDocument {
  const { events = ['oss:ObjectCreated:*'], prefix, suffix, bucket = 'photos' } = wanted
  const key = { ...(prefix !== undefined && { prefix }), ...(suffix !== undefined && { suffix }) }
  return triggerNamed(
    name,
    'oss',
    { events, filter: { key } },
    { sourceArn: `acs:oss:cn-hangzhou:1:${bucket}`, ...changes },
  )
}

/** Keeps events as the object store does. */
class FakeOutbox {
  events: ObjectEvent[] = []
  readonly filter: OssRules
  #lastId = 0
  #listener = () => {}
  failures = 0

  constructor(filter: OssRules) {
    this.filter = filter
  }

  onEvents(listener: () => void): void {
    this.#listener = listener
  }

  async pendingEvents(limit: number, afterId = ''): Promise<ObjectEvent[]> {
    if (this.failures-- > 0) throw new Error('the disk is busy')
    return this.events.filter(({ id }) => id > afterId).slice(0, limit)
  }

  async acknowledgeEvents(ids: readonly string[]): Promise<void> {
    this.events = this.events.filter(({ id }) => !ids.includes(id))
  }

  change(key: string, changes: Partial<ObjectEvent> = {}): void {
    const event = objectEvent(String(++this.#lastId).padStart(10, '0'), key, changes)
    if (!this.filter.wants(event.bucket, key, event.eventName)) return
    this.events.push(event)
    this.#listener()
  }
}

function objectEvent(id: string, key: string, changes: Partial<ObjectEvent> = {}): ObjectEvent {
  return {
    id,
    eventName: 'ObjectCreated:PutObject',
    timeMs: Date.UTC(2030, 0, 1, 8, 0, 0, 5),
    bucket: 'photos',
    key,
    versionId: 'null',
    size: 10,
    deltaSize: 4,
    etag: 'ABCD',
    contentType: 'image/jpeg',
    meta: { author: 'me' },
    requestId: 'R1',
    sourceIp: '10.0.0.9',
    principalId: 'p1',
    functionKey: null,
    depth: 0,
    ...changes,
  }
}

function sourceWith(delivery: FakeDelivery) {
  const counts = new TriggerCounts()
  const rules = new OssRules(counts)
  const outbox = new FakeOutbox(rules)
  const clock = new SimulatedClock()
  const warnings: string[] = []
  const source = createOssSource(account, {
    clock,
    objects: outbox,
    rules,
    counts,
    deliver: (trigger, event) => delivery.deliver(trigger, event),
    warn: (message) => warnings.push(message),
  })
  const pass = async (ms: number) => {
    await settle()
    const untilMs = clock.monotonicMs() + ms
    while (clock.stepUntil(untilMs)) await settle()
  }
  const keys = () =>
    delivery.delivered.map(
      ({ payload }) => (payload as { events: { oss: { object: { key: string } } }[] }).events[0]!.oss.object.key,
    )
  return { source, rules, outbox, counts, warnings, pass, keys }
}

triggerSourceContract('oss', async (delivery) => {
  const { source, outbox, pass } = sourceWith(delivery)
  return {
    source,
    trigger: (name) => oss(name),
    happen: async () => {
      outbox.change('a.jpg')
      await pass(1000)
    },
  }
})

test('the function gets the event as Object Storage Service writes it', async () => {
  const delivery = new FakeDelivery()
  const { source, outbox } = sourceWith(delivery)
  source.attach(oss('resize'))
  source.start()
  outbox.change('in/ü.jpg')
  await settle()
  assert.deepEqual(delivery.delivered[0]!.payload, {
    events: [
      {
        eventName: 'ObjectCreated:PutObject',
        eventSource: 'acs:oss',
        eventTime: '2030-01-01T08:00:00.005Z',
        eventVersion: '1.0',
        oss: {
          bucket: {
            arn: 'acs:oss:cn-hangzhou:1234567890123456:photos',
            name: 'photos',
            ownerIdentity: '1234567890123456',
            virtualBucket: '',
          },
          object: {
            deltaSize: 4,
            eTag: 'ABCD',
            key: 'in/ü.jpg',
            objectMeta: { mimeType: 'image/jpeg', userMeta: { 'x-oss-meta-author': 'me' } },
            size: 10,
          },
          ossSchemaVersion: '1.0',
          ruleId: 'id-of-resize',
        },
        region: 'cn-hangzhou',
        requestParameters: { sourceIPAddress: '10.0.0.9' },
        responseElements: { requestId: 'R1' },
        userIdentity: { principalId: 'p1' },
      },
    ],
  })
  await source.close()
})

test('what was changed before the start waits for it, and is acknowledged when it was taken', async () => {
  const delivery = new FakeDelivery()
  const { source, outbox, keys } = sourceWith(delivery)
  source.attach(oss('one'))
  outbox.change('a')
  outbox.change('b')
  await settle()
  assert.deepEqual(keys(), [])
  source.start()
  await settle()
  assert.deepEqual(keys(), ['a', 'b'])
  assert.deepEqual(outbox.events, [])
  await source.close()
})

test('a function that takes no more holds up no other, and its events keep their order', async () => {
  const delivery = new FakeDelivery()
  const { source, outbox, pass, keys, warnings } = sourceWith(delivery)
  source.attach(oss('stuck', { bucket: 'aaa' }))
  source.attach(oss('well', { bucket: 'bbb' }))
  source.start()
  delivery.isBlocked = ({ triggerName }) => triggerName === 'stuck'
  for (let i = 0; i < 600; i++) outbox.change(`${i}`, { bucket: 'aaa' })
  outbox.change('other', { bucket: 'bbb' })
  await pass(0)
  assert.deepEqual(keys(), ['other'])
  for (let i = 600; i < 605; i++) outbox.change(`${i}`, { bucket: 'aaa' })
  await pass(5000)
  delivery.isBlocked = () => false
  outbox.change('605', { bucket: 'aaa' })
  await pass(30_000)
  assert.deepEqual(keys(), ['other', ...Array.from({ length: 606 }, (_, i) => String(i))])
  assert.deepEqual(outbox.events, [])
  assert.equal(warnings.length, 1)
  await source.close()
})

test('events whose trigger was deleted meanwhile are dropped, and that is told', async () => {
  const delivery = new FakeDelivery()
  const { source, outbox, warnings, counts } = sourceWith(delivery)
  source.attach(oss('gone'))
  outbox.change('a')
  source.detach('fn', 'gone')
  source.start()
  await settle()
  assert.deepEqual(outbox.events, [])
  assert.match(warnings.join(), /1 events of objects were dropped/)
  assert.deepEqual([...counts.list()], [{ type: 'oss', outcome: 'failed', count: 1 }])
  await source.close()
})

test('a store that cannot be read now is read again', async () => {
  const delivery = new FakeDelivery()
  const { source, outbox, pass, keys } = sourceWith(delivery)
  source.attach(oss('one'))
  source.start()
  await settle()
  outbox.failures = 3
  outbox.change('a')
  await pass(1000)
  assert.deepEqual(keys(), ['a'])
  await source.close()
})

test('only what a trigger waits for is kept', () => {
  const counts = new TriggerCounts()
  const rules = new OssRules(counts)
  rules.set(oss('t', { events: ['oss:ObjectCreated:PutObject', 'oss:ObjectRemoved:*'], prefix: 'in/', suffix: '.jpg' }))
  const wants = (key: string, eventName: string, bucket = 'photos') => rules.wants(bucket, key, eventName)
  assert.ok(wants('in/a.jpg', 'ObjectCreated:PutObject'))
  assert.ok(wants('in/a.jpg', 'ObjectRemoved:DeleteObjects'))
  assert.ok(!wants('in/a.jpg', 'ObjectCreated:CopyObject'))
  assert.ok(!wants('out/a.jpg', 'ObjectCreated:PutObject'))
  assert.ok(!wants('in/a.png', 'ObjectCreated:PutObject'))
  assert.ok(!wants('in/a.jpg', 'ObjectCreated:PutObject', 'other'))
  // Of a bucket without triggers nothing is counted.
  assert.deepEqual([...counts.list()], [{ type: 'oss', outcome: 'filtered', count: 3 }])
  rules.remove('fn', 't')
  assert.ok(!wants('in/a.jpg', 'ObjectCreated:PutObject'))
})

test('two rules overlap exactly when some event is for both', () => {
  const text = fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }).map((letters) => letters.join(''))
  const wanted = fc.record({
    events: fc.uniqueArray(fc.constantFrom(...OSS_EVENT_NAMES), { minLength: 1, maxLength: 3 }),
    prefix: text,
    suffix: text,
    bucket: fc.constantFrom('one', 'two'),
  })
  const names = OSS_EVENT_NAMES.filter((name) => !name.endsWith('*')).map((name) => name.slice('oss:'.length))
  const longest = (a: string, b: string) => (a.length > b.length ? a : b)
  fc.assert(
    fc.property(wanted, wanted, (first, second) => {
      const [a, b] = [ruleOf(oss('a', first)), ruleOf(oss('b', second))] as [OssRule, OssRule]
      const key = longest(a.prefix, b.prefix) + longest(a.suffix, b.suffix)
      const isForBoth = a.bucket === b.bucket && names.some((name) => isWanted(a, key, name) && isWanted(b, key, name))
      assert.equal(overlap(a, b), isForBoth)
      assert.equal(overlap(b, a), isForBoth)
    }),
    { numRuns: 500 },
  )
})

test('a trigger does not overlap with what it was before', () => {
  const rules = new OssRules(new TriggerCounts())
  rules.set(oss('t', { prefix: 'in/' }))
  assert.equal(rules.overlapping(oss('t', { prefix: 'in/' })), undefined)
  assert.equal(rules.overlapping(oss('u', { prefix: 'in/a' }))?.triggerName, 't')
  assert.equal(rules.overlapping(oss('t', { prefix: 'in/' }, { functionKey: 'other' }))?.triggerName, 't')
  assert.equal(rules.overlapping(oss('u', { prefix: 'out/' })), undefined)
})
