import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../clock.ts'
import type { StreamHandler } from '../port.ts'
import { ChannelConnection, type ConnectionHandler } from './connection.ts'
import { ChannelError, decodeHead, encodeHead, FLAG_END, FrameType, INITIAL_CREDIT_BYTES } from './frames.ts'
import { Peer, socketPair } from './test-support.ts'

/** Everything a connection tells, as text; `told` resolves once it has told it. */
async function connected(greet = true) {
  const pair = await socketPair()
  const peer = new Peer(pair.runtime)
  const events: string[] = []
  let onEvent = () => {}
  const tell = (event: string) => {
    events.push(event)
    onEvent()
  }
  const connectionHandler: ConnectionHandler = {
    onHello: (payload) => tell(`hello ${payload}`),
    onReady: (payload) => tell(`ready ${payload}`),
    onPong: () => tell('pong'),
    onLog: (stream, chunk) => tell(`log ${stream} ${chunk.toString()}`),
    onClosed: (error) => tell(`closed ${error instanceof ChannelError ? error.message : String(error)}`),
  }
  const handler = (name: string): StreamHandler => ({
    onResponse: (head, body, end) => tell(`${name} response ${head} ${body.length}${end ? ' end' : ''}`),
    onData: (chunk, end) => tell(`${name} data ${chunk.length}${end ? ' end' : ''}`),
    onError: (payload) => tell(`${name} error ${payload}`),
    onLog: (stream, chunk) => tell(`${name} log ${stream} ${chunk.toString()}`),
    onCredit: () => tell(`${name} credit`),
  })
  const connection = new ChannelConnection(pair.node, connectionHandler, systemClock)
  const told = async (event: string) => {
    while (!events.includes(event)) {
      assert.ok(!events.at(-1)?.startsWith('closed'), `${events.at(-1)} instead of ${event}`)
      await new Promise<void>((resolve) => (onEvent = resolve))
    }
  }
  const closedBy = async () => {
    while (!events.at(-1)?.startsWith('closed')) await new Promise<void>((resolve) => (onEvent = resolve))
    return events.at(-1)!
  }
  if (greet) {
    peer.send(FrameType.hello, 0, '{}')
    await told('hello {}')
  }
  return { pair, peer, connection, events, told, closedBy, handler }
}

test('a hook has a stream of its own, and its answer ends it', async () => {
  const { pair, peer, connection, events, told, closedBy, handler } = await connected()
  connection.invoke('{}', null, true, handler('one'))
  const outcome = Promise.withResolvers<string>()
  connection.hook({ name: 'preStop', requestId: 'r-1', deadlineMs: 5 }, outcome.resolve)
  const hook = await peer.until(({ type }) => type === FrameType.hook)
  assert.equal(hook.stream, 2)
  assert.deepEqual(JSON.parse(hook.payload.toString()), { name: 'preStop', requestId: 'r-1', deadlineMs: 5 })
  peer.send(FrameType.log, 2, '\x01of nobody')
  peer.send(FrameType.hookDone, 2, '{"error":{}}')
  assert.equal(await outcome.promise, '{"error":{}}')
  await told('log stdout of nobody')
  assert.ok(!events.includes('closed null'))
  peer.send(FrameType.hookDone, 2, '{}')
  assert.equal(await closedBy(), 'closed stream 2 runs no hook')
  pair.close()
})

test('a request goes out with its head and first bytes, and its answer comes back', async () => {
  const { pair, peer, connection, events, told, handler } = await connected()
  connection.invoke('{"a":1}', Buffer.from('body'), true, handler('one'))
  const invoke = await peer.until(({ type }) => type === FrameType.invoke)
  assert.deepEqual([invoke.stream, invoke.flags], [1, FLAG_END])
  assert.deepEqual(decodeHead(invoke.payload), { head: '{"a":1}', body: Buffer.from('body') })
  peer.send(FrameType.log, 1, '\x01printed')
  peer.send(FrameType.response, 1, encodeHead('{}', 'abc'))
  peer.send(FrameType.data, 1, 'de', FLAG_END)
  await told('one data 2 end')
  assert.deepEqual(events.slice(1), ['one log stdout printed', 'one response {} 3', 'one data 2 end'])
  pair.close()
})

test('streams are numbered from one, and answers find theirs in any order', async () => {
  const { pair, peer, connection, events, told, handler } = await connected()
  for (const name of ['one', 'two', 'three']) connection.invoke('{}', null, true, handler(name))
  for (const stream of [3, 1, 2]) peer.send(FrameType.response, stream, encodeHead('{}'), FLAG_END)
  await told('two response {} 0 end')
  assert.deepEqual(events.slice(1), ['three response {} 0 end', 'one response {} 0 end', 'two response {} 0 end'])
  pair.close()
})

test('an answer before the whole request ends the request too', async () => {
  const { pair, peer, connection, told, handler } = await connected()
  const stream = connection.invoke('{}', null, false, handler('one'))
  peer.send(FrameType.response, 1, encodeHead('{}'), FLAG_END)
  await told('one response {} 0 end')
  const end = await peer.until(({ type }) => type === FrameType.data)
  assert.deepEqual([end.stream, end.flags, end.payload.length], [1, FLAG_END, 0])
  stream.send(Buffer.from('too late'), false)
  connection.credentials({ accessKeyId: 'a', accessKeySecret: 'b', securityToken: 'c' })
  await peer.until(({ type }) => type === FrameType.credentials)
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.data).length, 1)
  pair.close()
})

