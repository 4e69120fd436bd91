/** The client for Node.js of the vendor against the object service, with both versions of its signature. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createTokenIssuer } from '../../src/auth/security-token.ts'
import { systemRandom } from '../../src/clock.ts'
import { failureOf, ossClient, type OssClient } from '../support/oss.ts'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'

let platform: TestPlatform
let v1: OssClient
let v4: OssClient

const BUCKET = 'pictures'
/** What a key may hold that a URL, a signature or XML could trip over. */
const STRANGE_KEY = 'a b/ü/中文/x//y/+%2B%25?acl&x=1#\u0001</Key>\'"~!*().txt'

before(async () => {
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  v1 = ossClient(platform, { bucket: BUCKET })
  v4 = ossClient(platform, { bucket: BUCKET, v4: true })
  await v1.call('putBucket', BUCKET)
})
after(() => platform.stop())

const versions = () =>
  [
    ['V1', v1],
    ['V4', v4],
  ] as const

/** A request without any signature. */
const open = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  exchange({ host: '127.0.0.1', port: platform.objectsPort, method, path, headers }, body)

interface Listed {
  objects?: { name: string; size: number; owner?: { id: string } }[]
  prefixes?: string[]
  nextMarker?: string | null
  nextContinuationToken?: string | null
  isTruncated: boolean
  keyCount?: number
}

const namesOf = ({ objects = [] }: Listed) => objects.map(({ name }) => name)

test('an object comes back as it was put, whatever its key', async () => {
  for (const [name, client] of versions()) {
    for (const key of [STRANGE_KEY, 'k'.repeat(1023), 'folder/', `${name}.txt`]) {
      const body = Buffer.from(`of ${name}`)
      await client.call('put', key, body, {
        mime: 'text/x-test',
        meta: { owner: 'me', 'with-dash': '1' },
        headers: { 'Cache-Control': 'max-age=5', 'Content-Disposition': 'attachment; filename="a.txt"' },
      })
      const { content, res } = await client.call<{ content: Buffer }>('get', key)
      assert.deepEqual(content, body)
      assert.equal(res.headers['content-type'], 'text/x-test')
      assert.equal(res.headers['cache-control'], 'max-age=5')
      assert.equal(res.headers['content-disposition'], 'attachment; filename="a.txt"')
      assert.equal(res.headers['x-oss-object-type'], 'Normal')
      assert.equal(res.headers['etag'], `"${createHash('md5').update(body).digest('hex').toUpperCase()}"`)
      const head = await client.call<{ meta: object }>('head', key)
      assert.deepEqual(head.meta, { owner: 'me', 'with-dash': '1' })
      assert.match(head.res.headers['x-oss-request-id']!, /^[0-9A-F]{24}$/)
      await client.call('delete', key)
      assert.equal((await failureOf(client.call('head', key))).code, 'NoSuchKey')
    }
  }
})

test('a stream without a length is stored, and a file', async () => {
  const bytes = systemRandom.bytes(3_000_000)
  const file = join(platform.dataDir, 'upload.bin')
  writeFileSync(file, bytes)
  for (const [, client] of versions()) {
    await client.call('putStream', 'streamed', createReadStream(file))
    await client.call('put', 'from-file', file)
    for (const key of ['streamed', 'from-file']) {
      assert.ok((await client.call<{ content: Buffer }>('get', key)).content.equals(bytes), key)
    }
    const part = await client.call<{ content: Buffer }>('get', 'streamed', null, { headers: { Range: 'bytes=5-1004' } })
    assert.equal(part.res.status, 206)
    assert.equal(part.res.headers['content-range'], 'bytes 5-1004/3000000')
    assert.ok(part.content.equals(bytes.subarray(5, 1005)))
  }
})

test('conditions of a read are kept', async () => {
  const { res } = await v1.call('put', 'conditions', Buffer.from('x'))
  const etag = res.headers['etag']!
  const get = (headers: Record<string, string>) => v1.call('get', 'conditions', null, { headers })
  assert.equal((await get({ 'If-Match': etag })).res.status, 200)
  assert.equal((await get({ 'If-None-Match': etag })).res.status, 304)
  const { res: head } = await v1.call('head', 'conditions')
  assert.equal((await get({ 'If-Modified-Since': head.headers['last-modified']! })).res.status, 304)
  assert.equal((await failureOf(get({ 'If-Match': '"other"' }))).code, 'PreconditionFailed')
})

