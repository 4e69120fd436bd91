/** Pictures, forms of web pages and callbacks, by the vendor's client and by hand. */
import assert from 'node:assert/strict'
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import { REGION } from '../support/sdk.ts'
import { failureOf, ossClient, type OssClient } from '../support/oss.ts'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'

let platform: TestPlatform
let oss: OssClient
const BUCKET = 'uploads'

/** An application that is told of uploads. */
const told: { headers: IncomingMessage['headers']; url: string; body: string }[] = []
let answer: { status: number; body: string } = { status: 200, body: '{"heard":true}' }
const application = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += String(chunk)))
  request.on('end', () => {
    told.push({ headers: request.headers, url: request.url!, body })
    response.writeHead(answer.status, { 'content-length': Buffer.byteLength(answer.body) }).end(answer.body)
  })
})
const applicationUrl = (path: string) => `http://127.0.0.1:${(application.address() as AddressInfo).port}${path}`

before(async () => {
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  oss = ossClient(platform, { bucket: BUCKET })
  await oss.call('putBucket', BUCKET)
})
after(async () => {
  application.close()
  await platform.stop()
})

const open = (method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer) =>
  exchange({ host: '127.0.0.1', port: platform.objectsPort, method, path, headers }, body)
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
const picture = sharp({ create: { width: 200, height: 100, channels: 3, background: '#204080' } })

test('a picture is processed for who may read it, in both versions of the signature', async () => {
  await oss.call('put', 'card.png', await picture.png().toBuffer())
  const { content, res } = await oss.call<{ content: Buffer }>('get', 'card.png', undefined, {
    process: 'image/resize,m_fill,w_50,h_50/format,webp',
  })
  assert.equal(res.headers['content-type'], 'image/webp')
  const { format, width, height } = await sharp(content).metadata()
  assert.deepEqual({ format, width, height }, { format: 'webp', width: 50, height: 50 })
  const info = await oss.call<{ content: Buffer }>('get', 'card.png', undefined, { process: 'image/info' })
  assert.equal(JSON.parse(String(info.content)).ImageWidth.value, '200')
  const url = new URL(await oss.sign('GET', 'card.png', { process: 'image/resize,w_20' }))
  const signed = await open('GET', url.pathname + url.search)
  assert.equal((await sharp(signed.body).metadata()).width, 20)
  const cached = await open('GET', url.pathname + url.search, { 'if-none-match': String(signed.headers['etag']) })
  assert.equal(cached.status, 304)
  assert.equal((await open('GET', `/${BUCKET}/card.png?x-oss-process=image/resize,w_20`)).status, 403)
  const v4 = ossClient(platform, { bucket: BUCKET, v4: true })
  const viaV4 = await v4.call<{ content: Buffer }>('get', 'card.png', undefined, { process: 'image/resize,w_30' })
  assert.equal((await sharp(viaV4.content).metadata()).width, 30)
})

test('what cannot be processed is refused with the documented code', async () => {
  await oss.call('put', 'text.txt', Buffer.from('no picture'))
  const code = async (key: string, process: string) =>
    (await failureOf(oss.call('get', key, undefined, { process }))).code
  assert.equal(await code('text.txt', 'image/resize,w_10'), 'BadRequest')
  assert.equal(await code('card.png', 'image/resize,w_0'), 'InvalidArgument')
  assert.equal(await code('card.png', 'image/crop,x_900'), 'BadRequest')
  assert.equal(await code('card.png', 'style/absent'), 'NoSuchStyle')
  assert.equal(await code('absent.png', 'image/info'), 'NoSuchKey')
})

test('a style is a name for operations, and can be changed and removed', async () => {
  const style = (method: string, styleName?: string, content?: string) =>
    oss.call<{ data: Buffer }>('request', {
      ...{ method, bucket: BUCKET, subres: { style: '', ...(styleName !== undefined && { styleName }) } },
      ...{ content, mime: 'xml', successStatuses: [200, 204] },
    })
  const text = async (answer: Promise<{ data: Buffer }>) => String((await answer).data)
  const put = (content: string) => style('PUT', 'small', `<Style><Content>${content}</Content></Style>`)
  await put('image/resize,w_20')
  await put('image/resize,w_30')
  assert.match(await text(style('GET', 'small')), /<Content>image\/resize,w_30<\/Content>/)
  assert.match(await text(style('GET')), /<StyleList>.*<Name>small<\/Name>/s)
  const small = await oss.call<{ content: Buffer }>('get', 'card.png', undefined, { process: 'style/small' })
  assert.equal((await sharp(small.content).metadata()).width, 30)
  assert.equal((await failureOf(put('image/resize'))).code, 'MissingArgument')
  await style('DELETE', 'small')
  assert.equal((await failureOf(style('GET', 'small'))).code, 'NoSuchStyle')
})

