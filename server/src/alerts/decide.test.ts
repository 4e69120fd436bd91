import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, initialState, silenceOf, type Decision, type RuleState, type Terms } from './decide.ts'
import type { Verdict } from './judge.ts'

const terms = (some: Partial<Terms> = {}): Terms => ({
  condition: { kind: 'threshold', comparison: '>', threshold: 1 },
  forSeconds: 0,
  repeatSeconds: 0,
  onNoData: 'ok',
  ...some,
})

type Step = [atSeconds: number, verdict: Verdict, silenced?: 'silenced']

/** What is told, and what becomes of the state, one evaluation after the other. */
function run(rule: Terms, steps: readonly Step[], from: RuleState = initialState(0)) {
  let state = from
  return steps.map(([at, verdict, silenced]) => {
    const { next, events, told } = decide(rule, state, verdict, at * 1000, silenced !== undefined)
    state = next
    return [state.state, events.join(), told]
  })
}

test('it fires at once, is told once, and its end is told', () => {
  assert.deepEqual(
    run(terms(), [
      [10, 'fine'],
      [20, 'broken'],
      [30, 'broken'],
      [40, 'fine'],
      [50, 'fine'],
    ]),
    [
      ['ok', '', null],
      ['firing', 'fired', 'fired'],
      ['firing', '', null],
      ['ok', 'resolved', 'resolved'],
      ['ok', '', null],
    ],
  )
})

test('with a for-duration it is pending until the condition has held so long, and a break begins anew', () => {
  assert.deepEqual(
    run(terms({ forSeconds: 20 }), [
      [10, 'broken'],
      [20, 'broken'],
      [29, 'fine'],
      [30, 'broken'],
      [49, 'broken'],
      [50, 'broken'],
    ]),
    [
      ['pending', 'pending', null],
      ['pending', '', null],
      ['ok', '', null],
      ['pending', 'pending', null],
      ['pending', '', null],
      ['firing', 'fired', 'fired'],
    ],
  )
})

test('it is repeated in its interval while it fires', () => {
  const told = run(terms({ repeatSeconds: 60 }), [
    [0, 'broken'],
    [59, 'broken'],
    [60, 'broken'],
    [110, 'broken'],
    [125, 'broken'],
  ]).map(([, , what]) => what)
  assert.deepEqual(told, ['fired', null, 'repeated', null, 'repeated'])
})

test('a silence keeps it quiet; what still fires when it ends is told then', () => {
  assert.deepEqual(
    run(terms({ repeatSeconds: 10 }), [
      [10, 'broken', 'silenced'],
      [30, 'broken', 'silenced'],
      [40, 'broken'],
      [45, 'broken'],
      [60, 'broken', 'silenced'],
      [70, 'fine', 'silenced'],
    ]),
    [
      ['firing', 'silenced', null],
      ['firing', '', null],
      ['firing', 'fired', 'fired'],
      ['firing', '', null],
      ['firing', '', null],
      // Those who heard that it fires hear that it does not any more.
      ['ok', 'resolved', 'resolved'],
    ],
  )
  const unheard = run(terms(), [
    [10, 'broken', 'silenced'],
    [20, 'fine'],
  ])
  assert.deepEqual(unheard[1], ['ok', 'resolved', null])
})

test('without data it is ok, stays as it is, or fires, as the rule says', () => {
  const steps: Step[] = [
    [10, 'noData'],
    [20, 'broken'],
    [30, 'noData'],
    [40, 'fine'],
  ]
  const states = (onNoData: Terms['onNoData']) => run(terms({ onNoData }), steps).map(([state]) => state)
  assert.deepEqual(states('ok'), ['ok', 'firing', 'ok', 'ok'])
  assert.deepEqual(states('keep'), ['noData', 'firing', 'firing', 'ok'])
  assert.deepEqual(states('fire'), ['firing', 'firing', 'firing', 'ok'])
})

test('what cannot be judged changes nothing', () => {
  for (const state of ['ok', 'pending', 'firing', 'noData'] as const) {
    const before: RuleState = { state, sinceMs: 1, toldMs: null }
    assert.deepEqual(decide(terms(), before, 'unknown', 5000, false), { next: before, events: [], told: null })
  }
})

test('the time that the platform was down counts as time in which the condition held, if it holds before and after', () => {
  const before: RuleState = { state: 'pending', sinceMs: 10_000, toldMs: null }
  assert.deepEqual(run(terms({ forSeconds: 300 }), [[3600, 'broken']], before), [['firing', 'fired', 'fired']])
  assert.deepEqual(run(terms({ forSeconds: 300 }), [[3600, 'fine']], before), [['ok', '', null]])
})

