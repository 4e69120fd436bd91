import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertRule } from '../../../../server/src/alerts/port.ts'
import { formOf, NEW_BUDGET, NEW_RULE, ruleOf, scopeOf } from './rule-form.ts'

const rule: AlertRule = {
  name: 'errors',
  description: 'too many',
  enabled: true,
  metric: 'FunctionErrors',
  service: null,
  functionKey: 'resize',
  instanceId: null,
  condition: { kind: 'threshold', comparison: '>=', threshold: 2.5 },
  windowSeconds: 60,
  forSeconds: 120,
  repeatSeconds: 0,
  onNoData: 'ok',
  severity: 'critical',
  routes: ['mail'],
}

test('a rule that is opened and saved is the same', () => {
  const conditions: AlertRule['condition'][] = [
    rule.condition,
    { kind: 'noData' },
    { kind: 'anomaly', deviations: 2.5, days: 7, direction: 'above' },
  ]
  for (const condition of conditions) {
    const given = { ...rule, condition }
    const { service, instanceId, ...sent } = given
    assert.deepEqual([service, instanceId], [null, null])
    assert.deepEqual(ruleOf(formOf(given), 'function'), { rule: sent })
  }
})

test('each input that is wrong says why, all at once', () => {
  const form = { ...NEW_RULE, threshold: 'much', windowSeconds: '0', forSeconds: '-1', repeatSeconds: '1.5' }
  assert.deepEqual(ruleOf(form, 'function'), {
    problems: {
      name: 'required',
      metric: 'required',
      functionKey: 'required',
      threshold: 'notANumber',
      windowSeconds: 'notPositive',
      forSeconds: 'negative',
      repeatSeconds: 'notWhole',
    },
  })
})

test('only inputs of the chosen condition are read', () => {
  const form = { ...formOf(rule), kind: 'noData' as const, threshold: 'much', days: '' }
  assert.ok('rule' in ruleOf(form, 'function'))
  assert.deepEqual(ruleOf({ ...form, kind: 'anomaly', deviations: '0' }, 'function'), {
    problems: { deviations: 'notPositive', days: 'required' },
  })
})

test('what the level of a metric does not ask for is not sent', () => {
  const answer = ruleOf({ ...formOf(rule), service: 'web' }, 'region')
  assert.ok('rule' in answer)
  assert.equal('service' in answer.rule, false)
  assert.equal('functionKey' in answer.rule, false)
})

test('a metric asks for what it is about', () => {
  assert.deepEqual(scopeOf('region'), [])
  assert.deepEqual(scopeOf('service'), ['service'])
  assert.deepEqual(scopeOf('instance'), ['instanceId'])
})

test('a budget asks for its amount only', () => {
  assert.deepEqual(ruleOf(NEW_BUDGET, 'region'), { problems: { threshold: 'required' } })
  assert.ok('rule' in ruleOf({ ...NEW_BUDGET, threshold: '100' }, 'region'))
})
