/** What functions print and one record per invocation, from outside: stored, found, followed, counted, kept. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { follow as followOf, open } from '../support/follow.ts'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'

interface Line {
  functionKey: string
  versionId: string
  requestId: string
  instanceId: string
  timeMs: number
  stream: string
  text: string
}

interface Told {
  requestId: string
  statusCode: number
  errorType: string
  fault: string | null
  handled: boolean
  durationMs: number
  billedMs: number
  queuedMs: number
  memoryMB: number
  maxMemoryMB: number
  requestBytes: number
  responseBytes: number
  qualifier: string
  kind: string
  coldStart: Record<string, number> | null
}

let platform: TestPlatform

before(async () => {
  platform = await startPlatform({ SLUICE_ACCOUNT_INSTANCES: '2', SLUICE_QUEUE_LENGTH: '1' })
  await platform.deploy(
    'talker',
    {
      'index.js': `
        exports.start = async () => { console.log('connecting'); await new Promise((done) => setTimeout(done, 5)) }
        exports.handler = async (event, context) => {
          const order = JSON.parse(event)
          for (const line of order.out ?? []) console.log(line)
          for (const line of order.err ?? []) console.error(line)
          for (let i = 0; i < (order.steps ?? 0); i++) {
            process.stdout.write(order.name + ' ' + i + '\\n')
            await new Promise((done) => setTimeout(done, 1))
          }
          if (order.throw) throw new RangeError(order.throw)
          const held = order.eatMB ? Buffer.alloc(order.eatMB << 20, 1) : null
          if (order.hang || held) await new Promise(() => {})
          return 'done'
        }`,
    },
    {
      timeout: 2,
      memorySize: 128,
      instanceConcurrency: 5,
      instanceLifecycleConfig: { initializer: { handler: 'index.start', timeout: 5 } },
    },
  )
})
after(() => platform.stop())

const order = (what: object) => platform.invoke('talker', JSON.stringify(what))
const idOf = (answer: Answer) => String(answer.headers['x-fc-request-id'])

async function lines(query: Record<string, string>, of = platform): Promise<Line[]> {
  const answer = await of.call(
    'GET',
    `/sluice/v1/logs?${new URLSearchParams({ function: 'talker', ...query }).toString()}`,
  )
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ lines: Line[] }>().lines
}

async function records(query: Record<string, string> = {}, of = platform): Promise<Told[]> {
  const text = new URLSearchParams({ function: 'talker', limit: '1000', ...query }).toString()
  const answer = await of.call('GET', `/sluice/v1/records?${text}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ records: Told[] }>().records
}

const isInvocation = ({ kind }: Told) => kind === 'event' || kind === 'http'

const recordOf = async (answer: Answer) => {
  const [found, ...more] = (await records({ requestId: idOf(answer) })).filter(isInvocation)
  assert.ok(found, `no record of ${idOf(answer)}`)
  assert.equal(more.length, 0)
  return found
}

test('the first request of an instance shows its initializer and the phases of the cold start', async () => {
  const answer = await order({ out: ['hello'] })
  const id = idOf(answer)
  assert.deepEqual(
    (await lines({ requestId: id })).map(({ stream, text }) => [stream, text.replace(/^\S+Z \S+ \[\w+\] /, '')]),
    [
      ['system', `FC Initialize Start RequestId: ${id}`],
      ['stdout', 'connecting'],
      ['system', `FC Initialize End RequestId: ${id}`],
      ['system', `FC Invoke Start RequestId: ${id}`],
      ['stdout', 'hello'],
      ['system', `FC Invoke End RequestId: ${id}`],
    ],
  )
  const record = await recordOf(answer)
  const phases = record.coldStart!
  const initializer = (await records({ requestId: id })).find(({ kind }) => kind === 'initialize')
  assert.deepEqual([initializer!.billedMs, initializer!.coldStart], [Math.ceil(initializer!.durationMs), null])
  assert.ok(Math.abs(initializer!.durationMs - phases['initializerMs']!) < 1, 'the same time, told twice')
  assert.deepEqual(Object.keys(phases), ['scheduleMs', 'packageMs', 'sandboxMs', 'runtimeMs', 'initializerMs'])
  assert.ok(phases['initializerMs']! >= 4, JSON.stringify(phases))
  const sum = Object.values(phases).reduce((total, ms) => total + ms, 0)
  assert.ok(sum <= record.queuedMs + 1, `phases take ${sum} ms, the request waited ${record.queuedMs} ms`)
})

test('lines carry their stream and instance, and are found by request, by text and by time', async () => {
  const fromMs = Date.now()
  const answer = await order({ out: ['needle one', 'two'], err: ['NEEDLE three'] })
  const id = idOf(answer)
  const own = await lines({ requestId: id })
  assert.deepEqual(
    own.map(({ stream }) => stream),
    ['system', 'stdout', 'stdout', 'stderr', 'system'],
  )
  for (const line of own) {
    assert.deepEqual([line.functionKey, line.versionId, line.requestId], ['talker', 'LATEST', id])
    assert.equal(line.instanceId, answer.headers['x-fc-instance-id'])
  }
  const found = await lines({ text: 'needle' })
  assert.deepEqual(
    found.map(({ stream, requestId }) => [stream, requestId]),
    [
      ['stdout', id],
      ['stderr', id],
    ],
  )
  const later = await lines({ from: String(fromMs), to: String(Date.now() + 1) })
  assert.deepEqual(new Set(later.map(({ requestId }) => requestId)), new Set([id]))
  assert.deepEqual(await lines({ to: String(fromMs), requestId: id }), [])
  const [newest] = await lines({ descending: 'true', limit: '1' })
  assert.equal(newest?.text, `FC Invoke End RequestId: ${id}`)
})

test('requests that run on one instance at once have each their own lines', async () => {
  const names = ['red', 'green', 'blue', 'black', 'white']
  const answers = await Promise.all(names.map((name) => order({ name, steps: 4 })))
  for (const [at, answer] of answers.entries()) {
    const printed = (await lines({ requestId: idOf(answer) })).filter(({ stream }) => stream === 'stdout')
    assert.deepEqual(
      printed.map(({ text }) => text).filter((text) => !text.includes('connecting')),
      [0, 1, 2, 3].map((step) => `${names[at]} ${step}`),
    )
  }
})

const follow = (path: string) => followOf(platform, path)

test('lines and records are followed as they come', async () => {
  const live = await follow('/sluice/v1/logs/follow?function=talker&text=live')
  const liveRecords = await follow('/sluice/v1/records/follow?function=talker')
  const answer = await order({ out: ['quiet', 'it is live'] })
  const { line } = (await live.next()) as { line: Line }
  assert.deepEqual([line.requestId, line.stream], [idOf(answer), 'stdout'])
  assert.match(line.text, /it is live$/)
  const { record } = (await liveRecords.next()) as { record: Told }
  assert.equal(record.requestId, idOf(answer))
  live.close()
  liveRecords.close()
})

test('what is printed, and how the invocation went, is searched by a query, with context and over time', async () => {
  const answer = await order({ out: ['{"order":{"id":4711},"text":"Searchable"}'], throw: 'unsearchable' })
  const id = idOf(answer)
  const search = async (query: string) => {
    const found = await platform.call('GET', `/sluice/v1/logs/search?${new URLSearchParams({ query }).toString()}`)
    assert.equal(found.status, 200, found.text)
    return found.json<{ hits: { id: string; source: string; line: Line; fields: Record<string, unknown> }[] }>().hits
  }
  const hits = await search(`requestId: ${id} AND searchable`)
  assert.deepEqual(
    hits.map(({ source }) => source),
    ['log', 'request'],
  )
  const [printed, request] = hits
  assert.match(
    request!.line.text,
    /^FC Invoke End RequestId: .*, Error: Handled function error; RangeError: unsearchable; Duration/,
  )
  assert.deepEqual([request!.fields['errorType'], request!.fields['hasFunctionError']], ['RangeError', true])
  assert.equal((await search(`errorType: Range* AND durationMs > 0 AND requestId: ${id}`)).length, 1)
  const query = new URLSearchParams({ id: printed!.id, before: '1', after: '1' }).toString()
  const around = await platform.call('GET', `/sluice/v1/logs/context?${query}`)
  const texts = around.json<{ hits: { line: Line }[] }>().hits.map(({ line }) => line.text)
  assert.equal(texts[0], `FC Invoke Start RequestId: ${id}`)
  const counted = await platform.call('GET', '/sluice/v1/logs/histogram?query=searchable&buckets=10')
  assert.equal(counted.json<{ total: number }>().total, 2)
})

test('what was searched is analysed by SQL, and what is no query names its place', async () => {
  await order({ out: ['to count', 'to count'] })
  const ask = (query: string) =>
    platform.call('GET', `/sluice/v1/logs/search?${new URLSearchParams({ query, function: 'talker' }).toString()}`)
  const counted = await ask('"to count" | SELECT functionName, count(*) AS n GROUP BY functionName')
  assert.equal(counted.status, 200, counted.text)
  const { columns, rows } = counted.json<{ columns: string[]; rows: unknown[][] }>()
  assert.deepEqual([columns, rows], [['functionName', 'n'], [['talker', 2]]])
  const refused = await ask('a | SELECT * FRM log')
  assert.equal(refused.status, 400)
  assert.equal(refused.json<{ Position: number }>().Position, 13)
})

test('hits of a query are followed, and bounds of one function are kept', async () => {
  const followed = await followOf(platform, '/sluice/v1/logs/follow?query=wanted')
  await order({ out: ['not it', 'WANTED it is'] })
  const hit = (await followed.next()) as { line: Line; source: string }
  assert.deepEqual([hit.source, hit.line.text.endsWith('WANTED it is')], ['log', true])
  followed.close()
  const path = '/sluice/v1/logs/bounds?function=talker'
  const set = await platform.call('PUT', path, { retentionDays: 30 })
  assert.deepEqual(set.json(), { retentionDays: 30, maxMB: 256, isDefault: false })
  assert.equal((await platform.call('DELETE', path)).json<{ isDefault: boolean }>().isDefault, true)
})

test('a record tells success and every kind of failure apart', async () => {
  const good = await recordOf(await order({ out: ['x'] }))
  assert.deepEqual(
    [good.statusCode, good.errorType, good.fault, good.coldStart, good.memoryMB, good.qualifier, good.kind],
    [200, '', null, null, 128, 'LATEST', 'event'],
  )
  assert.equal(good.billedMs, Math.ceil(good.durationMs))
  assert.deepEqual([good.requestBytes, good.responseBytes], [JSON.stringify({ out: ['x'] }).length, 4])
  assert.ok(good.maxMemoryMB > 1)

  const thrown = await recordOf(await order({ throw: 'out of range' }))
  assert.deepEqual(
    [thrown.statusCode, thrown.errorType, thrown.fault, thrown.handled],
    [200, 'RangeError', 'function', true],
  )
  const failed = await lines({ requestId: thrown.requestId })
  assert.match(failed.at(-2)!.text, /RangeError: out of range/)
  assert.match(failed.at(-1)!.text, /, Error: Handled function error$/)

  const late = await recordOf(await order({ hang: true }))
  assert.deepEqual(
    [late.statusCode, late.errorType, late.fault, late.handled],
    [200, 'FunctionTimeoutError', 'function', false],
  )
  assert.ok(late.billedMs >= 2000 && late.billedMs < 4000, `${late.billedMs} ms billed`)
  assert.match((await lines({ requestId: late.requestId })).at(-1)!.text, /, Error: Unhandled function error$/)

  const eaten = await recordOf(await order({ eatMB: 300 }))
  assert.deepEqual([eaten.errorType, eaten.fault], ['FunctionOOMError', 'function'])
  assert.ok(eaten.maxMemoryMB >= 128, `${eaten.maxMemoryMB} MB`)
})

test('a caller that leaves is recorded as 499, with the time that its code ran', async () => {
  const live = await follow('/sluice/v1/logs/follow?function=talker&text=begun')
  const ended = await follow('/sluice/v1/records/follow?function=talker')
  const call = open(
    platform,
    'POST',
    '/2023-03-30/functions/talker/invocations',
    JSON.stringify({ out: ['begun'], hang: true }),
  )
  call.on('error', () => {})
  await live.next()
  // A reset, unlike closing one's half of the connection, says that nobody waits for an answer.
  call.socket!.resetAndDestroy()
  let record: Told
  do ({ record } = (await ended.next()) as { record: Told })
  while (!isInvocation(record))
  assert.deepEqual([record.statusCode, record.errorType, record.fault], [499, 'ClientClosedRequest', 'caller'])
  assert.ok(record.billedMs >= 1)
  live.close()
  ended.close()
})

test('a refused request leaves a record that cost nothing, and no marker of a run', async () => {
  await platform.deploy('slow', { 'index.js': 'exports.handler = () => new Promise(() => {})' }, { timeout: 1 })
  const answers = await Promise.all(Array.from({ length: 6 }, () => platform.invoke('slow')))
  const refused = answers.find(({ status }) => status === 429)
  assert.ok(refused, 'two instances and one place in the queue were enough for six requests')
  const [record] = await records({ function: 'slow', requestId: idOf(refused) })
  assert.deepEqual(
    [record!.statusCode, record!.errorType, record!.fault, record!.billedMs, record!.durationMs],
    [429, 'ResourceExhausted', 'caller', 0, 0],
  )
  const told = await lines({ function: 'slow', requestId: idOf(refused) })
  assert.deepEqual(
    told.map(({ text }) => text.split(':')[0]),
    ['ResourceExhausted'],
  )
  const failures = await records({ function: 'slow', failed: 'true' })
  assert.equal(failures.length, 6)
  assert.deepEqual(await records({ function: 'slow', failed: 'false' }), [])
})

/** Values of one metric by the text of their labels. */
async function metric(name: string): Promise<Map<string, number>> {
  const { text } = await platform.send('GET', '/metrics')
  const rows = text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))
  return new Map([...rows].map(([, labels, value]) => [labels!, Number(value)]))
}