test('lists go on where they stopped, and roll up what is below a delimiter', async () => {
  const keys = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/ü', 'l/z/1']
  for (const key of keys) await v1.call('put', key, Buffer.from('x'))
  for (const [, client] of versions()) {
    const rolled = await client.call<Listed>('list', { prefix: 'l/', delimiter: '/' })
    assert.deepEqual(namesOf(rolled), ['l/a', 'l/c', 'l/ü'])
    assert.deepEqual(rolled.prefixes, ['l/b/', 'l/z/'])
    assert.equal(rolled.objects![0]!.owner!.id, platform.credentials.accountId)
    const seen: string[] = []
    let marker: string | null | undefined
    do {
      const page = await client.call<Listed>('list', { prefix: 'l/', 'max-keys': 2, marker })
      seen.push(...namesOf(page))
      marker = page.nextMarker
    } while (marker)
    assert.deepEqual(
      seen,
      keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    )
    const first = await client.call<Listed>('listV2', { prefix: 'l/', 'max-keys': '4', 'start-after': 'l/a' })
    assert.deepEqual([first.isTruncated, Number(first.keyCount)], [true, 4])
    const second = await client.call<Listed>('listV2', {
      prefix: 'l/',
      'continuation-token': first.nextContinuationToken,
    })
    assert.deepEqual([...namesOf(first), ...namesOf(second)].length, 5)
    const all = await client.call<Listed>('listV2', { prefix: '', 'fetch-owner': true })
    assert.ok(all.objects![0]!.owner)
  }
})

test('an object uploaded in parts is one object, and can be stopped', async () => {
  const bytes = systemRandom.bytes(1_500_000)
  for (const [name, client] of versions()) {
    const key = `multipart/${name} ü`
    const done = await client.call<{ etag: string }>('multipartUpload', key, bytes, {
      partSize: 200 * 1024,
      parallel: 4,
    })
    assert.match(done.etag, /^"[0-9A-F]{32}-8"$/)
    assert.ok((await client.call<{ content: Buffer }>('get', key)).content.equals(bytes))
    await client.call(
      'multipartUploadCopy',
      `${key} copy`,
      { sourceKey: key, sourceBucketName: BUCKET },
      { partSize: 256 * 1024 },
    )
    assert.ok((await client.call<{ content: Buffer }>('get', `${key} copy`)).content.equals(bytes))

    const { uploadId } = await client.call<{ uploadId: string }>('initMultipartUpload', 'stopped')
    await client.call('uploadPart', 'stopped', uploadId, 1, bytes.subarray(0, 1000), 0, 1000)
    const parts = await client.call<{ parts: { Size: string } | { Size: string }[] }>('listParts', 'stopped', uploadId)
    assert.deepEqual(
      [parts.parts].flat().map((part) => part.Size),
      ['1000'],
    )
    const uploads = await client.call<{ uploads: { name: string; uploadId: string }[] }>('listUploads', {
      'max-uploads': 10,
    })
    assert.deepEqual(
      uploads.uploads.map((upload) => [upload.name, upload.uploadId]),
      [['stopped', uploadId]],
    )
    await client.call('abortMultipartUpload', 'stopped', uploadId)
    assert.equal((await failureOf(client.call('listParts', 'stopped', uploadId))).code, 'NoSuchUpload')
  }
})

test('a copy takes what it was told to, and meta can be set anew', async () => {
  const key = 'source ü/1'
  await v1.call('put', key, Buffer.from('copied'), { meta: { a: '1' }, mime: 'text/x-source' })
  for (const [, client] of versions()) {
    await client.call('copy', 'copied', key)
    const copied = await client.call<{ meta: object }>('head', 'copied')
    assert.deepEqual([copied.meta, copied.res.headers['content-type']], [{ a: '1' }, 'text/x-source'])
    await client.call('copy', 'copied', `/${BUCKET}/${key}`, {
      meta: { b: '2' },
      headers: { 'x-oss-metadata-directive': 'REPLACE' },
    })
    assert.deepEqual((await client.call<{ meta: object }>('head', 'copied')).meta, { b: '2' })
    await client.call('putMeta', 'copied', { c: '3' })
    assert.deepEqual((await client.call<{ meta: object }>('head', 'copied')).meta, { c: '3' })
    const refused = client.call('copy', 'copied', key, { headers: { 'x-oss-copy-source-if-match': 'other' } })
    assert.equal((await failureOf(refused)).status, 412)
    assert.equal((await failureOf(client.call('copy', 'copied', 'missing'))).code, 'NoSuchKey')
  }
})

