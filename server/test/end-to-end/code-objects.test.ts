/** Code that is too large for a request: uploaded as an object first, as the tools of the cloud do it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { failureOf, ossClient, type OssClient, type OssOptions } from '../support/oss.ts'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'
import { fc2Client, REGION } from '../support/sdk.ts'

const MB = 1024 * 1024

interface UploadToken {
  credentials: { AccessKeyId: string; AccessKeySecret: string; SecurityToken: string; Expiration: string }
  ossRegion: string
  ossBucket: string
  objectName: string
}

let platform: TestPlatform
let objects: OssClient

before(async () => {
  platform = await startPlatform()
  objects = ossClient(platform, { bucket: 'code' })
  await ossClient(platform).call('putBucket', 'code')
})
after(() => platform.stop())

const packageSaying = (text: string, padding = 0) =>
  zip({ 'index.js': `exports.handler = async () => '${text}'`, padding: randomBytes(padding) })

const invoke = async (name: string, fromVersion = '/2023-03-30/functions') =>
  (await platform.call('POST', `${fromVersion}/${name}/invocations`)).text

async function uploadToken(): Promise<UploadToken> {
  return (await fc2Client(platform).call('getTempBucketToken')).data as unknown as UploadToken
}

function uploader({ credentials, ossBucket }: UploadToken, options: OssOptions = {}): OssClient {
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: stsToken } = credentials
  return ossClient(platform, { bucket: ossBucket, accessKeyId, accessKeySecret, stsToken, ...options })
}

test('the way of the command line tool: token, upload with the bucket in the host alone, function, invocation', async () => {
  const token = await uploadToken()
  assert.equal(token.ossRegion, `oss-${REGION}`)
  assert.ok(Date.parse(token.credentials.Expiration) > Date.now())
  const { accountId } = platform.credentials
  const key = `${accountId}/${token.objectName}`
  await uploader(token, { addressing: 'fakeHost' }).call('put', key, await packageSaying('from the tool', MB))
  const code = { ossBucketName: token.ossBucket, ossObjectName: key }
  const body = { functionName: 'tool', runtime: 'nodejs20', handler: 'index.handler', code }
  const created = await platform.call('POST', '/2023-03-30/functions', body)
  assert.equal(created.status, 200, created.text)
  assert.equal(await invoke('tool'), 'from the tool')
})

test('the credentials write that one object, and nothing else', async () => {
  const token = await uploadToken()
  const client = uploader(token)
  const key = `${platform.credentials.accountId}/${token.objectName}`
  const refusals = [
    client.call('put', 'another', Buffer.from('x')),
    client.call('get', key),
    client.call('list'),
    client.call('listBuckets'),
    client.call('delete', key),
    uploader(token, { bucket: 'code' }).call('put', key, Buffer.from('x')),
  ]
  for (const { code } of await Promise.all(refusals.map(failureOf))) assert.equal(code, 'AccessDenied')
  await client.call('multipartUpload', key, await packageSaying('in parts', 2 * MB), { partSize: MB })
  const { res } = await ossClient(platform, { bucket: token.ossBucket }).call('head', key)
  assert.equal(res.status, 200)
})

test('what lies in the bucket of uploads goes after a day, as its lifecycle tells', async () => {
  const { ossBucket } = await uploadToken()
  const { rules } = await ossClient(platform).call<{ rules: { status: string; expiration: { days: string } }[] }>(
    'getBucketLifecycle',
    ossBucket,
  )
  assert.deepEqual(
    rules.map(({ status, expiration }) => [status, Number(expiration.days)]),
    [['Enabled', 1]],
  )
})

test('version 2016-08-15: created and updated from objects, which may go afterwards', async () => {
  const client = fc2Client(platform)
  await client.call('createService', 'shop')
  for (const text of ['one', 'two']) {
    await objects.call('put', 'p.zip', await packageSaying(text))
    const code = { ossBucketName: 'code', ossObjectName: 'p.zip' }
    const body = { functionName: 'f', runtime: 'nodejs20', handler: 'index.handler', code }
    await (text === 'one'
      ? client.call('createFunction', 'shop', body)
      : client.call('updateFunction', 'shop', 'f', { code }))
    await objects.call('delete', 'p.zip')
    const { data } = await client.call('invokeFunction', 'shop', 'f', '')
    assert.equal(data, text)
  }
})

test('versions 2021-04-06 and 2023-03-30: functions and layers from objects', async () => {
  await objects.call('put', 'layer.zip', await zip({ 'greeting.txt': 'from the layer' }))
  const code = { ossBucketName: 'code', ossObjectName: 'layer.zip' }
  const version = '/2023-03-30/layers/greetings/versions'
  const layer = await platform.call('POST', version, { code, compatibleRuntime: ['nodejs20'] })
  assert.equal(layer.status, 200, layer.text)
  const source = `exports.handler = async () => require('fs').readFileSync('/opt/greeting.txt', 'utf8')`
  await objects.call('put', 'reader.zip', await zip({ 'index.js': source }))
  const reader = await platform.call('POST', '/2023-03-30/functions', {
    ...{ functionName: 'reader', runtime: 'nodejs20', handler: 'index.handler' },
    ...{ code: { ossBucketName: 'code', ossObjectName: 'reader.zip' } },
    layers: [layer.json<{ layerVersionArn: string }>().layerVersionArn],
  })
  assert.equal(reader.status, 200, reader.text)
  assert.equal(await invoke('reader'), 'from the layer')
})

test('an object that is missing, or is no package, is named in the error and leaves no function', async () => {
  await objects.call('put', 'text.txt', Buffer.from('no zip'))
  for (const [code, message] of [
    [{ ossBucketName: 'code', ossObjectName: 'absent' }, /object 'absent' of bucket 'code' cannot be read/],
    [{ ossBucketName: 'absent', ossObjectName: 'p' }, /object 'p' of bucket 'absent' cannot be read/],
    [{ ossBucketName: 'code', ossObjectName: 'text.txt' }, /the zip is damaged, or not a zip/],
  ] as const) {
    const body = { functionName: 'none', runtime: 'nodejs20', handler: 'index.handler', code }
    const answer = await platform.call('POST', '/2023-03-30/functions', body)
    assert.equal(answer.status, 400)
    assert.match(answer.text, message)
  }
  assert.equal((await platform.call('GET', '/2023-03-30/functions/none')).status, 404)
})