test('the metrics count what the records tell', async () => {
  const all = [...(await records()), ...(await records({ function: 'slow' }))]
  const counted = [...(await metric('sluice_invocations_total'))]
  assert.equal(
    counted.reduce((sum, [, value]) => sum + value, 0),
    all.filter(isInvocation).length,
  )
  const of = (labels: string[]) =>
    counted.filter(([text]) => labels.every((label) => text.includes(label))).reduce((sum, [, value]) => sum + value, 0)
  const ofFunction = all.filter(({ fault }) => fault === 'function')
  assert.equal(of(['fault="function"', 'status="2xx"']), ofFunction.length)
  assert.equal(of(['function="slow"', 'status="4xx"']), all.filter(({ statusCode }) => statusCode === 429).length)
  const coldStarts = [...(await metric('sluice_cold_starts_total')).values()].reduce((sum, value) => sum + value, 0)
  assert.equal(coldStarts, all.filter(({ coldStart }) => coldStart !== null).length)
  const throttles = [...(await metric('sluice_throttles_total')).values()].reduce((sum, value) => sum + value, 0)
  assert.equal(throttles, all.filter(({ errorType }) => errorType === 'ResourceExhausted').length)
  const billedSeconds = [...(await metric('sluice_billed_seconds_total')).values()].reduce((sum, value) => sum + value)
  const billedMs = all.reduce((sum, record) => sum + record.billedMs, 0)
  assert.ok(Math.abs(billedSeconds * 1000 - billedMs) < 1, `${billedSeconds} s counted, ${billedMs} ms on record`)
})

