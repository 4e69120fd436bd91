import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Ports } from './ports.ts'

test('the wanted port is given while it is free, to one at a time', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ports = new Ports()
  const other = await ports.take('127.0.0.1', port)
  assert.notEqual(other, port)
  server.close()
  await once(server, 'close')
  const both = await Promise.all([ports.take('127.0.0.1', port), ports.take('127.0.0.1', port)])
  assert.equal(new Set([...both, other]).size, 3)
  assert.ok(both.includes(port))
  ports.giveBack(port)
  assert.equal(await ports.take('127.0.0.1', port), port)
})
