/** Credentials for a role by the vendor's client, and what a session may do with them: what its policy leaves, and no more. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { failureOf, ossClient, stsClient, type OssClient, type StsCredentials } from '../support/oss.ts'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'

const BUCKET = 'assumed'
const OPEN_BUCKET = 'open-to-all'

let platform: TestPlatform
let owner: OssClient
let role: string

before(async () => {
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  role = `acs:ram::${platform.credentials.accountId}:role/reader`
  owner = ossClient(platform, { bucket: BUCKET })
  await owner.call('putBucket', BUCKET)
  for (const key of ['pub/a', 'secret/b']) await owner.call('put', key, Buffer.from(`content of ${key}`))
})
after(() => platform.stop())

const allow = (actions: string | string[], ...resources: string[]) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: resources.map((path) => `acs:oss:*:*:${path}`) }],
})
const READER = allow('oss:GetObject', `${BUCKET}/pub/*`)

async function assume(policy: object | null, seconds = 900): Promise<StsCredentials> {
  const { credentials } = await stsClient(platform).assumeRole(role, policy, seconds, 'tester')
  return credentials
}

function clientOf(credentials: StsCredentials, options: { v4?: boolean; bucket?: string } = {}): OssClient {
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: stsToken } = credentials
  return ossClient(platform, { bucket: BUCKET, accessKeyId, accessKeySecret, stsToken, ...options })
}

/** One after the other: an answer that nobody awaits yet is a failure of its own. */
async function assertDenied(...calls: (() => Promise<unknown>)[]): Promise<void> {
  for (const call of calls) {
    const { code, status } = await failureOf(call())
    // What has no body has no code, and `processObjectSave` tells the status alone.
    assert.ok(code === 'AccessDenied' || status === 403, `${call.toString()}: ${status} ${code}`)
  }
}

/** The SDK returns the answer, whatever its status. */
async function processed(client: OssClient, from: string, to: string): Promise<void> {
  const { res } = await client.call('processObjectSave', from, to, 'image/info')
  throw Object.assign(new Error('answered'), { status: res.status })
}

test('a session that may read one prefix reads it, with both versions of the signature and by URL, and does nothing else', async () => {
  const credentials = await assume(READER)
  const lifetimeMs = Date.parse(credentials.Expiration) - Date.now()
  assert.ok(lifetimeMs > 880_000 && lifetimeMs <= 900_000, credentials.Expiration)
  for (const v4 of [false, true]) {
    const client = clientOf(credentials, { v4 })
    const { content } = await client.call<{ content: Buffer }>('get', 'pub/a')
    assert.equal(content.toString(), 'content of pub/a')
    assert.equal(await (await fetch(await client.sign('GET', 'pub/a'))).text(), 'content of pub/a')
    assert.equal((await fetch(await client.sign('GET', 'secret/b'))).status, 403)
    const put = await fetch(await client.sign('PUT', 'pub/a'), { method: 'PUT', body: 'x' })
    assert.equal(put.status, 403)
    await assertDenied(
      () => client.call('get', 'secret/b'),
      () => client.call('put', 'pub/a', Buffer.from('x')),
      () => client.call('delete', 'pub/a'),
      () => client.call('deleteMulti', ['pub/a']),
      () => client.call('list', { prefix: 'pub/' }),
      () => client.call('putACL', 'pub/a', 'public-read'),
      () => client.call('copy', 'pub/copy', 'pub/a'),
      () => client.call('initMultipartUpload', 'pub/a'),
      () => client.call('getBucketInfo', BUCKET),
      () => client.call('listBuckets'),
      () => client.call('putBucket', 'another'),
    )
    const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret } = credentials
    const bare = ossClient(platform, { bucket: BUCKET, v4, accessKeyId, accessKeySecret })
    assert.equal((await failureOf(bare.call('get', 'pub/a'))).code, 'InvalidAccessKeyId')
  }
})

