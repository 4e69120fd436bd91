import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../clock.ts'
import { createAuthorizer } from './authorizer.ts'
import { createSecurityTokenService } from './assume-role.ts'
import { createKeyRing } from './key-ring.ts'
import { rpcSignature } from './rpc-signature.ts'
import { createTokenIssuer } from './security-token.ts'
import { ACCOUNT_ID, KEY, NOW_MS, TOKEN_KEY, assertRefused, handClock } from './test-support.ts'

const HOST = 'oss.test:7801'
const ROLE = `acs:ram::${ACCOUNT_ID}:role/uploader`
const READ_ONLY = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'oss:GetObject', Resource: 'acs:oss:*:*:b/pub/*' }],
}

interface Given {
  Credentials: { AccessKeyId: string; AccessKeySecret: string; SecurityToken: string; Expiration: string }
  AssumedRoleUser: { Arn: string; AssumedRoleId: string }
}

function makeService() {
  const clock = handClock()
  const keys = createKeyRing({ accountId: ACCOUNT_ID, ...KEY, tokenKey: TOKEN_KEY })
  const tokens = createTokenIssuer({ tokenKey: TOKEN_KEY }, { random: systemRandom })
  const service = createSecurityTokenService({ accountId: ACCOUNT_ID }, { clock, keys, tokens })
  let nonce = 0
  /** Signed as a client does; parameters that are null are left out. */
  function signed(changes: Record<string, string | null>, method = 'POST', secret = KEY.accessKeySecret) {
    const all = {
      ...{ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'app', Format: 'JSON', Version: '2015-04-01' },
      ...{ AccessKeyId: KEY.accessKeyId, SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' },
      ...{ SignatureNonce: `0.${++nonce}`, Timestamp: new Date(clock.nowMs()).toISOString() },
      ...changes,
    }
    const parameters = new Map(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null))
    return parameters.set('Signature', rpcSignature(method, parameters, secret))
  }
  const send = (parameters: ReadonlyMap<string, string>, method = 'POST') =>
    service.answer(method, parameters, 'request-1', HOST)
  function assume(changes: Record<string, string | null> = {}) {
    const { status, body } = send(signed(changes))
    assert.equal(status, 200, JSON.stringify(body))
    return body as unknown as Given
  }
  function findKey({ Credentials: { AccessKeyId, AccessKeySecret, SecurityToken } }: Given) {
    const key = keys.find(AccessKeyId, SecurityToken, clock.nowMs())
    if (!('refusal' in key)) assert.equal(key.secret, AccessKeySecret)
    return key
  }
  return { clock, tokens, signed, send, assume, findKey }
}