test('a stop in between loses neither lines nor records, and logs outlive their function', async () => {
  const answer = await order({ out: ['the last words'] })
  const [linesBefore, recordsBefore] = [await lines({ limit: '1000' }), await records()]
  const last = await order({ out: ['said just before the end'] })
  assert.equal(await platform.terminate(), 0)
  await platform.start()
  const linesAfter = await lines({ limit: '1000' })
  assert.deepEqual(linesAfter.slice(0, linesBefore.length), linesBefore)
  assert.equal((await lines({ requestId: idOf(answer), text: 'last words' })).length, 1)
  assert.equal((await lines({ requestId: idOf(last), text: 'just before the end' })).length, 1)
  assert.deepEqual((await records()).slice(0, recordsBefore.length), recordsBefore)
  assert.equal((await platform.call('DELETE', '/2023-03-30/functions/talker')).status, 204)
  assert.equal((await recordOf(last)).statusCode, 200)
})

test('a function keeps no more log than it is allowed: the oldest goes, the records stay', async () => {
  const small = await startPlatform({ SLUICE_LOG_FUNCTION_MB: '1' })
  try {
    const code = `exports.handler = async (event) => {
      for (let i = 0; i < 1500; i++) console.log(event + ' ' + i + ' ' + 'x'.repeat(1000))
    }`
    await small.deploy('flood', { 'index.js': code }, { timeout: 20 })
    const first = await small.invoke('flood', 'first')
    const second = await small.invoke('flood', 'second')
    const kept = await lines({ function: 'flood', requestId: idOf(second), limit: '1000', descending: 'true' }, small)
    assert.match(kept[1]!.text, /second 1499 x+$/)
    const gone = await lines({ function: 'flood', requestId: idOf(first), text: 'first 0 ' }, small)
    assert.deepEqual(gone, [])
    const told = await records({ function: 'flood' }, small)
    assert.deepEqual(
      told.map(({ requestId }) => requestId),
      [idOf(first), idOf(second)],
    )
    const { text } = await small.send('GET', '/metrics')
    const storedBytes = Number(/^sluice_log_stored_bytes (\d+)$/m.exec(text)?.[1])
    assert.ok(storedBytes <= 1024 * 1024, `${storedBytes} bytes stored`)
  } finally {
    await small.stop()
  }
})
