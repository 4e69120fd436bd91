/** Functions and objects: code reaches the object service with the credentials of its own role, and with no others. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { failureOf, ossClient } from '../support/oss.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const BUCKET = 'for-functions'

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await ossClient(platform).call('putBucket', BUCKET)
})
after(() => platform.stop())

/** Tells its credentials, or signs a request by version 1 and sends it, the bucket in the host name when `host` is asked for. */
const code = {
  'index.js': `
    const { createHmac } = require('node:crypto')
    const { request } = require('node:http')
    exports.handler = async (event, context) => {
      const order = JSON.parse(event)
      const { accessKeyId, accessKeySecret, securityToken } = context.credentials
      if (order.tell) return { accessKeyId, accessKeySecret, stsToken: securityToken }
      const date = new Date().toUTCString()
      const resource = '/${BUCKET}/' + order.key
      const text = [order.method, '', '', date, 'x-oss-security-token:' + securityToken, resource].join('\\n')
      const signature = createHmac('sha1', accessKeySecret).update(text).digest('base64')
      const endpoint = new URL(process.env.SLUICE_OBJECTS_ENDPOINT)
      const host = order.host ? '${BUCKET}.' + endpoint.hostname : endpoint.hostname
      const headers = { date, host, authorization: 'OSS ' + accessKeyId + ':' + signature, 'x-oss-security-token': securityToken }
      const options = { host: order.host ? host : endpoint.hostname, port: endpoint.port, method: order.method, path: order.host ? '/' + order.key : resource, headers }
      return new Promise((resolve, reject) => {
        request(options, (response) => {
          let body = ''
          response.on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: response.statusCode, body }))
        }).on('error', reject).end(order.body ?? '')
      })
    }`,
}

const ask = async (name: string, order: object) => (await platform.invoke(name, JSON.stringify(order))).json()

test('a function with a role writes and reads objects from within its sandbox', async () => {
  await platform.deploy('with-role', code, { role: 'acs:ram::1234567890123456:role/objects' })
  const put = { method: 'PUT', key: 'made-inside', body: 'from a function' }
  assert.deepEqual(await ask('with-role', put), { status: 200, body: '' })
  const { content } = await ossClient(platform, { bucket: BUCKET }).call<{ content: Buffer }>('get', 'made-inside')
  assert.equal(content.toString(), 'from a function')
  assert.deepEqual(await ask('with-role', { method: 'GET', key: 'made-inside' }), {
    status: 200,
    body: 'from a function',
  })
})

test('the bucket may stand in the host name, where the sandbox has names of its own', async (context) => {
  const { sandbox } = (await platform.call('GET', '/sluice/v1/info')).json<{ sandbox: { kind: string } }>()
  if (sandbox.kind === 'process') return context.skip('the process sandbox has the names of this machine')
  const answer = await ask('with-role', { method: 'GET', key: 'made-inside', host: true })
  assert.deepEqual(answer, { status: 200, body: 'from a function' })
})

test('the credentials of a role serve the vendor’s client, in both versions of the signature', async () => {
  const credentials = await ask('with-role', { tell: true })
  for (const v4 of [false, true]) {
    const client = ossClient(platform, { bucket: BUCKET, v4, ...credentials })
    await client.call('put', 'by-sts', Buffer.from('x'))
    await client.call('multipartUpload', 'by-sts', Buffer.alloc(300_000), { partSize: 102_400 })
    await client.call('list', { prefix: 'by-' })
    assert.equal(await (await fetch(await client.sign('GET', 'made-inside'))).text(), 'from a function')
    const { accessKeyId, accessKeySecret } = credentials as { accessKeyId: string; accessKeySecret: string }
    const without = ossClient(platform, { bucket: BUCKET, v4, accessKeyId, accessKeySecret })
    assert.equal((await failureOf(without.call('get', 'by-sts'))).code, 'InvalidAccessKeyId')
  }
})

test('a function without a role may do nothing that not everybody may', async () => {
  await platform.deploy('without-role', code)
  const refused = (await ask('without-role', { method: 'GET', key: 'made-inside' })) as { status: number; body: string }
  assert.equal(refused.status, 403, refused.body)
  await ossClient(platform, { bucket: BUCKET }).call('putACL', 'made-inside', 'public-read')
  const { status } = (await ask('without-role', { method: 'GET', key: 'made-inside' })) as { status: number }
  assert.equal(status, 200)
})
