import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Routing } from '../gateway/routing.ts'
import { changed, functionNamed, putAlias, putFunction, putService, putVersion } from '../gateway/test-support.ts'
import type { Change } from '../metadata/port.ts'
import { keyOf, type ScalingDocument } from '../model.ts'
import { FeedScalingRules } from './rules.ts'

function rulesWith(...initial: Change[]) {
  let nudges = 0
  const routing = new Routing(
    () => {},
    () => {},
  )
  const rules = new FeedScalingRules(routing, () => nudges++)
  const apply = (...changes: Change[]) => {
    routing.apply(changes)
    rules.apply(changes)
  }
  apply(...initial)
  const version = (key: string, qualifier = 'LATEST') => routing.mainVersion(key, qualifier)!
  const provisions = () =>
    rules
      .provisions()
      .map(({ version: { key, versionId }, qualifier, policy }) => [`${key}@${versionId}`, qualifier, policy.target])
  return { rules, apply, version, provisions, nudges: () => nudges }
}

function putScaling(functionKey: string, qualifier: string, given: { target?: number; onDemandMax?: number }): Change {
  const { target, onDemandMax } = given
  const document: ScalingDocument = {
    functionKey,
    qualifier,
    provision:
      target === undefined
        ? null
        : { target, alwaysAllocateCpu: false, alwaysAllocateGpu: false, scheduled: [], tracking: [] },
    onDemandMax: onDemandMax ?? null,
    settings: {},
  }
  return changed('scaling', keyOf.scaling(functionKey, qualifier), document)
}

test('what is kept ready follows its qualifier: an alias to its main version, LATEST to each update', () => {
  const { apply, provisions, nudges } = rulesWith(
    // As the feed tells a whole state: kind by kind, in the order of their names.
    putAlias('functions/f', 'live', '1', { 2: 0.9, 3: 0.1 }),
    putFunction(null, 'f'),
    putScaling('f', 'live', { target: 3 }),
    putScaling('f', 'LATEST', { target: 1 }),
    putVersion(null, 'f', '1', 'one'),
    putVersion(null, 'f', '2', 'two'),
    putVersion(null, 'f', '3', 'three'),
  )
  assert.deepEqual(provisions(), [
    ['f@1', 'live', 3],
    ['f@LATEST', 'LATEST', 1],
  ])
  const before = nudges()
  apply(putAlias('functions/f', 'live', '2'))
  assert.equal(nudges(), before + 1)
  assert.deepEqual(provisions()[0], ['f@2', 'live', 3])
  apply(changed('scaling', keyOf.scaling('f', 'live'), null))
  assert.deepEqual(provisions(), [['f@LATEST', 'LATEST', 1]])
})

test('an update of a function makes another version to keep ready', () => {
  const { rules, apply } = rulesWith(putFunction(null, 'f'), putScaling('f', 'LATEST', { target: 1 }))
  const [first] = rules.provisions()
  assert.equal(rules.provisions(), rules.provisions())
  apply(putFunction(null, 'f', 'changed'))
  assert.notEqual(rules.provisions()[0]!.version.id, first!.version.id)
})

test('what leads nowhere is not kept ready, and comes back with what it names', () => {
  const { apply, provisions } = rulesWith(putScaling('s$f', 'live', { target: 1 }), putService('s'))
  assert.deepEqual(provisions(), [])
  apply(putVersion('s', 'f', '1', 'one'), putFunction('s', 'f'), putAlias('services/s', 'live', '1'))
  assert.deepEqual(provisions(), [['s$f@1', 'live', 1]])
})

test('a limit on demand holds for every version that its qualifier leads to, the lowest for one with several', () => {
  const { rules, apply, version } = rulesWith(
    putFunction(null, 'f'),
    putVersion(null, 'f', '1', 'one'),
    putVersion(null, 'f', '2', 'two'),
    putAlias('functions/f', 'live', '1', { 2: 0.1 }),
    putAlias('functions/f', 'test', '2'),
    putScaling('f', 'live', { onDemandMax: 5 }),
    putScaling('f', 'test', { onDemandMax: 2 }),
  )
  assert.equal(rules.onDemandMax(version('f', '1')), 5)
  assert.equal(rules.onDemandMax(version('f', '2')), 2)
  assert.equal(rules.onDemandMax(version('f')), null)
  apply(putScaling('f', 'LATEST', { onDemandMax: 0 }), changed('scaling', keyOf.scaling('f', 'test'), null))
  assert.equal(rules.onDemandMax(version('f')), 0)
  assert.equal(rules.onDemandMax(version('f', '2')), 5)
})

test('a function that takes no instances on demand says so itself', () => {
  const plain = functionNamed(null, 'f')
  const { rules, version } = rulesWith(
    changed('function', 'f', { ...plain, config: { ...plain.config, settings: { disableOndemand: true } } }),
    putScaling('f', 'LATEST', { onDemandMax: 5 }),
  )
  assert.equal(rules.onDemandMax(version('f')), 0)
})

test('reservations are those of the newest document, and none without one', () => {
  const { rules, apply, nudges } = rulesWith(changed('reservations', 'account', { reserved: { f: 10, s$g: 0 } }))
  assert.deepEqual(
    [...rules.reservations()],
    [
      ['f', 10],
      ['s$g', 0],
    ],
  )
  assert.equal(nudges(), 1)
  apply(changed('reservations', 'account', null))
  assert.equal(rules.reservations().size, 0)
})

test('changes that touch no rule wake nobody', () => {
  const { nudges } = rulesWith(
    putFunction(null, 'f'),
    putVersion(null, 'f', '1', ''),
    putAlias('functions/f', 'a', '1'),
  )
  assert.equal(nudges(), 0)
})
