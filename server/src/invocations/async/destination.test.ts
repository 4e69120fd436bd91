import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRefusedAddress, parseDestination } from './destination.ts'

const account = { accountId: '1234567890123456', region: 'cn-hangzhou' }
const parse = (text: string) => parseDestination(text, account)
/** Why it is refused. */
function reasonOf(text: string): string {
  const parsed = parse(text)
  return typeof parsed === 'string' ? parsed : 'it is accepted'
}
const ARN = 'acs:fc:cn-hangzhou:1234567890123456'

test('functions of both generations are named by their ARNs, with a qualifier or without', () => {
  const expected: Record<string, [string, string]> = {
    [`${ARN}:functions/f`]: ['f', 'LATEST'],
    [`${ARN}:functions/f/live`]: ['f', 'live'],
    [`${ARN}:functions/s$f/2`]: ['s$f', '2'],
    [`${ARN}:services/s/functions/f`]: ['s$f', 'LATEST'],
    [`${ARN}:services/s.live/functions/f`]: ['s$f', 'live'],
    'acs:fc:::services/s.LATEST/functions/f': ['s$f', 'LATEST'],
    'acs:fc:*:*:functions/f': ['f', 'LATEST'],
  }
  for (const [arn, [functionKey, qualifier]] of Object.entries(expected)) {
    assert.deepEqual(parse(arn), { kind: 'function', functionKey, qualifier }, arn)
  }
})

test('buckets are named by ARN or by address, with a prefix or without', () => {
  assert.deepEqual(parse('acs:oss:cn-hangzhou:1234567890123456:my-bucket'), {
    kind: 'bucket',
    bucket: 'my-bucket',
    prefix: '',
  })
  assert.deepEqual(parse('oss://my-bucket/a/b/'), { kind: 'bucket', bucket: 'my-bucket', prefix: 'a/b/' })
  assert.match(reasonOf('oss://My_Bucket'), /no name of a bucket/)
})

test('what cannot be a destination is refused with the reason', () => {
  const refused: Record<string, RegExp> = {
    'acs:fc:cn-beijing:1234567890123456:functions/f': /'cn-beijing' in the ARN is another region/,
    'acs:fc:cn-hangzhou:1111111111111111:functions/f': /another account/,
    [`${ARN}:functions/1f`]: /names no function/,
    [`${ARN}:services/s/functions`]: /names no function/,
    'acs:mns:cn-hangzhou:1234567890123456:/queues/q/messages': /none of what is accepted: the ARN of a function/,
    'ftp://host/': /none of what is accepted/,
    'http://': /no address/,
    'http://user:secret@host/': /no user name and password/,
    [`http://host/${'a'.repeat(2048)}`]: /at most 2048 characters/,
  }
  for (const [text, reason] of Object.entries(refused)) assert.match(reasonOf(text), reason, text)
  fc.assert(fc.property(fc.string(), (text) => void parse(text)))
})

test('metadata services are refused however their address is spelt; one’s own networks are not', () => {
  const refused = [
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://100.100.100.200/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
  ]
  for (const url of refused) assert.match(reasonOf(url), /link-local, metadata/, url)
  for (const url of ['http://127.0.0.1:9000/', 'https://10.0.0.5/', 'http://[::1]/', 'https://example.com/hook?a=1']) {
    assert.equal(typeof parse(url), 'object', url)
  }
  assert.equal(isRefusedAddress('FE80::1'), true)
})
