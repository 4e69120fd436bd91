import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect } from 'node:net'
import { test } from 'node:test'
import { FcError } from '../errors.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { answerError } from './answers.ts'
import type { Gateway } from './gateway.ts'
import { listen } from './listener.ts'
import { createUpgradeGate } from './upgrade.ts'

const domain = { domainName: 'shop.example.com' } as never
const refusing: Gateway = (_, response) => answerError(response, new FcError('NotImplemented', 'not this one'), 'r-1')

async function ask(host: string, url = '/'): Promise<string> {
  const socket = new PassThrough()
  const gate = createUpgradeGate(
    { publicHost: 'localhost' },
    {
      clock: new SimulatedClock(),
      routing: { domain: (name) => (name === 'shop.example.com' ? domain : undefined) },
      gateway: (_request, _response, upgrading) => void upgrading!.socket.end('a function'),
      management: (_request, taken) => taken.end('the platform'),
    },
  )
  gate({ headers: { host }, url, httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage, socket, Buffer.alloc(0))
  return text(socket)
}

test('the platform takes an upgrade at its own address only: a function’s path may look like one of ours', async () => {
  assert.equal(await ask('localhost:7800'), 'the platform')
  assert.equal(await ask('127.0.0.1:7800'), 'the platform')
  for (const host of ['hello-0123456789.localhost:7800', 'SHOP.example.com'])
    assert.equal(await ask(host), 'a function')
  assert.equal(await ask('localhost:7800', '/2016-08-15/proxy/s/f/chat'), 'a function')
})

test('who is refused an upgrade is answered, and hung up on when it does not hang up', async () => {
  const clock = new SimulatedClock()
  const gate = createUpgradeGate(
    { publicHost: 'localhost' },
    { clock, routing: { domain: () => domain }, gateway: refusing, management: () => assert.fail('taken') },
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
  let answer = ''
  client.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  await once(client, 'end')
  assert.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n[^]*Connection: close\r\n[^]*"ErrorMessage":"not this one"/)
  clock.advance(1_000)
  await closed
  client.destroy()
  await listener.close(0)
})
