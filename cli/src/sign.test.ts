import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signRequest } from './sign.ts'

const common = { host: '127.0.0.1:9000', apiVersion: '2023-03-30', date: '2030-01-01T00:00:00Z' }

test('signs a request with a body as the vendor SDK does (vector V3)', () => {
  const body = '{"code":{"zipFile":"UEs="},"functionName":"fn","handler":"index.handler","runtime":"nodejs20"}'
  const headers = signRequest(
    {
      ...common,
      method: 'POST',
      path: '/2023-03-30/functions',
      query: [],
      contentType: 'application/json; charset=utf-8',
      body: Buffer.from(body),
      action: 'CreateFunction',
      nonce: 'nonce-1',
    },
    { accessKeyId: 'testak', accessKeySecret: 'testsk' },
  )
  assert.equal(headers['x-acs-content-sha256'], '916f87c19f655af261b4389c115e6e2cc206c1f6cb36e26bcb5e08500acf9492')
  assert.match(headers['authorization']!, /Signature=9e56bd51f91a572832a121c698395088a9d16bfb0518b7b0ee5aca4dae4825d9$/)
})

test('signs a query with short-lived credentials as the vendor SDK does (vector V4)', () => {
  const headers = signRequest(
    {
      ...common,
      method: 'GET',
      path: '/2023-03-30/functions',
      query: [
        ['prefix', 'a b*'],
        ['limit', '2'],
      ],
      contentType: '',
      body: Buffer.alloc(0),
      action: 'ListFunctions',
      nonce: 'nonce-2',
    },
    { accessKeyId: 'STS.ak', accessKeySecret: 'testsk', securityToken: 'tok' },
  )
  assert.match(headers['authorization']!, /Signature=3d7aaa223af927eb0abf84b83e8b0e4c8cbdf381b298a80aa5237003bf44cd86$/)
})