test('access control lists open a bucket or an object to everybody, and no further', async () => {
  await v1.call('put', 'acl', Buffer.from('seen'))
  assert.equal((await open('GET', `/${BUCKET}/acl`)).status, 403)
  assert.equal((await open('GET', `/${BUCKET}/missing`)).status, 403)
  await v4.call('putACL', 'acl', 'public-read')
  assert.equal((await v4.call<{ acl: string }>('getACL', 'acl')).acl, 'public-read')
  assert.equal((await open('GET', `/${BUCKET}/acl`)).text, 'seen')
  assert.equal((await open('GET', '/acl', { host: `${BUCKET}.localhost:1` })).text, 'seen')
  assert.equal((await open('GET', `/${BUCKET}/acl?response-content-type=text/html`)).status, 400)
  assert.equal((await open('PUT', `/${BUCKET}/acl`, {}, 'x')).status, 403)
  assert.equal((await open('DELETE', `/${BUCKET}/acl`)).status, 403)
  assert.equal((await open('GET', `/${BUCKET}/?prefix=acl`)).status, 403)
  const shared = ossClient(platform, { bucket: 'shared-with-all' })
  await shared.call('putBucket', 'shared-with-all', { acl: 'public-read-write' })
  assert.equal((await open('PUT', '/shared-with-all/mine', {}, 'by anybody')).status, 200)
  assert.equal((await open('GET', '/shared-with-all/')).status, 200)
  assert.equal((await open('GET', '/shared-with-all/?acl')).status, 403)
  await shared.call('putACL', 'mine', 'private')
  assert.equal((await open('PUT', '/shared-with-all/mine', {}, 'again')).status, 403)
  assert.equal((await open('GET', '/shared-with-all/mine')).status, 403)
})

