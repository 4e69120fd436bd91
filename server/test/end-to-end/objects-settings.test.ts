/** What a bucket is told to do, by the vendor's client, and what readers see of it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { failureOf, ossClient, type OssClient } from '../support/oss.ts'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'

let platform: TestPlatform
let oss: OssClient

const BUCKET = 'settings'
const SITE = 'a-site'

before(async () => {
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  oss = ossClient(platform, { bucket: BUCKET })
  await oss.call('putBucket', BUCKET)
  await oss.call('putBucket', SITE, { acl: 'public-read' })
})
after(() => platform.stop())

/** A request without any signature. */
const open = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  exchange({ host: '127.0.0.1', port: platform.objectsPort, method, path, headers }, body)
const site = ossClientOf(SITE)
function ossClientOf(bucket: string) {
  return (method: string, ...parameters: unknown[]) => ossClient(platform, { bucket }).call(method, ...parameters)
}

test('rules for cross-origin requests are kept, asked by preflights, and told with answers and errors', async () => {
  assert.equal((await failureOf(oss.call('getBucketCORS', BUCKET))).code, 'NoSuchCORSConfiguration')
  const rules = [
    {
      allowedOrigin: ['http://app.example.com', 'http://*.example.org'],
      allowedMethod: ['GET', 'PUT'],
      allowedHeader: ['x-oss-*', 'content-type'],
      exposeHeader: ['ETag', 'x-oss-request-id'],
      maxAgeSeconds: '60',
    },
  ]
  await oss.call('putBucketCORS', BUCKET, rules)
  assert.deepEqual((await oss.call<{ rules: unknown }>('getBucketCORS', BUCKET)).rules, rules)
  const preflight = (origin: string, headers: string) =>
    open('OPTIONS', `/${BUCKET}/k.txt?partNumber=1&uploadId=U&OSSAccessKeyId=x&Signature=y&Expires=1`, {
      ...{ origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': headers },
    })
  const allowed = await preflight('http://app.example.com', 'Content-Type,x-oss-meta-a')
  assert.equal(allowed.status, 200)
  assert.equal(allowed.headers['access-control-allow-origin'], 'http://app.example.com')
  assert.equal(allowed.headers['access-control-allow-headers'], 'Content-Type, x-oss-meta-a')
  assert.equal(allowed.headers['access-control-max-age'], '60')
  assert.equal((await preflight('http://evil.example.com', '')).status, 403)
  assert.equal((await preflight('http://app.example.com', 'authorization')).status, 403)
  const answer = await open('GET', `/${BUCKET}/absent`, { origin: 'http://a.example.org' })
  assert.equal(answer.status, 403)
  assert.equal(answer.headers['access-control-allow-origin'], 'http://a.example.org')
  assert.equal(answer.headers['access-control-expose-headers'], 'ETag, x-oss-request-id')
  await oss.call('deleteBucketCORS', BUCKET)
  assert.equal((await preflight('http://app.example.com', '')).status, 403)
})

test('lifecycle rules are kept as the client sends them, and refused when they contradict themselves', async () => {
  assert.equal((await failureOf(oss.call('getBucketLifecycle', BUCKET))).code, 'NoSuchLifecycle')
  const rule = { prefix: 'logs/', status: 'Enabled', tag: [{ key: 'a', value: 'b' }] }
  await oss.call('putBucketLifecycle', BUCKET, [
    { ...rule, id: 'old', expiration: { days: '30' }, transition: { days: '10', storageClass: 'IA' } },
    { prefix: 'tmp/', status: 'Disabled', abortMultipartUpload: { createdBeforeDate: '2030-01-01T00:00:00.000Z' } },
  ])
  const { rules } = await oss.call<{ rules: Record<string, unknown>[] }>('getBucketLifecycle', BUCKET)
  assert.equal(rules.length, 2)
  assert.equal(rules[0]!['id'], 'old')
  assert.deepEqual(rules[0]!['expiration'], { days: '30' })
  assert.deepEqual(rules[1]!['abortMultipartUpload'], { createdBeforeDate: '2030-01-01T00:00:00.000Z' })
  const contradiction = { ...rule, expiration: { days: '5' }, transition: { days: '10', storageClass: 'IA' } }
  assert.equal((await failureOf(oss.call('putBucketLifecycle', BUCKET, [contradiction]))).code, 'InvalidArgument')
  await oss.call('deleteBucketLifecycle', BUCKET)
  assert.equal((await failureOf(oss.call('getBucketLifecycle', BUCKET))).code, 'NoSuchLifecycle')
})

test('a list of referers keeps pages from elsewhere out', async () => {
  const put = () => ossClient(platform, { bucket: SITE }).call('put', 'pic.txt', Buffer.from('pic'))
  await put()
  await oss.call('putBucketReferer', SITE, false, ['http://*.example.com'])
  const stored = await oss.call<{ allowEmpty: boolean; referers: string[] }>('getBucketReferer', SITE)
  assert.deepEqual([stored.allowEmpty, stored.referers], [false, ['http://*.example.com']])
  const status = async (headers: Record<string, string>) => (await open('GET', `/${SITE}/pic.txt`, headers)).status
  assert.equal(await status({ referer: 'http://www.example.com' }), 200)
  assert.equal(await status({ referer: 'http://elsewhere.org' }), 403)
  assert.equal(await status({}), 403)
  // Who signs in a header is no page.
  await site('get', 'pic.txt')
  await oss.call('deleteBucketReferer', SITE)
  assert.equal(await status({}), 200)
})

test('a bucket is a web site for anonymous readers, and gives errors to programs', async () => {
  assert.equal((await failureOf(oss.call('getBucketWebsite', SITE))).code, 'NoSuchWebsiteConfiguration')
  const html = { mime: 'text/html' }
  for (const key of ['index.html', 'docs/index.html', '404.html'])
    await site('put', key, Buffer.from(`page ${key}`), html)
  const routingRules = [
    {
      RuleNumber: '1',
      Condition: { KeyPrefixEquals: 'old/' },
      Redirect: {
        RedirectType: 'External',
        ReplaceKeyPrefixWith: 'new/',
        HttpRedirectCode: '302',
        PassQueryString: 'true',
      },
    },
    {
      RuleNumber: '2',
      Condition: { KeyPrefixEquals: 'gone/', HttpErrorCodeReturnedEquals: '404' },
      Redirect: { RedirectType: 'External', Protocol: 'https', HostName: 'example.com' },
    },
  ]
  const config = { index: 'index.html', supportSubDir: 'true', error: '404.html', routingRules }
  await oss.call('putBucketWebsite', SITE, config)
  const stored = await oss.call('getBucketWebsite', SITE)
  assert.equal(stored['index'], 'index.html')
  assert.equal(stored['supportSubDir'], 'true')
  assert.equal(stored['error'], '404.html')
  assert.equal((stored['routingRules'] as unknown[]).length, 2)
  const page = async (path: string) => {
    const { status, text, headers } = await open('GET', `/${SITE}/${path}`)
    return [status, headers['location'] ?? text]
  }
  assert.deepEqual(await page(''), [200, 'page index.html'])
  assert.deepEqual(await page('docs/'), [200, 'page docs/index.html'])
  assert.deepEqual(await page('docs'), [302, `/${SITE}/docs/`])
  assert.deepEqual(await page('absent'), [404, 'page 404.html'])
  assert.deepEqual(await page('old/a?b=1'), [302, `http://127.0.0.1:${platform.objectsPort}/new/a?b=1`])
  assert.deepEqual(await page('gone/a'), [301, 'https://example.com/gone/a'])
  const head = await open('HEAD', `/${SITE}/absent`)
  assert.deepEqual([head.status, head.headers['content-type']], [404, 'text/html'])
  assert.equal((await failureOf(site('get', 'absent'))).code, 'NoSuchKey')
  // An index page does not open what is private.
  await oss.call('putBucketACL', SITE, 'private')
  assert.equal((await page(''))[0], 403)
  await oss.call('putBucketACL', SITE, 'public-read')
  await oss.call('deleteBucketWebsite', SITE)
  assert.match(String((await page(''))[1]), /ListBucketResult/)
})

test('a policy opens and shuts, and never shuts out who holds the account', async () => {
  const client = ossClient(platform, { bucket: BUCKET })
  await client.call('put', 'shared/a.txt', Buffer.from('shared'))
  await client.call('put', 'own/a.txt', Buffer.from('own'))
  assert.equal((await oss.call<{ policy: unknown }>('getBucketPolicy', BUCKET)).policy, null)
  const statement = (Effect: string, Principal: string[], Action: string[], key: string) => ({
    ...{ Effect, Principal, Action, Resource: [`acs:oss:*:*:${BUCKET}${key}`] },
  })
  const policy = {
    Version: '1',
    Statement: [
      statement('Allow', ['*'], ['oss:GetObject'], '/shared/*'),
      statement('Deny', ['*'], ['oss:DeleteObject', 'oss:*BucketPolicy'], '*'),
    ],
  }
  await oss.call('putBucketPolicy', BUCKET, policy)
  assert.deepEqual((await oss.call<{ policy: unknown }>('getBucketPolicy', BUCKET)).policy, policy)
  assert.equal((await open('GET', `/${BUCKET}/shared/a.txt`)).text, 'shared')
  assert.equal((await open('GET', `/${BUCKET}/own/a.txt`)).status, 403)
  assert.equal((await failureOf(client.call('delete', 'own/a.txt'))).code, 'AccessDenied')
  const unknown = { ...policy, Statement: [{ ...policy.Statement[0], Condition: { DateLessThan: { a: 'b' } } }] }
  assert.match((await failureOf(oss.call('putBucketPolicy', BUCKET, unknown))).message, /DateLessThan/)
  await oss.call('deleteBucketPolicy', BUCKET)
  await client.call('delete', 'own/a.txt')
})

test('tags, payer and encryption are told as they were set', async () => {
  const tags = { team: 'a', stage: 'test' }
  await oss.call('putBucketTags', BUCKET, tags)
  assert.deepEqual((await oss.call<{ tag: unknown }>('getBucketTags', BUCKET)).tag, tags)
  await oss.call('deleteBucketTags', BUCKET)
  assert.deepEqual((await oss.call<{ tag: unknown }>('getBucketTags', BUCKET)).tag, {})
  await oss.call('putBucketRequestPayment', BUCKET, 'Requester')
  assert.equal((await oss.call<{ payer: string }>('getBucketRequestPayment', BUCKET)).payer, 'Requester')
  assert.equal((await failureOf(oss.call('getBucketEncryption', BUCKET))).code, 'NoSuchServerSideEncryptionRule')
  await oss.call('putBucketEncryption', BUCKET, { SSEAlgorithm: 'AES256' })
  const { encryption } = await oss.call<{ encryption: object }>('getBucketEncryption', BUCKET)
  assert.deepEqual(encryption, { SSEAlgorithm: 'AES256' })
  assert.equal((await failureOf(oss.call('putBucketEncryption', BUCKET, { SSEAlgorithm: 'KMS' }))).status, 501)
  await oss.call('deleteBucketEncryption', BUCKET)
})

test('a bucket keeps a log of what it was asked for, once it is told to', async () => {
  assert.equal((await oss.call<{ enable: boolean }>('getBucketLogging', BUCKET)).enable, false)
  await oss.call('putBucketLogging', BUCKET, 'logs/')
  const { enable, prefix } = await oss.call<{ enable: boolean; prefix: string }>('getBucketLogging', BUCKET)
  assert.deepEqual([enable, prefix], [true, 'logs/'])
  const info = await oss.call<{ bucket: { BucketPolicy: object } }>('getBucketInfo', BUCKET)
  assert.deepEqual(info.bucket.BucketPolicy, { LogBucket: BUCKET, LogPrefix: 'logs/' })
  await oss.call('deleteBucketLogging', BUCKET)
  assert.equal((await oss.call<{ enable: boolean }>('getBucketLogging', BUCKET)).enable, false)
})

test('what is not offered says so', async () => {
  assert.equal((await failureOf(oss.call('getBucketWorm', BUCKET))).status, 501)
  assert.equal((await failureOf(oss.call('listBucketInventory', BUCKET))).status, 501)
})
