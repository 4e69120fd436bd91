/** What every source of events does with the triggers that are attached to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TriggerDocument } from '../model.ts'
import type { TriggerSource } from './port.ts'
import { FakeDelivery } from './test-support.ts'

export interface SourceUnderTest {
  source: TriggerSource
  /** One that hears of what `happen` makes happen. */
  trigger: (name: string) => TriggerDocument
  /** Makes one event happen, a new one each time, and waits until it is delivered, refused deliveries tried again. */
  happen: () => Promise<void>
}

export function triggerSourceContract(name: string, make: (delivery: FakeDelivery) => Promise<SourceUnderTest>): void {
  test(`${name}: an event reaches the trigger that is attached, each event by an id of its own`, async (t) => {
    const delivery = new FakeDelivery()
    const { source, trigger, happen } = await make(delivery)
    t.after(() => source.close())
    source.attach(trigger('one'))
    source.start()
    await happen()
    await happen()
    assert.deepEqual(
      delivery.delivered.map((each) => each.trigger.triggerName),
      ['one', 'one'],
    )
    assert.equal(new Set(delivery.requestIds).size, 2)
    assert.ok(delivery.delivered.every(({ event }) => event.payload.length > 0 && event.depth === 0))
  })

  test(`${name}: a trigger that is attached again is still one trigger`, async (t) => {
    const delivery = new FakeDelivery()
    const { source, trigger, happen } = await make(delivery)
    t.after(() => source.close())
    source.attach(trigger('one'))
    source.start()
    source.attach({ ...trigger('one'), description: 'changed' })
    await happen()
    assert.deepEqual(
      delivery.delivered.map((each) => each.trigger.description),
      ['changed'],
    )
  })

  test(`${name}: a trigger that is detached hears of nothing, and one that is not there may be detached`, async (t) => {
    const delivery = new FakeDelivery()
    const { source, trigger, happen } = await make(delivery)
    t.after(() => source.close())
    source.attach(trigger('one'))
    source.start()
    source.detach('fn', 'one')
    source.detach('fn', 'one')
    source.detach('fn', 'never')
    await happen()
    assert.deepEqual(delivery.delivered, [])
  })

  test(`${name}: an event that cannot be taken now is delivered later, with the id that it had`, async (t) => {
    const delivery = new FakeDelivery()
    const { source, trigger, happen } = await make(delivery)
    t.after(() => source.close())
    const ids: string[] = []
    const { deliver } = delivery
    Object.assign(delivery, {
      deliver: (...[to, event]: Parameters<typeof deliver>) => {
        ids.push(event.requestId)
        return deliver(to, event)
      },
    })
    source.attach(trigger('one'))
    source.start()
    delivery.refusals = 2
    await happen()
    assert.equal(delivery.refused, 2)
    assert.equal(delivery.delivered.length, 1)
    assert.equal(ids.length, 3)
    assert.equal(new Set(ids).size, 1)
  })

  test(`${name}: a source that is closed delivers nothing more`, async () => {
    const delivery = new FakeDelivery()
    const { source, trigger, happen } = await make(delivery)
    source.attach(trigger('one'))
    source.start()
    await happen()
    await source.close()
    await happen()
    assert.equal(delivery.delivered.length, 1)
  })
}
