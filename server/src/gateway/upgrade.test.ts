import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
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
