import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changed } from '../gateway/test-support.ts'
import { keyOf, type TriggerDocument } from '../model.ts'
import { TriggerFeed } from './feed.ts'
import type { TriggerSource } from './port.ts'
import { triggerNamed } from './test-support.ts'

function sourceOf(triggerType: string) {
  const calls: string[] = []
  const source: TriggerSource = {
    triggerType,
    attach: ({ triggerId }) => void calls.push(`attach ${triggerId}`),
    detach: (functionKey, triggerName) => void calls.push(`detach ${functionKey}/${triggerName}`),
    start: () => void calls.push('start'),
    runsOf: (_, triggerName) => (triggerName === 'a' ? { lastMs: 1, nextMs: 2 } : undefined),
    close: async () => {},
  }
  return { source, calls }
}

const put = (trigger: TriggerDocument) =>
  changed('trigger', keyOf.trigger(trigger.functionKey, trigger.triggerName), trigger)
const remove = (name: string) => changed('trigger', keyOf.trigger('fn', name), null)

test('triggers go to the source of their type: all of them, then the start, then what changes', () => {
  const [timer, oss] = [sourceOf('timer'), sourceOf('oss')]
  const feed = new TriggerFeed([timer.source, oss.source], assert.fail)
  feed.apply([
    put(triggerNamed('a', 'timer', {})),
    put(triggerNamed('b', 'oss', {})),
    put(triggerNamed('web', 'http', {})),
  ])
  feed.apply([put(triggerNamed('a', 'timer', {})), remove('b'), remove('never')])
  assert.deepEqual(timer.calls, ['attach id-of-a', 'start', 'attach id-of-a'])
  assert.deepEqual(oss.calls, ['attach id-of-b', 'start', 'detach fn/b'])
})

test('one that was made anew under its name, between two looks, is another one', () => {
  const [timer, oss] = [sourceOf('timer'), sourceOf('oss')]
  const feed = new TriggerFeed([timer.source, oss.source], assert.fail)
  feed.apply([put(triggerNamed('a', 'timer', {}))])
  feed.apply([put(triggerNamed('a', 'oss', {}, { triggerId: 'other' }))])
  assert.deepEqual(timer.calls, ['attach id-of-a', 'start', 'detach fn/a'])
  assert.deepEqual(oss.calls, ['start', 'attach other'])
})

test('the list tells when timers ran and will run', () => {
  const feed = new TriggerFeed([sourceOf('timer').source], assert.fail)
  const other = triggerNamed('b', 'timer', {}, { functionKey: 'other' })
  feed.apply([put(triggerNamed('a', 'timer', {})), put(other)])
  assert.deepEqual(
    feed.list(undefined).map(({ trigger, lastMs, nextMs }) => [trigger.triggerName, lastMs, nextMs]),
    [
      ['a', 1, 2],
      ['b', null, null],
    ],
  )
  assert.deepEqual(
    feed.list('other').map(({ trigger }) => trigger.triggerName),
    ['b'],
  )
})

test('a trigger that its source cannot read is told, and the others are attached', () => {
  const { source, calls } = sourceOf('timer')
  const warnings: string[] = []
  const picky: TriggerSource = {
    ...source,
    attach(trigger) {
      if (trigger.triggerName === 'bad') throw new Error('no such pattern')
      source.attach(trigger)
    },
  }
  const feed = new TriggerFeed([picky], (message) => warnings.push(message))
  feed.apply([put(triggerNamed('bad', 'timer', {})), put(triggerNamed('a', 'timer', {}))])
  assert.deepEqual(calls, ['detach fn/bad', 'attach id-of-a', 'start'])
  assert.match(warnings[0]!, /trigger 'bad' of function 'fn' is out of use: Error: no such pattern/)
})
