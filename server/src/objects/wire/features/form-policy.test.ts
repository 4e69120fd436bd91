import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFormPolicy, lengthRange, readFormPolicy } from './form-policy.ts'

const NOW_MS = Date.UTC(2030, 0, 1)
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const policy = (...conditions: unknown[]) =>
  readFormPolicy(encoded({ expiration: '2030-01-02T00:00:00.000Z', conditions }))
const check = (condition: unknown, fields: Record<string, string>) =>
  checkFormPolicy(policy(condition), new Map(Object.entries(fields)), NOW_MS)

test('conditions hold for the fields of the form, whatever the case of their names', () => {
  check({ bucket: 'b' }, { bucket: 'b' })
  check({ 'X-OSS-Meta-A': '1' }, { 'x-oss-meta-a': '1' })
  check(['eq', '$Key', 'k'], { key: 'k' })
  check(['starts-with', '$key', 'user/'], { key: 'user/a' })
  check(['starts-with', '$key', ''], {})
  check(['in', '$content-type', ['image/png', 'image/jpeg']], { 'content-type': 'image/png' })
  check(['not-in', '$cache-control', ['no-cache']], { 'cache-control': 'private' })
})

test('a condition that does not hold is told as it stands in the policy', () => {
  const cases: [unknown, RegExp][] = [
    [{ bucket: 'b' }, /Policy Condition failed: \["eq","\$bucket","b"\]$/],
    [['eq', '$key', 'k'], /failed: \["eq","\$key","k"\]/],
    [['starts-with', '$key', 'user/'], /failed: \["starts-with"/],
    [['in', '$content-type', ['image/png']], /failed: \["in"/],
    [['not-in', '$key', ['other']], /failed: \["not-in"/],
  ]
  for (const [condition, message] of cases) assert.throws(() => check(condition, { key: 'other' }), message)
})

test('a policy ends when it says, and one that cannot be read allows nothing', () => {
  const fields = new Map<string, string>()
  assert.throws(() => checkFormPolicy(policy(), fields, Date.UTC(2030, 0, 2)), /Policy expired\./)
  const expiration = '2030-01-02T00:00:00.000Z'
  for (const document of [
    'x',
    null,
    { conditions: [] },
    { expiration: 'soon', conditions: [] },
    { expiration },
    { expiration, conditions: ['a'] },
    { expiration, conditions: [['eq', 'key', 'v']] },
    { expiration, conditions: [['matches', '$key', 'v']] },
    { expiration, conditions: [['content-length-range', 2, 1]] },
    { expiration, conditions: [{ key: {} }] },
  ]) {
    assert.throws(() => readFormPolicy(encoded(document)), /Invalid according to Policy/)
  }
  assert.throws(() => readFormPolicy('%%%'), /Invalid according to Policy/)
})

test('lengths must lie within every range', () => {
  assert.deepEqual(lengthRange(policy()), { min: 0, max: Number.MAX_SAFE_INTEGER })
  const ranges = policy(['content-length-range', 1, 100], ['content-length-range', 5, 200])
  assert.deepEqual(lengthRange(ranges), { min: 5, max: 100 })
})
