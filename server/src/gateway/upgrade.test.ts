import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect } from 'node:net'
import { test } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
import { listen } from './listener.ts'
import { createUpgradeGate } from './upgrade.ts'

const domain = { domainName: 'shop.example.com' } as never

async function ask(host: string): Promise<string> {
  const socket = new PassThrough()
  const gate = createUpgradeGate(
    { publicHost: 'localhost' },
    {
      clock: new SimulatedClock(),
      routing: { domain: (name) => (name === 'shop.example.com' ? domain : undefined) },
      management: (_request, taken) => taken.end('the platform'),
    },
  )
  gate({ headers: { host } } as IncomingMessage, socket, Buffer.alloc(0))
  return text(socket)
}

test('the platform takes an upgrade at its own address only: a function’s path may look like one of ours', async () => {
  assert.equal(await ask('localhost:7800'), 'the platform')
  assert.equal(await ask('127.0.0.1:7800'), 'the platform')
  for (const host of ['hello-0123456789.localhost:7800', 'SHOP.example.com']) {
    const answer = await ask(host)
    assert.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n[^]*Connection: close\r\n/)
    assert.match(answer, /"ErrorCode":"NotImplemented","ErrorMessage":"functions answer HTTP requests/)
  }
})

test('whoever is refused and does not hang up is hung up on', async () => {
  const clock = new SimulatedClock()
  const gate = createUpgradeGate(
    { publicHost: 'localhost' },
    { clock, routing: { domain: () => domain }, management: () => assert.fail('taken') },
  )
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>()
  const listener = await listen('127.0.0.1', 0, clock, {
    request: () => assert.fail('served'),
    upgrade(request, socket, head) {
      socket.on('close', onClosed)
      gate(request, socket, head)
    },
  })
  const client = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  client.resume()
  await once(client, 'end')
  clock.advance(1_000)
  await closed
  client.destroy()
  await listener.close(0)
})