test('no link, copy, picture or process leads a session to what its policy withholds', async () => {
  const client = clientOf(await assume(allow(['oss:GetObject', 'oss:Put*', 'oss:PostProcessTask'], `${BUCKET}/pub/*`)))
  await client.call('put', 'pub/own', Buffer.from('own'))
  await client.call('putSymlink', 'pub/link', 'secret/b')
  const secret = Buffer.from('secret/b').toString('base64url')
  await assertDenied(
    () => client.call('get', 'pub/link'),
    () => client.call('head', 'pub/link'),
    () => client.call('copy', 'pub/taken', 'secret/b'),
    () => client.call('get', 'pub/a', null, { process: `image/watermark,image_${secret}` }),
    () => processed(client, 'pub/link', 'pub/saved'),
    () => processed(client, 'pub/a', 'secret/saved'),
  )
  const writer = clientOf(await assume(allow(['oss:PutObject', 'oss:PostProcessTask'], `${BUCKET}/*`)))
  await assertDenied(() => processed(writer, 'secret/b', 'pub/saved'))
})

test('what a session is not given stays closed where a bucket is open to everybody', async () => {
  await owner.call('putBucket', OPEN_BUCKET, { acl: 'public-read-write' })
  await ossClient(platform, { bucket: OPEN_BUCKET }).call('put', 'a', Buffer.from('x'))
  const everything = { Effect: 'Allow', Principal: ['*'], Action: ['oss:*'], Resource: [`acs:oss:*:*:${BUCKET}/*`] }
  await owner.call('putBucketPolicy', BUCKET, { Version: '1', Statement: [everything] })
  const credentials = await assume(READER)
  const outside = clientOf(credentials, { bucket: OPEN_BUCKET })
  const deleter = clientOf(await assume(allow('oss:DeleteObject', OPEN_BUCKET)), { bucket: OPEN_BUCKET })
  await assertDenied(
    () => outside.call('get', 'a'),
    () => outside.call('put', 'a', Buffer.from('y')),
    () => outside.call('deleteMulti', ['a']),
    () => clientOf(credentials).call('get', 'secret/b'),
    () => deleter.call('deleteMulti', ['a']),
  )
  await owner.call('deleteBucketPolicy', BUCKET)
})

test('without a policy, and with one that allows all but a part, a session does what its role gives', async () => {
  const whole = clientOf(await assume(null), { v4: true })
  await whole.call('put', 'whole/1', Buffer.from('x'))
  await whole.call('multipartUpload', 'whole/2', Buffer.alloc(300_000), { partSize: 102_400 })
  await whole.call('list', { prefix: 'whole/' })
  const denied = { Effect: 'Deny', Action: 'oss:Delete*', Resource: '*' }
  const { Statement } = allow('*', '*')
  const careful = clientOf(await assume({ Version: '1', Statement: [...Statement, denied] }))
  await careful.call('put', 'whole/3', Buffer.from('x'))
  await assertDenied(
    () => careful.call('delete', 'whole/3'),
    () => careful.call('deleteMulti', ['whole/3']),
  )
  await whole.call('deleteMulti', ['whole/1', 'whole/2', 'whole/3'])
})

test('a version needs the actions of versions', async () => {
  const bucket = 'with-versions'
  const full = ossClient(platform, { bucket })
  await full.call('putBucket', bucket)
  await full.call('putBucketVersioning', bucket, 'Enabled')
  const { res } = await full.call('put', 'k', Buffer.from('first'))
  // The SDK writes into the options that it is given.
  const version = () => ({ versionId: res.headers['x-oss-version-id']! })
  await full.call('put', 'k', Buffer.from('second'))
  const latest = clientOf(await assume(allow('oss:*Object', bucket, `${bucket}/*`)), { bucket })
  await latest.call('get', 'k')
  await assertDenied(
    () => latest.call('get', 'k', null, version()),
    () => latest.call('delete', 'k', version()),
    () => latest.call('copy', 'taken', `/${bucket}/k`, version()),
    () => latest.call('deleteMulti', [{ key: 'k', ...version() }]),
    () => latest.call('getACL', 'k', version()),
  )
  const older = clientOf(await assume(allow('oss:GetObjectVersion*', `${bucket}/*`)), { bucket })
  assert.equal((await older.call<{ content: Buffer }>('get', 'k', null, version())).content.toString(), 'first')
  await older.call('getACL', 'k', version())
  await assertDenied(() => older.call('get', 'k'))
})

