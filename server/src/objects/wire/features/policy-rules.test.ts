import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../../port.ts'
import { decide, readPolicy, type PolicyRequest } from './policy-rules.ts'

const base = { Effect: 'Allow', Principal: ['*'], Action: ['oss:GetObject'], Resource: ['acs:oss:*:*:b/*'] }
const policy = (...statements: object[]) =>
  readPolicy(JSON.stringify({ Version: '1', Statement: statements.map((each) => ({ ...base, ...each })) }))
const request: PolicyRequest = {
  ...{ accountId: '1', action: 'oss:GetObject', resource: 'acs:oss:*:1:b/a/key', sourceIp: '10.0.0.7' },
}

test('a refusal wins over a permission, and silence is neither', () => {
  assert.equal(decide(policy({}), request), 'allow')
  assert.equal(decide(policy({}, { Effect: 'Deny' }), request), 'deny')
  assert.equal(decide(policy({ Action: ['oss:PutObject'] }), request), null)
})

test('a statement is for the principals, actions and resources that it names', () => {
  const says = (statement: object, asked: Partial<PolicyRequest> = {}) =>
    decide(policy(statement), { ...request, ...asked })
  assert.equal(says({ Principal: ['1'] }), 'allow')
  assert.equal(says({ Principal: '2' }), null)
  assert.equal(says({ Principal: ['1'] }, { accountId: null }), null)
  assert.equal(says({}, { accountId: null }), 'allow')
  assert.equal(says({ Action: 'oss:Get*' }), 'allow')
  assert.equal(says({ Action: ['oss:getobject'] }), 'allow')
  assert.equal(says({ Resource: ['acs:oss:oss-cn-hangzhou:1:b/a/*'] }), 'allow')
  assert.equal(says({ Resource: ['acs:oss:*:*:b'] }), null)
  assert.equal(says({ Resource: '*' }), 'allow')
  const others = { Resource: undefined, NotResource: ['acs:oss:*:*:b/open/*'] }
  assert.equal(says(others), 'allow')
  assert.equal(says(others, { resource: 'acs:oss:*:1:b/open/x' }), null)
})

test('addresses and networks are conditions', () => {
  const from = (operator: string, source: string | string[], sourceIp: string) =>
    decide(policy({ Condition: { [operator]: { 'acs:SourceIp': source } } }), { ...request, sourceIp })
  assert.equal(from('IpAddress', '10.0.0.0/8', '10.1.2.3'), 'allow')
  assert.equal(from('IpAddress', ['10.0.0.0/8', '::1'], '::1'), 'allow')
  assert.equal(from('IpAddress', '10.0.0.0/8', '11.1.2.3'), null)
  assert.equal(from('IpAddress', '10.0.0.1', ''), null)
  assert.equal(from('NotIpAddress', '10.0.0.0/8', '11.1.2.3'), 'allow')
  assert.equal(from('NotIpAddress', '10.0.0.0/8', '10.1.2.3'), null)
})

test('what is not understood is refused by its place, never passed over', () => {
  const cases: [object, RegExp][] = [
    [{ Effect: 'Maybe' }, /Statement\[0\]\.Effect/],
    [{ Principal: undefined }, /Statement\[0\]\.Principal/],
    [{ Action: [] }, /Statement\[0\]\.Action/],
    [{ Resource: undefined }, /either Resource or NotResource/],
    [{ NotPrincipal: ['1'] }, /no member 'NotPrincipal'/],
    [{ Condition: { StringLike: { 'oss:Prefix': 'a' } } }, /Condition\.StringLike: it is not evaluated/],
    [{ Condition: { IpAddress: { 'acs:SourceIp': 'a' } } }, /no address or network/],
    [{ Condition: { IpAddress: { 'acs:SourceIp': '10.0.0.0/33' } } }, /no address or network/],
    [{ Condition: { IpAddress: { 'acs:UserAgent': 'a' } } }, /no member 'acs:UserAgent'/],
  ]
  for (const [statement, message] of cases) assert.throws(() => policy(statement), message)
  for (const text of ['', '[]', '{"Version":"2","Statement":[]}', '{"Version":"1","Statement":[]}']) {
    assert.throws(() => readPolicy(text), OssError)
  }
})
