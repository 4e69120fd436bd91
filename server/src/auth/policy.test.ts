import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyError, covers, effectOf, readSessionPolicy } from './policy.ts'

const base = { Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:b/*' }
const policy = (...statements: object[]) =>
  readSessionPolicy(JSON.stringify({ Version: '1', Statement: statements.map((each) => ({ ...base, ...each })) }))
const says = (statements: ReturnType<typeof policy>, action: string, resource: string) =>
  effectOf(statements.filter((statement) => covers(statement, action, resource)))
const OBJECT = 'acs:oss:cn-hangzhou:1:b/a/key'

test('a refusal wins over a permission wherever it stands, and silence is neither', () => {
  const allow = { Action: '*', Resource: '*' }
  assert.equal(says(policy(allow), 'oss:GetObject', OBJECT), 'allow')
  assert.equal(says(policy({ Effect: 'Deny' }, allow), 'oss:GetObject', OBJECT), 'deny')
  assert.equal(says(policy(allow, { Effect: 'Deny' }), 'oss:GetObject', OBJECT), 'deny')
  assert.equal(says(policy({}), 'oss:PutObject', OBJECT), null)
})

test('a resource matches part by part: no star reaches into the next part', () => {
  const allows = (pattern: string, resource = OBJECT) =>
    says(policy({ Resource: [pattern] }), 'oss:GetObject', resource) === 'allow'
  for (const pattern of ['*', 'acs:*:*:*:*', 'acs:oss:oss-cn-hangzhou:1:b/*', 'acs:oss:cn-*:1:*/key']) {
    assert.equal(allows(pattern), true, pattern)
  }
  for (const pattern of ['acs:oss:*:2:b/*', 'acs:oss:cn-shanghai:*:*', 'acs:fc:*:*:*', 'acs:oss:*:*:b']) {
    assert.equal(allows(pattern), false, pattern)
  }
  assert.equal(allows('acs:oss:*:*:b/*', 'acs:oss:cn-hangzhou:1:other/x:b/key'), false)
  assert.equal(allows('acs:oss:*:*:b/x:*', 'acs:oss:cn-hangzhou:1:b/x:y'), true)
  const others = policy({ Resource: undefined, NotResource: 'acs:oss:*:*:b/secret/*' })
  assert.equal(says(others, 'oss:GetObject', OBJECT), 'allow')
  assert.equal(says(others, 'oss:GetObject', 'acs:oss:cn-hangzhou:1:b/secret/x'), null)
})

test('what a session could not be held to is refused by its place', () => {
  const cases: [object, RegExp][] = [
    [{ Condition: {} }, /Statement\[0\]\.Condition: conditions are not evaluated/],
    [{ Principal: ['1'] }, /no member 'Principal'/],
    [{ NotAction: ['oss:*'] }, /no member 'NotAction'/],
    [{ Action: [] }, /Statement\[0\]\.Action/],
    [{ Action: [1] }, /Statement\[0\]\.Action/],
    [{ Effect: 'allow' }, /Statement\[0\]\.Effect/],
    [{ NotResource: '*' }, /either Resource or NotResource/],
    [{ Resource: 'b/*' }, /'b\/\*' must be \* or acs:/],
    [{ Resource: 'arn:oss:*:*:b/*' }, /must be \* or acs:/],
  ]
  for (const [statement, message] of cases) assert.throws(() => policy(statement), message)
  for (const text of ['', 'null', '[]', '{"Version":"2","Statement":[]}', '{"Version":"1","Statement":{}}']) {
    assert.throws(() => readSessionPolicy(text), PolicyError)
  }
})
