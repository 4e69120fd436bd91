import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock, startApi } from '../test-support.ts'

test('the name of the platform itself leads to no function: the console and this API are there', async (context) => {
  const api = await startApi(handClock(), { options: { publicUrl: () => 'http://sluice.example.com:7800' } })
  context.after(() => api.close())
  const create = (domainName: string) =>
    fetch(`${api.url}/2023-03-30/custom-domains`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ domainName, protocol: 'HTTP' }),
    })
  const refused = await create('Sluice.example.com')
  const { Code, Message } = (await refused.json()) as { Code: string; Message: string }
  assert.deepEqual([refused.status, Code], [400, 'InvalidArgument'])
  assert.match(Message, /domainName 'sluice.example.com' is the platform's own/)
  assert.equal((await create('shop.example.com')).status, 200)
})