test('a processed picture is kept under another name', async () => {
  await oss.call('processObjectSave', 'card.png', 'small/card.jpg', 'image/resize,w_40/format,jpg')
  const { content, res } = await oss.call<{ content: Buffer }>('get', 'small/card.jpg')
  assert.equal(res.headers['content-type'], 'image/jpeg')
  assert.equal((await sharp(content).metadata()).width, 40)
})

test('an upload is told to an application, whose answer the uploader gets', async () => {
  const result = await oss.call<{ data: object }>('put', 'told.png', await picture.png().toBuffer(), {
    callback: {
      url: applicationUrl('/told here?a=1'),
      body: '{"b":${bucket},"o":${object},"s":${size},"w":${imageInfo.width},"mine":${x:mine}}',
      contentType: 'application/json',
      customValue: { mine: 'a"b' },
    },
  })
  assert.deepEqual(result.data, { heard: true })
  const { headers, url, body } = told.pop()!
  const { b, o, w, mine } = JSON.parse(body)
  assert.deepEqual({ b, o, w, mine }, { b: BUCKET, o: 'told.png', w: 200, mine: 'a"b' })
  assert.equal(url, '/told%20here?a=1')
  const keyUrl = new URL(Buffer.from(String(headers['x-oss-pub-key-url']), 'base64').toString())
  const { text: publicKey } = await open('GET', keyUrl.pathname + keyUrl.search)
  const signed = Buffer.from(`/told here?a=1\n${body}`)
  const signature = Buffer.from(headers.authorization!, 'base64')
  assert.ok(verify('RSA-MD5', signed, createPublicKey(publicKey), signature))
})

test('an application that fails leaves the object and is reported', async () => {
  answer = { status: 500, body: '{}' }
  const callback = base64({ callbackUrl: applicationUrl('/'), callbackBody: 'o=${object}&t=${mimeType}' })
  const headers = { 'x-oss-callback': callback }
  const failure = await failureOf(oss.call('put', 'kept.txt', Buffer.from('kept'), { headers, mime: 'text/x y' }))
  answer = { status: 200, body: '{"heard":true}' }
  assert.deepEqual([failure.status, failure.code], [203, 'CallbackFailed'])
  assert.equal(told.pop()!.body, 'o=kept.txt&t=text%2Fx+y')
  assert.equal(String((await oss.call<{ content: Buffer }>('get', 'kept.txt')).content), 'kept')
  const broken = { 'x-oss-callback': 'nonsense' }
  assert.equal(
    (await failureOf(oss.call('put', 'refused.txt', Buffer.from('x'), { headers: broken }))).code,
    'InvalidArgument',
  )
  assert.equal((await failureOf(oss.call('head', 'refused.txt'))).status, 404)
})