test('a wall clock that is set back holds nothing up for longer than it should', () => {
  const pending: RuleState = { state: 'pending', sinceMs: 9_000_000, toldMs: null }
  assert.deepEqual(
    run(
      terms({ forSeconds: 60 }),
      [
        [1000, 'broken'],
        [1060, 'broken'],
      ],
      pending,
    ).map(([state]) => state),
    ['pending', 'firing'],
  )
})

test('a silence is found by its pattern and its time, the longest of several', () => {
  const silence = (id: string, rule: string, fromMs: number, toMs: number) => ({ id, rule, fromMs, toMs, reason: '' })
  const all = [silence('a', 'shop-*', 10, 20), silence('b', 'shop-errors', 0, 15), silence('c', 'other', 0, 99)]
  assert.equal(silenceOf('shop-errors', all, 9)?.id, 'b')
  assert.equal(silenceOf('shop-errors', all, 10)?.id, 'a')
  assert.equal(silenceOf('shop-errors', all, 20), undefined)
  assert.equal(silenceOf('shop', all, 12), undefined)
})

const anyTerms: fc.Arbitrary<Terms> = fc.record({
  condition: fc.constant(terms().condition),
  forSeconds: fc.integer({ min: 0, max: 120 }),
  repeatSeconds: fc.constantFrom(0, 60, 120),
  onNoData: fc.constantFrom('ok', 'keep', 'fire'),
})
const anySteps = fc.array(
  fc.record({
    afterSeconds: fc.integer({ min: 1, max: 90 }),
    verdict: fc.constantFrom<Verdict>('broken', 'fine', 'noData', 'unknown'),
    isSilenced: fc.boolean(),
  }),
  { maxLength: 60 },
)

function history(rule: Terms, steps: readonly { afterSeconds: number; verdict: Verdict; isSilenced: boolean }[]) {
  let state = initialState(0)
  let atMs = 0
  const heard: { atMs: number; verdict: Verdict; isSilenced: boolean; before: RuleState; decision: Decision }[] = []
  for (const { afterSeconds, verdict, isSilenced } of steps) {
    atMs += afterSeconds * 1000
    const decision = decide(rule, state, verdict, atMs, isSilenced)
    heard.push({ atMs, verdict, isSilenced, before: state, decision })
    state = decision.next
  }
  return heard
}

test('property: what is told makes sense: fired, repeated…, resolved, fired, …; nothing but resolved in a silence', () => {
  fc.assert(
    fc.property(anyTerms, anySteps, (rule, steps) => {
      let isKnownToFire = false
      for (const { isSilenced, decision } of history(rule, steps)) {
        if (decision.told === null) continue
        assert.equal(isKnownToFire, decision.told !== 'fired')
        isKnownToFire = decision.told !== 'resolved'
        if (isSilenced) assert.equal(decision.told, 'resolved')
        assert.ok(decision.events.includes(decision.told))
      }
    }),
  )
})

test('property: it never fires before the condition has held for its duration without being fine in between', () => {
  fc.assert(
    fc.property(anyTerms, anySteps, (rule, steps) => {
      let brokenSinceMs: number | null = null
      for (const { atMs, verdict, before, decision } of history(rule, steps)) {
        const isBroken = verdict === 'broken' || (verdict === 'noData' && rule.onNoData === 'fire')
        const isFine = verdict === 'fine' || (verdict === 'noData' && rule.onNoData === 'ok')
        if (isBroken) brokenSinceMs ??= atMs
        if (isFine) brokenSinceMs = null
        if (decision.next.state === 'firing' && before.state !== 'firing') {
          assert.ok(brokenSinceMs !== null && atMs - brokenSinceMs >= rule.forSeconds * 1000)
        }
        if (isFine) assert.equal(decision.next.state, 'ok')
        assert.ok(decision.next.sinceMs <= atMs)
      }
    }),
  )
})

test('property: an evaluation that is made twice at the same moment tells nothing the second time', () => {
  fc.assert(
    fc.property(anyTerms, anySteps, (rule, steps) => {
      for (const { atMs, verdict, isSilenced, decision } of history(rule, steps)) {
        const again = decide(rule, decision.next, verdict, atMs, isSilenced)
        assert.equal(again.told, null)
        assert.deepEqual(again.events, [])
      }
    }),
  )
})