test('tags, links, appended and archived objects', async () => {
  for (const [, client] of versions()) {
    await client.call('put', 'tagged', Buffer.from('x'), { headers: { 'x-oss-tagging': 'a=1&b=%C3%BC' } })
    assert.deepEqual((await client.call<{ tag: object }>('getObjectTagging', 'tagged')).tag, { a: '1', b: 'ü' })
    await client.call('putObjectTagging', 'tagged', { c: '3' })
    assert.deepEqual((await client.call<{ tag: object }>('getObjectTagging', 'tagged')).tag, { c: '3' })
    await client.call('deleteObjectTagging', 'tagged')
    assert.deepEqual((await client.call<{ tag: object }>('getObjectTagging', 'tagged')).tag, {})

    await client.call('putSymlink', 'link ü', 'tagged')
    assert.equal((await client.call<{ targetName: string }>('getSymlink', 'link ü')).targetName, 'tagged')
    const linked = await client.call<{ content: Buffer }>('get', 'link ü')
    assert.deepEqual([linked.content.toString(), linked.res.headers['x-oss-object-type']], ['x', 'Symlink'])
    await client.call('putSymlink', 'chained', 'link ü')
    assert.equal((await failureOf(client.call('get', 'chained'))).code, 'InvalidTargetType')
    await client.call('delete', 'tagged')
    assert.equal((await failureOf(client.call('get', 'link ü'))).code, 'SymlinkTargetNotExist')

    await client.call('delete', 'log')
    const appended = await client.call<{ nextAppendPosition: string }>('append', 'log', Buffer.from('one '))
    assert.equal(appended.nextAppendPosition, '4')
    const wrong = await failureOf(client.call('append', 'log', Buffer.from('x'), { position: '1' }))
    assert.equal(wrong.code, 'PositionNotEqualToLength')
    await client.call('append', 'log', Buffer.from('two'), { position: '4' })
    const log = await client.call<{ content: Buffer }>('get', 'log')
    assert.deepEqual([log.content.toString(), log.res.headers['x-oss-next-append-position']], ['one two', '7'])

    await client.call('put', 'cold', Buffer.from('x'), { headers: { 'x-oss-storage-class': 'Archive' } })
    assert.equal((await failureOf(client.call('get', 'cold'))).code, 'InvalidObjectState')
    assert.equal((await client.call('restore', 'cold')).res.status, 202)
    const restored = await client.call('get', 'cold')
    assert.match(restored.res.headers['x-oss-restore']!, /^ongoing-request="false", expiry-date="/)
    // The SDK takes 202 only.
    assert.equal((await failureOf(client.call('restore', 'cold'))).status, 200)
    assert.equal((await failureOf(client.call('restore', 'log'))).code, 'OperationNotSupported')
  }
})

test('many objects go at once, quietly when asked', async () => {
  // The parser of the SDK takes no control characters.
  const keys = ['m/1', 'm/2 ü', STRANGE_KEY.replace('\u0001', '')]
  for (const [, client] of versions()) {
    for (const key of keys) await client.call('put', key, Buffer.from('x'))
    const { deleted } = await client.call<{ deleted: { Key: string }[] }>('deleteMulti', [...keys, 'missing'])
    assert.deepEqual(
      deleted.map(({ Key }) => Key),
      [...keys, 'missing'],
    )
    await client.call('put', 'm/1', Buffer.from('x'))
    await client.call('deleteMulti', ['m/1'], { quiet: true })
    assert.equal((await failureOf(client.call('head', 'm/1'))).status, 404)
  }
})

test('versions are kept, listed, read and removed', async () => {
  const bucket = 'with-versions'
  const client = ossClient(platform, { bucket, v4: true })
  await client.call('putBucket', bucket)
  const unset = await client.call<{ versionStatus?: string }>('getBucketVersioning', bucket)
  assert.equal(unset.versionStatus, undefined)
  await client.call('putBucketVersioning', bucket, 'Enabled')
  const first = (await client.call('put', 'k', Buffer.from('first'))).res.headers['x-oss-version-id']!
  const second = (await client.call('put', 'k', Buffer.from('second'))).res.headers['x-oss-version-id']!
  assert.notEqual(first, second)
  const old = await client.call<{ content: Buffer }>('get', 'k', null, { versionId: first })
  assert.equal(old.content.toString(), 'first')
  const removed = await client.call('delete', 'k')
  assert.equal(removed.res.headers['x-oss-delete-marker'], 'true')
  const gone = await failureOf(client.call('get', 'k'))
  assert.equal(gone.code, 'NoSuchKey')
  const listed = await client.call<{ objects: { versionId: string }[]; deleteMarker: { versionId: string }[] }>(
    'getBucketVersions',
    { prefix: 'k' },
  )
  assert.deepEqual(
    listed.objects.map(({ versionId }) => versionId),
    [second, first],
  )
  const marker = removed.res.headers['x-oss-version-id']!
  assert.deepEqual(
    listed.deleteMarker.map(({ versionId }) => versionId),
    [marker],
  )
  assert.equal((await failureOf(client.call('get', 'k', null, { versionId: marker }))).status, 405)
  await client.call('delete', 'k', { versionId: marker })
  assert.equal((await client.call<{ content: Buffer }>('get', 'k')).content.toString(), 'second')
  assert.equal((await failureOf(client.call('deleteBucket', bucket))).code, 'BucketNotEmpty')
  for (const versionId of [first, second]) await client.call('delete', 'k', { versionId })
  await client.call('deleteBucket', bucket)
  assert.equal((await failureOf(client.call('getBucketInfo', bucket))).code, 'NoSuchBucket')
})

test('buckets are listed and described', async () => {
  for (const [, client] of versions()) {
    const { buckets, owner } = await client.call<{ buckets: { name: string }[]; owner: { id: string } }>(
      'listBuckets',
      {
        prefix: 'pict',
      },
    )
    assert.deepEqual([buckets.map(({ name }) => name), owner.id], [[BUCKET], platform.credentials.accountId])
    const { bucket } = await client.call<{ bucket: Record<string, unknown> }>('getBucketInfo', BUCKET)
    assert.equal(bucket['Location'], 'oss-cn-hangzhou')
    assert.equal((await client.call<{ location: string }>('getBucketLocation', BUCKET)).location, 'oss-cn-hangzhou')
    const { stat } = await client.call<{ stat: { ObjectCount: string } }>('getBucketStat', BUCKET)
    assert.ok(Number(stat.ObjectCount) > 0)
    await client.call('putBucketACL', BUCKET, 'private')
    assert.equal((await client.call<{ acl: string }>('getBucketACL', BUCKET)).acl, 'private')
    assert.equal((await failureOf(client.call('putBucket', 'A_B'))).name, 'Error')
    assert.equal((await failureOf(client.call('deleteBucket', BUCKET))).code, 'BucketNotEmpty')
  }
})

test('a signed URL opens one object to whoever holds it, for reading or for writing', async () => {
  for (const [name, client] of versions()) {
    const key = `signed ${name} ü`
    const put = await fetch(await client.sign('PUT', key), { method: 'PUT', body: Buffer.from('by URL') })
    assert.equal(put.status, 200, await put.text())
    const url = await client.sign('GET', key)
    const answer = await fetch(url)
    assert.equal(await answer.text(), 'by URL')
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, 403)
    assert.equal((await fetch(url.replace('signed', 'other'))).status, 403)
    const expired = await client.sign('GET', key, { expires: -1 }).catch(() => undefined)
    if (expired !== undefined && name === 'V1') assert.equal((await fetch(expired)).status, 403)
  }
  const styled = await v1.sign('GET', 'signed V1 ü', { response: { 'content-type': 'text/x-other' } })
  assert.equal((await fetch(styled)).headers.get('content-type'), 'text/x-other')
})