/** Posts a form as a browser would. */
async function post(fields: Record<string, string>, content: string | null, name = 'photo.txt') {
  const form = new FormData()
  for (const [field, value] of Object.entries(fields)) form.append(field, value)
  if (content !== null) form.append('file', new File([content], name, { type: 'text/x-photo' }))
  form.append('after', 'ignored')
  const response = await fetch(`http://127.0.0.1:${platform.objectsPort}/${BUCKET}/`, {
    ...{ method: 'POST', body: form, redirect: 'manual' },
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
function signedForm(conditions: unknown[], expiration = '2999-01-01T00:00:00Z') {
  const { accessKeyId, accessKeySecret } = platform.credentials
  const policy = base64({ expiration, conditions })
  const Signature = createHmac('sha1', accessKeySecret).update(policy).digest('base64')
  return { OSSAccessKeyId: accessKeyId, policy, Signature }
}

test('a signed form stores its file with what its fields say', async () => {
  const conditions = [{ bucket: BUCKET }, ['starts-with', '$key', 'user/'], ['content-length-range', 1, 10]]
  const fields = {
    ...signedForm(conditions),
    key: 'user/${filename}',
    'x-oss-meta-who': 'Ä',
    success_action_status: '201',
  }
  const { status, text, headers } = await post(fields, 'hello')
  assert.equal(status, 201)
  assert.match(text, /<Key>user\/photo\.txt<\/Key>/)
  assert.equal(headers.get('location'), `http://127.0.0.1:${platform.objectsPort}/${BUCKET}/user/photo.txt`)
  assert.equal(headers.get('etag'), '"5D41402ABC4B2A76B9719D911017C592"')
  const stored = await oss.call<{ meta: object; content: Buffer }>('get', 'user/photo.txt')
  assert.equal(String(stored.content), 'hello')
  assert.equal(stored.res.headers['content-type'], 'text/x-photo')
  assert.equal(Buffer.from(stored.res.headers['x-oss-meta-who']!, 'latin1').toString(), 'Ä')
  const redirected = await post({ ...fields, success_action_redirect: 'https://app.example/done?x=1' }, 'hello')
  assert.equal(redirected.status, 303)
  assert.match(
    redirected.headers.get('location')!,
    /^https:\/\/app\.example\/done\?x=1&bucket=uploads&key=user%2Fphoto\.txt&etag=/,
  )
})

test('a form that its policy does not allow stores nothing', async () => {
  const conditions = [{ bucket: BUCKET }, ['starts-with', '$key', 'user/'], ['content-length-range', 3, 10]]
  const refused = async (fields: Record<string, string>, content: string | null) => {
    const { status, text } = await post(fields, content)
    return `${status} ${/<Code>(\w+)/.exec(text)?.[1]}`
  }
  const signed = signedForm(conditions)
  assert.equal(await refused({ ...signed, key: 'other/a' }, 'hello'), '403 AccessDenied')
  assert.equal(await refused({ ...signed, key: 'user/long' }, 'hello hello hello'), '400 EntityTooLarge')
  assert.equal(await refused({ ...signed, key: 'user/short' }, 'h'), '400 EntityTooSmall')
  assert.equal(await refused({ ...signed, key: 'user/b', Signature: 'AAAA' }, 'hello'), '403 SignatureDoesNotMatch')
  assert.equal(
    await refused({ ...signedForm(conditions, '2020-01-01T00:00:00Z'), key: 'user/c' }, 'hello'),
    '403 AccessDenied',
  )
  assert.equal(await refused({ ...signed, key: 'user/d' }, null), '400 IncorrectNumberOfFilesInPOSTRequest')
  assert.equal(await refused({ ...signed }, 'hello'), '400 InvalidArgument')
  assert.equal(await refused({ key: 'user/e' }, 'hello'), '403 AccessDenied')
  const { objects } = await oss.call<{ objects?: { name: string }[] }>('list', { prefix: 'user/' })
  assert.deepEqual(
    objects?.map(({ name }) => name),
    ['user/photo.txt'],
  )
})

test('large forms are stored whole, and answered when they are refused', async () => {
  const content = 'large '.repeat(1_500_000)
  const large = { ...signedForm([{ bucket: BUCKET }]), key: 'large' }
  assert.equal((await post(large, content)).status, 204)
  assert.equal(String((await oss.call<{ content: Buffer }>('get', 'large')).content), content)
  assert.equal((await post({ ...large, Signature: 'AAAA' }, content)).status, 403)
  const short = signedForm([{ bucket: BUCKET }, ['content-length-range', 0, 1_000_000]])
  assert.equal((await post({ ...short, key: 'too-large' }, content)).status, 400)
  assert.equal((await failureOf(oss.call('head', 'too-large'))).status, 404)
})

test('a form cut off in the middle of its file stores nothing', async () => {
  const { OSSAccessKeyId, policy, Signature } = signedForm([{ bucket: BUCKET }])
  const fields = Object.entries({ OSSAccessKeyId, policy, Signature, key: 'cut' })
  const parts = fields.map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const body = `${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf`
  const { status, text } = await open(
    'POST',
    `/${BUCKET}/`,
    { 'content-type': 'multipart/form-data; boundary=b' },
    body,
  )
  assert.deepEqual([status, /<Code>(\w+)/.exec(text)?.[1]], [400, 'MalformedPOSTRequest'])
  assert.equal((await failureOf(oss.call('head', 'cut'))).status, 404)
})

test('a form of the vendor’s client in version 4, with a callback', async () => {
  const callback = base64({ callbackUrl: applicationUrl('/form'), callbackBody: 'k=${object}&v=${x:v}' })
  const policyDocument = { expiration: '2999-01-01T00:00:00Z', conditions: [{ bucket: BUCKET }, ['eq', '$key', 'v4']] }
  const now = new Date()
  const date = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/${REGION}/oss/aliyun_v4_request`
  const fields = {
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': `${platform.credentials.accessKeyId}/${scope}`,
    'x-oss-date': date,
    'x-oss-signature': await oss.call<string>('signPostObjectPolicyV4', policyDocument, now),
  }
  const policy = base64(policyDocument)
  const { status, text } = await post({ ...fields, policy, key: 'v4', callback, 'x:v': '1 2' }, 'four')
  assert.deepEqual([status, text], [200, '{"heard":true}'])
  assert.equal(told.pop()!.body, 'k=v4&v=1+2')
})