test('frames that crossed with the end of their stream are dropped', async () => {
  const { pair, peer, connection, events, told, handler } = await connected()
  connection.invoke('{}', null, true, handler('one'))
  peer.send(FrameType.error, 1, '{}')
  peer.send(FrameType.data, 1, 'x')
  peer.send(FrameType.credit, 1, Buffer.from([0, 0, 0, 1]))
  peer.send(FrameType.response, 1, encodeHead('{}'))
  peer.send(FrameType.ready, 0, 'p')
  await told('ready p')
  assert.deepEqual(events.slice(1), ['one error {}', 'ready p'])
  pair.close()
})

test('a cancelled stream has credit to end with', async () => {
  const { pair, peer, connection, told, handler } = await connected()
  const stream = connection.invoke('{}', null, false, handler('one'))
  stream.cancel('timeout')
  const cancel = await peer.until(({ type }) => type === FrameType.cancel)
  assert.equal(cancel.payload.toString(), 'timeout')
  const credit = await peer.until(({ type }) => type === FrameType.credit)
  assert.equal(credit.payload.readUInt32BE(), INITIAL_CREDIT_BYTES)
  peer.send(FrameType.error, 1, '{}')
  await told('one error {}')
  stream.cancel('disconnect')
  pair.close()
})

test('every broken rule closes the connection, and names the rule', async () => {
  const credit = (bytes: number) => {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(bytes)
    return payload
  }
  const full = encodeHead('{}', Buffer.alloc(INITIAL_CREDIT_BYTES))
  const cases: [RegExp, ...[type: number, stream: number, payload?: Buffer | string][]][] = [
    [/HELLO comes once/, [FrameType.hello, 0, '{}']],
    [/stream 2 was never opened/, [FrameType.data, 2, 'x']],
    [/a body before its head/, [FrameType.data, 1, 'x']],
    [/RESPONSE without a head/, [FrameType.response, 1, 'abc']],
    [/a head longer than its frame/, [FrameType.response, 1, Buffer.from([0, 0, 0, 9])]],
    [/answered twice/, [FrameType.response, 1, encodeHead('{}')], [FrameType.response, 1, encodeHead('{}')]],
    [/beyond its credit/, [FrameType.response, 1, full], [FrameType.data, 1, 'x']],
    [/CREDIT has 4 bytes/, [FrameType.credit, 1, 'abc']],
    [/more credit/, [FrameType.credit, 1, credit(0x7fffffff)]],
    [/LOG must name/, [FrameType.log, 0, '']],
    [/LOG must name/, [FrameType.log, 1, '\x03x']],
    [/frame type 2 is not for the node/, [FrameType.invoke, 1, 'x']],
    [/a control frame of 262145 bytes/, [FrameType.ready, 0, Buffer.alloc(262_145)]],
  ]
  for (const [rule, ...frames] of cases) {
    const { pair, peer, connection, closedBy, handler } = await connected()
    connection.invoke('{}', null, true, handler('one'))
    for (const [type, stream, payload] of frames) peer.send(type, stream, payload)
    assert.match(await closedBy(), rule)
    assert.ok(connection.isClosed)
    pair.close()
  }
})

test('whoever does not greet is not listened to', async () => {
  const { pair, peer, closedBy } = await connected(false)
  peer.send(FrameType.ready, 0, '{}')
  assert.match(await closedBy(), /the first frame must be HELLO/)
  pair.close()
})

test('the end of the socket is told once, and nothing is sent after it', async () => {
  const { pair, peer, connection, events, closedBy, handler } = await connected()
  const stream = connection.invoke('{}', null, false, handler('one'))
  await peer.until(({ type }) => type === FrameType.invoke)
  pair.runtime.destroy()
  assert.equal(await closedBy(), 'closed null')
  stream.send(Buffer.from('x'), true)
  stream.grant(1)
  stream.cancel('timeout')
  connection.close(null)
  assert.equal(events.filter((event) => event.startsWith('closed')).length, 1)
  pair.close()
})

test('whatever bytes a runtime sends, the connection ends or goes on; it never throws', async () => {
  const frame = fc.record({
    type: fc.oneof(fc.constantFrom(...Object.values(FrameType)), fc.integer({ min: 0, max: 255 })),
    stream: fc.integer({ min: 0, max: 3 }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(encodeHead('{}', 'x')),
    ),
    flags: fc.constantFrom(0, FLAG_END),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
      const { pair, peer, connection, closedBy, told, events, handler } = await connected()
      connection.invoke('{}', null, false, handler('one'))
      connection.invoke('{}', Buffer.from('b'), true, handler('two'))
      for (const { type, stream, payload, flags } of frames) peer.send(type, stream, payload, flags)
      peer.send(FrameType.ready, 0, 'last')
      await Promise.race([closedBy(), told('ready last')]).catch(() => {})
      assert.ok(events.length > 0)
      pair.close()
    }),
    { numRuns: 60 },
  )
})

test('a sign of life answers what was asked, once', async () => {
  const { pair, peer, connection, told, closedBy } = await connected()
  connection.ping()
  const ping = await peer.until(({ type }) => type === FrameType.ping)
  peer.send(FrameType.pong, 0, ping.payload)
  await told('pong')
  peer.send(FrameType.pong, 0, ping.payload)
  assert.match(await closedBy(), /PONG answers no PING/)
  pair.close()
  const other = await connected()
  other.connection.ping()
  other.peer.send(FrameType.pong, 0, 'something else')
  assert.match(await other.closedBy(), /PONG answers no PING/)
  other.pair.close()
})

test('a LOG of more than 64 KB breaks the channel', async () => {
  const { pair, peer, closedBy } = await connected()
  peer.send(FrameType.log, 0, Buffer.alloc(65_537, 1))
  assert.match(await closedBy(), /a LOG of 65537 bytes/)
  pair.close()
})
