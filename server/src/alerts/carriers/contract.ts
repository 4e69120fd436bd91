/** What every carrier must do with a notice, whatever the other side is like. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { noticeFor } from '../test-support.ts'
import type { Parcel } from './carrier.ts'

/** Of silence, in these suites. */
export const PATIENCE_MS = 300
const SECRET = 'hunter-2'

export interface CarrierSuite {
  /** A side that takes notices: `received` is what it got first. `secret` is what it is spoken to with. */
  taking(
    context: TestContext,
    secret: string,
  ): Promise<{ port: number; received: Promise<{ id: string; text: string }> }>
  /** A side that says no, and repeats what it was told. */
  refusing(context: TestContext): Promise<{ port: number; reason: RegExp }>
  /** What a side that never comes to an end says after so many things that it has said. */
  drip: (said: number) => string
  send(port: number, secret: string, parcel: Parcel, signal: AbortSignal): Promise<void>
}

export async function listen(context: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

export function carrierContract(name: string, suite: CarrierSuite): void {
  const parcel: Parcel = { id: 'd-1', notice: noticeFor() }
  const never = () => new AbortController().signal
  const failure = (sent: Promise<void>) =>
    sent.then(
      () => assert.fail('it was taken'),
      (error: Error) => error.message,
    )

  test(`${name}: a notice arrives whole, with the id of its delivery`, async (context) => {
    const { port, received } = await suite.taking(context, SECRET)
    await suite.send(port, SECRET, parcel, never())
    const { id, text } = await received
    assert.equal(id, 'd-1')
    for (const word of ['errors', 'Shop fails', 'FunctionErrors > 5 over 60 s', 'host:7800']) {
      assert.ok(text.includes(word), `${word} in ${text}`)
    }
  })

  test(`${name}: a refusal is told, without the secret`, async (context) => {
    const { port, reason } = await suite.refusing(context)
    const message = await failure(suite.send(port, SECRET, parcel, never()))
    assert.match(message, reason)
    assert.ok(!message.includes(SECRET), message)
  })

  test(`${name}: a side that is down is told`, async (context) => {
    const port = await listen(context, (socket) => socket.destroy())
    assert.notEqual(await failure(suite.send(port, SECRET, parcel, never())), '')
  })

  test(`${name}: a side that hangs is given up`, async (context) => {
    const ended = Promise.withResolvers<void>()
    const port = await listen(context, (socket) => void socket.on('close', () => ended.resolve()).resume())
    assert.notEqual(await failure(suite.send(port, SECRET, parcel, never())), '')
    await ended.promise
  })

  test(`${name}: a side that drips for ever is left when the attempt ends`, async (context) => {
    const ended = Promise.withResolvers<void>()
    const port = await listen(context, (socket) => {
      let said = 0
      const timer = setInterval(() => socket.write(suite.drip(said++)), PATIENCE_MS / 10)
      socket
        .on('close', () => {
          clearInterval(timer)
          ended.resolve()
        })
        .resume()
    })
    const sent = suite.send(port, SECRET, parcel, AbortSignal.timeout(2 * PATIENCE_MS))
    assert.notEqual(await failure(sent), '')
    await ended.promise
  })
}