test('the longest policy fits into every form of a request', async () => {
  const pattern = `${BUCKET}/pub/*`
  const spare = 2048 - JSON.stringify(allow('oss:GetObject', pattern, '')).length
  const credentials = await assume(allow('oss:GetObject', pattern, '中'.repeat(spare)))
  for (const v4 of [false, true]) {
    const client = clientOf(credentials, { v4 })
    await client.call('get', 'pub/a')
    assert.equal((await fetch(await client.sign('GET', 'pub/a'))).status, 200)
  }
})

test('a session invokes functions as its policy allows', async () => {
  await platform.deploy('told', { 'index.js': 'exports.handler = async () => "done"' })
  const invoke = async (credentials: StsCredentials) => {
    const path = '/2023-03-30/functions/told/invocations'
    const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken } = credentials
    const headers = signAcs3(
      { method: 'POST', url: path, host: `127.0.0.1:${platform.port}`, headers: {}, bodySha256: EMPTY_SHA256 },
      { accessKeyId, accessKeySecret, securityToken },
      randomUUID(),
      Date.now(),
    )
    return platform.send('POST', path, { headers })
  }
  const { accountId } = platform.credentials
  const only = (name: string) => ({
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'fc:InvokeFunction', Resource: `acs:fc:cn-hangzhou:${accountId}:functions/${name}*` },
    ],
  })
  assert.equal((await invoke(await assume(null))).text, 'done')
  const allowed = await invoke(await assume(only('told')))
  assert.equal(allowed.text, 'done')
  for (const policy of [only('other'), READER]) {
    const refused = await invoke(await assume(policy))
    assert.deepEqual([refused.status, refused.json()['Code']], [403, 'AccessDenied'])
  }
})

test('who may not assume the role, or asks for what there is not, is told so as the client expects', async () => {
  const sts = stsClient(platform)
  const failures: [() => Promise<unknown>, number, string, RegExp][] = [
    [() => sts.assumeRole('reader', null, 900, 'tester'), 400, 'InvalidParameter.RoleArn', /RoleArn/],
    [() => sts.assumeRole(role, null, 899, 'tester'), 400, 'InvalidParameter.DurationSeconds', /900 to 43200/],
    [() => sts.assumeRole(role, null, 900, 'a'), 400, 'InvalidParameter.RoleSessionName', /2 to 64/],
    [
      () => sts.assumeRole(role, { ...READER, Statement: [{ ...READER.Statement[0], Condition: {} }] }),
      400,
      'InvalidParameter.PolicyGrammar',
      /Statement\[0\]\.Condition: conditions are not evaluated/,
    ],
    [
      () => stsClient(platform, { accessKeySecret: 'wrong' }).assumeRole(role),
      400,
      'SignatureDoesNotMatch',
      /Check your access key/,
    ],
    [
      () => stsClient(platform, { accessKeyId: 'nobody' }).assumeRole(role),
      404,
      'InvalidAccessKeyId.NotFound',
      /nobody/,
    ],
  ]
  for (const [call, status, code, message] of failures) {
    const failure = await failureOf(call())
    assert.deepEqual([failure.status, failure.code], [status, code], failure.message)
    assert.match(failure.message, message)
    assert.match(failure.requestId, /^[0-9A-F]{24}$/)
  }
  const raw = (path: string, body?: string) =>
    exchange({ host: '127.0.0.1', port: platform.objectsPort, method: body === undefined ? 'GET' : 'POST', path }, body)
  for (const answer of [await raw('/', 'Action=AssumeRole&Action=AssumeRole'), await raw('/', 'A'.repeat(40_000))]) {
    assert.deepEqual([answer.status, answer.headers['content-type']], [400, 'application/json'])
    assert.deepEqual(Object.keys(answer.json()), ['Code', 'Message', 'RequestId', 'HostId'])
  }
  const byQuery = await raw('/?Action=AssumeRole&Version=2015-04-01&Format=JSON')
  assert.equal(byQuery.json()['Code'], 'MissingParameter')
})
