import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { decode } from 'dns-packet'
import { seededRandom, SimulatedClock } from '../simulated-clock.ts'
import { CLIENT_CONNECTIONS_MAX, CLIENT_QUESTIONS_IN_FLIGHT_MAX } from './dns-admission.ts'
import { createDnsForwarder } from './dns.ts'
import {
  answerTo,
  answerWithAddress,
  askOverTcp,
  fakeNameServer,
  type OnQuestion,
  question,
} from './dns-test-support.ts'
import { udpClient } from './dns-test-support.ts'
import { SERVER_TIMEOUT_MS } from './dns-upstream.ts'

/** A forwarder before name servers that do as told; its time stands still unless the test moves it. */
async function scene(t: TestContext, ...behaviours: OnQuestion[]) {
  const clock = new SimulatedClock()
  const upstream = await Promise.all(behaviours.map(fakeNameServer))
  const servers = upstream.map(({ address }) => address)
  const forwarder = await createDnsForwarder(
    { address: '127.0.0.1', port: 0, servers: () => servers },
    { clock, random: seededRandom(7) },
  )
  const client = await udpClient(forwarder.port)
  t.after(async () => {
    client.close()
    await forwarder.close()
    for (const server of upstream) server.close()
  })
  return { clock, client, port: forwarder.port }
}

const respondWith =
  (data: string): OnQuestion =>
  (message, _transport, respond) =>
    respond(answerWithAddress(message, data))

const addresses = ({ answers }: { answers?: unknown[] | undefined }) =>
  (answers as { data: string }[]).map(({ data }) => data)

test('the platform and every name below it is the gateway, whatever the letters; other types are empty', async (t) => {
  const { client } = await scene(t)
  for (const name of ['sluice.internal', 'bucket.objects.sluice.internal', 'SLUICE.Internal']) {
    client.send(question(name, 5))
    const answer = await client.receive()
    assert.equal(answer.id, 5)
    assert.deepEqual(addresses(answer), ['127.0.0.1'])
    assert.equal(answer.questions![0]!.name, name)
  }
  client.send(question('sluice.internal', 6, 'AAAA'))
  const answer = await client.receive()
  assert.deepEqual([answer.answers, answer.flags! & 0xf], [[], 0])
})

test('a name that only ends alike is not the platform', async (t) => {
  const { client } = await scene(t, respondWith('192.0.2.9'))
  client.send(question('notsluice.internal'))
  assert.deepEqual(addresses(await client.receive()), ['192.0.2.9'])
})

test('a forwarded answer comes back byte for byte with its own id; upstream it bore another', async (t) => {
  let upstreamId: number | undefined
  let response: Buffer | undefined
  const { client } = await scene(t, (message, _transport, respond) => {
    upstreamId = message.readUInt16BE(0)
    response = answerTo(message, { answers: [{ type: 'TXT', name: 'example.org', ttl: 3, data: ['raw'] }] })
    respond(response)
  })
  client.send(question('example.org', 4711, 'TXT'))
  const answer = await client.receive()
  assert.equal(answer.id, 4711)
  assert.notEqual(upstreamId, 4711)
  assert.deepEqual({ ...answer, id: upstreamId }, decode(response!))
})

test('an answer that was cut leads to TCP, where the whole one fits', async (t) => {
  const long = Array.from({ length: 200 }, (_, i) => `192.0.2.${i}`)
  const { client, port } = await scene(t, (message, transport, respond) => {
    if (transport === 'udp') return respond(answerTo(message, { flags: 0x0380 }))
    respond(answerTo(message, { answers: long.map((data) => ({ type: 'A', name: 'long.example', ttl: 1, data })) }))
  })
  client.send(question('long.example'))
  assert.equal((await client.receive()).flag_tc, true)
  const [whole] = await askOverTcp(port, [question('long.example', 9)])
  assert.deepEqual([decode(whole!).id, addresses(decode(whole!))], [9, long])
})

test('an answer over UDP that is larger than anybody asks for is cut', async (t) => {
  const { client } = await scene(t, (message, _transport, respond) => {
    const data = Array.from({ length: 40 }, () => 'x'.repeat(200))
    respond(answerTo(message, { answers: [{ type: 'TXT', name: 'huge.example', ttl: 1, data }] }))
  })
  client.send(question('huge.example', 3, 'TXT'))
  const { id, flag_tc, answers } = await client.receive()
  assert.deepEqual([id, flag_tc, answers], [3, true, []])
})

test('several questions on one connection are all answered, own and forwarded', async (t) => {
  const { port } = await scene(t, respondWith('192.0.2.1'))
  const answers = await askOverTcp(port, [question('a.example', 1), question('sluice.internal', 2)])
  const byId = new Map(answers.map((answer) => [decode(answer).id, addresses(decode(answer))]))
  assert.deepEqual(byId.get(1), ['192.0.2.1'])
  assert.deepEqual(byId.get(2), ['127.0.0.1'])
})

test('after a server that is silent the next is asked', async (t) => {
  const asked = Promise.withResolvers<void>()
  const { client, clock } = await scene(t, () => asked.resolve(), respondWith('192.0.2.2'))
  client.send(question('example.org'))
  await asked.promise
  clock.advance(SERVER_TIMEOUT_MS)
  assert.deepEqual(addresses(await client.receive()), ['192.0.2.2'])
})