test('the signature is that of the published example', () => {
  // From the documentation of the RPC signature (DescribeRegions, key testid / testsecret).
  const parameters = new Map(
    Object.entries({
      ...{ Timestamp: '2016-02-23T12:46:24Z', Format: 'XML', AccessKeyId: 'testid', Action: 'DescribeRegions' },
      ...{ SignatureMethod: 'HMAC-SHA1', SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf' },
      ...{ Version: '2014-05-26', SignatureVersion: '1.0' },
    }),
  )
  assert.equal(rpcSignature('GET', parameters, 'testsecret'), 'OLeaidS1JvxuMvnyHOwuJ+uX5qY=')
})

test('the account gets credentials of the session that it asked for, which end when they say', () => {
  const { clock, assume, findKey } = makeService()
  const given = assume({ DurationSeconds: '900', Policy: JSON.stringify(READ_ONLY) })
  assert.deepEqual(given.AssumedRoleUser, { Arn: `${ROLE}/app`, AssumedRoleId: 'uploader:app' })
  assert.equal(given.Credentials.Expiration, '2030-01-01T00:15:00Z')
  clock.advance(899_999)
  const key = findKey(given)
  assert.ok(!('refusal' in key))
  assert.equal(key.principal.kind, 'assumedRole')
  clock.advance(1)
  assert.deepEqual(findKey(given), {
    refusal: 'expiredToken',
    message: 'the security token expired at 2030-01-01T00:15:00.000Z',
  })
  assert.equal(assume().Credentials.Expiration, '2030-01-01T01:15:00Z')
})

test('a session may do what its role and its policy both allow', () => {
  const { assume, findKey } = makeService()
  const authorizer = createAuthorizer({ accountId: ACCOUNT_ID, region: 'cn-hangzhou' })
  const as = (changes: Record<string, string>) => {
    const key = findKey(assume(changes))
    assert.ok(!('refusal' in key))
    return (action: string, resource: string) => authorizer.authorize(key.principal, action, resource)
  }
  const object = (key: string) => `acs:oss:*:${ACCOUNT_ID}:b/${key}`
  const invoked = `acs:fc:cn-hangzhou:${ACCOUNT_ID}:functions/f`
  const reader = as({ Policy: JSON.stringify(READ_ONLY) })
  reader('oss:GetObject', object('pub/a'))
  const name = `session 'app' of role '${ROLE}'`
  assertRefused(() => reader('oss:PutObject', object('pub/a')), 'AccessDenied', name)
  assertRefused(() => reader('oss:GetObject', object('other/a')), 'AccessDenied', name)
  assertRefused(() => reader('fc:InvokeFunction', invoked), 'AccessDenied', name)
  const everything = { Version: '1', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  for (const changes of [{ RoleSessionName: 'all' }, { Policy: JSON.stringify(everything) }]) {
    const all = as(changes)
    all('oss:PutObject', object('other/a'))
    all('fc:InvokeFunction', invoked)
    assertRefused(() => all('fc:DeleteFunction', invoked), 'AccessDenied', 'fc:DeleteFunction')
  }
})

test('a policy of another region or service gives nothing', () => {
  const { assume, findKey } = makeService()
  const authorizer = createAuthorizer({ accountId: ACCOUNT_ID, region: 'cn-hangzhou' })
  for (const [resource, isAllowed] of [
    ['acs:oss:oss-cn-hangzhou:*:*', true],
    ['acs:oss:oss-cn-shanghai:*:*', false],
    ['acs:fc:*:*:*', false],
  ] as const) {
    const statement = { Effect: 'Allow', Action: '*', Resource: resource }
    const key = findKey(assume({ Policy: JSON.stringify({ Version: '1', Statement: [statement] }) }))
    assert.ok(!('refusal' in key))
    const read = () => authorizer.authorize(key.principal, 'oss:GetObject', `acs:oss:*:${ACCOUNT_ID}:b/k`)
    if (isAllowed) read()
    else assertRefused(read, 'AccessDenied', 'oss:GetObject')
  }
})

test('the longest policy travels in the token, whatever its characters', () => {
  const { assume, findKey } = makeService()
  const frame = JSON.stringify({
    Version: '1',
    Statement: [{ Effect: 'Deny', Action: '*', Resource: 'acs:oss:*:*:b/' }],
  })
  const room = 2048 - frame.length
  for (const filling of ['中'.repeat(room), 'a'.repeat(room), '\\"'.repeat(Math.floor(room / 2))]) {
    const longest = frame.replace('b/', `b/${filling}`)
    assert.ok(!('refusal' in findKey(assume({ Policy: longest, RoleSessionName: 's'.repeat(64) }))))
  }
})

test('a bad parameter is refused by its name, with the documented code', () => {
  const { signed, send } = makeService()
  const long = JSON.stringify({ ...READ_ONLY, Statement: Array(30).fill(READ_ONLY.Statement[0]) })
  const cases: [Record<string, string | null>, number, string, RegExp][] = [
    [{ Action: null }, 400, 'MissingParameter', /Action/],
    [{ Action: 'GetCallerIdentity' }, 404, 'InvalidAction.NotFound', /Action must be AssumeRole/],
    [{ Version: '2014-01-01' }, 400, 'InvalidParameter', /Version/],
    [{ Format: 'XML' }, 400, 'InvalidParameter', /Format must be JSON/],
    [{ SignatureMethod: 'HMAC-SHA256' }, 400, 'InvalidParameter', /SignatureMethod/],
    [{ RoleArn: null }, 400, 'MissingParameter', /RoleArn/],
    [{ RoleArn: 'uploader' }, 400, 'InvalidParameter.RoleArn', /RoleArn must be acs:ram::/],
    [{ RoleArn: `${ROLE}/x` }, 400, 'InvalidParameter.RoleArn', /RoleArn/],
    [{ RoleArn: 'acs:ram::1:role/uploader' }, 404, 'EntityNotExist.Role', /RoleArn/],
    [{ RoleSessionName: 'a' }, 400, 'InvalidParameter.RoleSessionName', /2 to 64/],
    [{ RoleSessionName: 'a'.repeat(65) }, 400, 'InvalidParameter.RoleSessionName', /2 to 64/],
    [{ RoleSessionName: 'a b' }, 400, 'InvalidParameter.RoleSessionName', /2 to 64/],
    [{ DurationSeconds: '899' }, 400, 'InvalidParameter.DurationSeconds', /900 to 43200/],
    [{ DurationSeconds: '43201' }, 400, 'InvalidParameter.DurationSeconds', /900 to 43200/],
    [{ DurationSeconds: '1e3' }, 400, 'InvalidParameter.DurationSeconds', /900 to 43200/],
    [{ Policy: long }, 400, 'InvalidParameter.PolicySize', /2048/],
    [{ Policy: '' }, 400, 'InvalidParameter.PolicyGrammar', /Policy is not valid: it must be JSON/],
    [{ Policy: '{"Version":"1"}' }, 400, 'InvalidParameter.PolicyGrammar', /Statement/],
  ]
  for (const [changes, status, code, message] of cases) {
    const answer = send(signed(changes))
    const { Message, ...rest } = answer.body as { Message: string }
    assert.deepEqual([answer.status, rest], [status, { Code: code, RequestId: 'request-1', HostId: HOST }], Message)
    assert.match(Message, message)
  }
})

test('only a fresh request, signed with the key of the account, is answered', () => {
  const { clock, tokens, signed, send } = makeService()
  const code = (parameters: ReadonlyMap<string, string>, method = 'POST') => {
    const { status, body } = send(parameters, method)
    return status === 200 ? 'answered' : (body as { Code: string }).Code
  }
  const request = signed({})
  assert.equal(code(request, 'GET'), 'SignatureDoesNotMatch')
  assert.equal(code(new Map([...request, ['DurationSeconds', '43200']])), 'SignatureDoesNotMatch')
  assert.equal(code(request), 'answered')
  assert.equal(code(request), 'SignatureNonceUsed')
  assert.equal(code(signed({}, 'GET'), 'GET'), 'answered')
  assert.equal(code(signed({}, 'POST', 'another secret')), 'SignatureDoesNotMatch')
  assert.equal(code(signed({ AccessKeyId: 'nobody' })), 'InvalidAccessKeyId.NotFound')
  assert.equal(code(signed({ Timestamp: '2030-01-01' })), 'InvalidTimeStamp.Format')
  const late = signed({})
  clock.advance(15 * 60_000 + 1)
  assert.equal(code(late), 'InvalidTimeStamp.Expired')
  const inFunction = tokens.issue('svc$fn', ROLE, NOW_MS)
  const ofFunction = { AccessKeyId: inFunction.accessKeyId, SecurityToken: inFunction.securityToken }
  assert.equal(code(signed(ofFunction, 'POST', inFunction.accessKeySecret)), 'NoPermission')
  assert.equal(code(signed({ AccessKeyId: inFunction.accessKeyId })), 'InvalidAccessKeyId.NotFound')
})