test('the bucket may stand in the host, in the path, in a host of the cloud, or nowhere but in the signature', async () => {
  for (const v4 of [false, true]) {
    for (const addressing of ['path', 'virtualHost', 'fakeHost', 'cname'] as const) {
      const client = ossClient(platform, { bucket: BUCKET, v4, addressing })
      const key = `${addressing}/a b`
      await client.call('put', key, Buffer.from(addressing))
      assert.equal((await client.call<{ content: Buffer }>('get', key)).content.toString(), addressing)
      const listed = await client.call<Listed>('list', { prefix: `${addressing}/` })
      assert.deepEqual(namesOf(listed), [key])
    }
  }
})

test('what is refused says why, and never a secret', async () => {
  const wrong = ossClient(platform, { bucket: BUCKET, accessKeySecret: 'wrong' })
  const mismatch = await failureOf(wrong.call('get', 'k'))
  assert.equal(mismatch.code, 'SignatureDoesNotMatch')
  assert.ok(!JSON.stringify(mismatch).includes(platform.credentials.accessKeySecret))
  const stranger = ossClient(platform, { bucket: BUCKET, accessKeyId: 'nobody', accessKeySecret: 'x' })
  assert.equal((await failureOf(stranger.call('get', 'k'))).code, 'InvalidAccessKeyId')
  assert.equal((await failureOf(v1.call('get', 'k', null, { process: 'image/nonsense,x_1' }))).status >= 400, true)
  const twice = v1
    .call('put', 'once', Buffer.from('x'))
    .then(() => v1.call('put', 'once', Buffer.from('y'), { headers: { 'x-oss-forbid-overwrite': 'true' } }))
  assert.equal((await failureOf(twice)).code, 'FileAlreadyExists')
  const digest = v1.call('put', 'digest', Buffer.from('x'), { headers: { 'Content-MD5': 'AAAAAAAAAAAAAAAAAAAAAA==' } })
  assert.equal((await failureOf(digest)).code, 'InvalidDigest')
  assert.equal((await failureOf(v1.call('head', 'digest'))).code, 'NoSuchKey')
})

test('credentials of one upload write one object, in one piece or in parts, and nothing else', async () => {
  const { tokenKey } = JSON.parse(JSON.stringify(platform.credentials)) as { tokenKey: string }
  const issuer = createTokenIssuer({ tokenKey: Buffer.from(tokenKey, 'base64') }, { random: systemRandom })
  const issued = issuer.issueForUpload(BUCKET, 'uploads/mine', 60_000, Date.now())
  const { accessKeyId, accessKeySecret } = issued
  for (const v4 of [false, true]) {
    const client = ossClient(platform, {
      bucket: BUCKET,
      v4,
      accessKeyId,
      accessKeySecret,
      stsToken: issued.securityToken!,
    })
    await client.call('put', 'uploads/mine', Buffer.from('mine'))
    await client.call('multipartUpload', 'uploads/mine', Buffer.alloc(300_000), { partSize: 102_400 })
    for (const refused of [
      () => client.call('put', 'uploads/other', Buffer.from('x')),
      () => client.call('get', 'uploads/mine'),
      () => client.call('delete', 'uploads/mine'),
      () => client.call('list', {}),
      () => client.call('putACL', 'uploads/mine', 'public-read'),
      () => client.call('copy', 'uploads/mine', 'signed V1 ü'),
    ]) {
      const failure = await failureOf(refused())
      assert.ok(failure.code === 'AccessDenied' || failure.code === 'NoSuchKey', failure.code)
    }
  }
})