test('a server that refuses connections costs no time-out, over UDP and TCP', async (t) => {
  const gone = await fakeNameServer(() => {})
  gone.close()
  const there = await fakeNameServer(respondWith('192.0.2.2'))
  t.after(() => there.close())
  const forwarder = await createDnsForwarder(
    { address: '127.0.0.1', port: 0, servers: () => [gone.address, there.address] },
    { clock: new SimulatedClock(), random: seededRandom(1) },
  )
  t.after(() => forwarder.close())
  const client = await udpClient(forwarder.port)
  t.after(() => client.close())
  client.send(question('example.org'))
  assert.deepEqual(addresses(await client.receive()), ['192.0.2.2'])
  const [answer] = await askOverTcp(forwarder.port, [question('example.org')])
  assert.deepEqual(addresses(decode(answer!)), ['192.0.2.2'])
})

test('no server configured, or none that answers: SERVFAIL with the question', async (t) => {
  const { client } = await scene(t)
  client.send(question('example.org', 12))
  const answer = await client.receive()
  assert.deepEqual([answer.id, answer.flags! & 0xf, answer.questions![0]!.name], [12, 2, 'example.org'])

  const asked = Promise.withResolvers<void>()
  const silent = await scene(t, () => asked.resolve())
  silent.client.send(question('example.org'))
  await asked.promise
  silent.clock.advance(SERVER_TIMEOUT_MS)
  assert.equal((await silent.client.receive()).flags! & 0xf, 2)
})

test('a response with another id or another question is not taken', async (t) => {
  const { client } = await scene(t, (message, _transport, respond) => {
    const forged = answerWithAddress(message, '203.0.113.66')
    forged.writeUInt16BE(forged.readUInt16BE(0) ^ 1, 0)
    respond(forged)
    respond(answerWithAddress(question('other.example', message.readUInt16BE(0)), '203.0.113.66'))
    respond(answerWithAddress(message, '192.0.2.1'))
  })
  client.send(question('example.org'))
  assert.deepEqual(addresses(await client.receive()), ['192.0.2.1'])
})

test('broken messages are dropped without an answer, and the next is answered', async (t) => {
  const { client } = await scene(t)
  const response = question('sluice.internal')
  response.writeUInt16BE(0x8000, 2)
  for (const broken of [Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(1500), response]) client.send(broken)
  client.send(question('sluice.internal', 77))
  assert.equal((await client.receive()).id, 77)
})

const oneLoopback = process.platform === 'linux' ? false : 'a second client needs a second loopback address'

test('a flood of one client stays within its bound, and others have room', { skip: oneLoopback }, async (t) => {
  const waiting: (() => void)[] = []
  const full = Promise.withResolvers<void>()
  const { client, port } = await scene(t, (message, _transport, respond) => {
    waiting.push(() => respond(answerWithAddress(message, '192.0.2.1')))
    if (waiting.length === CLIENT_QUESTIONS_IN_FLIGHT_MAX) full.resolve()
    if (waiting.length > CLIENT_QUESTIONS_IN_FLIGHT_MAX) waiting.at(-1)!()
  })
  for (let id = 0; id < CLIENT_QUESTIONS_IN_FLIGHT_MAX + 50; id++) client.send(question('flood.example', id))
  // Answered at once, hence after all that was sent before it.
  client.send(question('sluice.internal', 9999))
  assert.equal((await client.receive()).id, 9999)
  await full.promise

  const other = await udpClient(port, '127.0.0.2')
  t.after(() => other.close())
  other.send(question('other.example', 2))
  assert.equal((await other.receive()).id, 2)
  assert.equal(waiting.length, CLIENT_QUESTIONS_IN_FLIGHT_MAX + 1)

  for (const answer of waiting.splice(0, CLIENT_QUESTIONS_IN_FLIGHT_MAX)) answer()
  for (let i = 0; i < CLIENT_QUESTIONS_IN_FLIGHT_MAX; i++) await client.receive()
})

test('a client has so many connections at once and no more; those that say nothing are closed', async (t) => {
  const { clock, port } = await scene(t)
  const open = []
  for (let i = 0; i < CLIENT_CONNECTIONS_MAX; i++) {
    const socket = connect({ port, host: '127.0.0.1' })
    open.push({ socket, closed: once(socket, 'close') })
    await once(socket, 'connect')
  }
  const refused = connect({ port, host: '127.0.0.1' })
  refused.on('error', () => {})
  await once(refused, 'close')
  assert.ok(open.every(({ socket }) => !socket.destroyed))
  clock.advance(10_000)
  await Promise.all(open.map(({ closed }) => closed))
  assert.equal((await askOverTcp(port, [question('sluice.internal')])).length, 1)
})

test('closing drops what is under way', async (t) => {
  const asked = Promise.withResolvers<void>()
  const server = await fakeNameServer(() => asked.resolve())
  t.after(() => server.close())
  const forwarder = await createDnsForwarder(
    { address: '127.0.0.1', port: 0, servers: () => [server.address] },
    { clock: new SimulatedClock(), random: seededRandom(1) },
  )
  const client = await udpClient(forwarder.port)
  t.after(() => client.close())
  client.send(question('example.org'))
  await asked.promise
  await forwarder.close()
})
