import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, failure, sluice, type Handler, type Received } from '../../test/support.ts'
import type { Json } from '../json.ts'

const BASE_MS = Date.UTC(2030, 0, 1, 12)

function hit(id: number, text: string, functionKey = 'shop$web'): Json {
  const line = { functionKey, timeMs: BASE_MS + id, requestId: `r${id}`, instanceId: 'c', stream: 'stdout', text }
  return { id: String(id), line, source: 'log', highlights: [], fields: {} }
}

async function run(t: TestContext, handler: Handler, argv: string[], isTTY = false) {
  const asked: Received[] = []
  const { environment } = await fakePlatform(t, (request, response) => {
    asked.push(request)
    return handler(request, response)
  })
  return { ...(await sluice(['logs', ...argv], fakeTerminal({ environment, isTTY }))), asked }
}

test('a query is searched for in all functions or in one, and shows the newest, oldest first', async (t) => {
  const pages = [
    { hits: [hit(3, 'three'), hit(2, 'two')], nextCursor: 'c1', scannedLines: 9 },
    { hits: [hit(1, 'one', 'other')], scannedLines: 9 },
  ]
  const all = await run(t, () => ({ body: pages.shift()! }), ['--query', 'error AND t*', '--since', '1h'])
  assert.equal(
    all.out,
    '2030-01-01T12:00:00.001Z r1 other one\n' +
      '2030-01-01T12:00:00.002Z r2 shop/web two\n' +
      '2030-01-01T12:00:00.003Z r3 shop/web three\n',
  )
  assert.equal(all.asked[0]!.path, '/sluice/v1/logs/search')
  assert.deepEqual(
    ['query', 'function', 'descending', 'cursor'].map((name) => all.asked[1]!.query.get(name)),
    ['error AND t*', null, 'true', 'c1'],
  )
  const one = await run(t, () => ({ body: { hits: [hit(1, 'one')] } }), ['shop/web', '--query', 'one', '-n', '5'])
  assert.equal(one.out, '2030-01-01T12:00:00.001Z r1 one\n')
  assert.deepEqual(
    ['function', 'limit'].map((name) => one.asked[0]!.query.get(name)),
    ['shop$web', '5'],
  )
})

test('an analysis is a table, and says when it is not of everything', async (t) => {
  const answer = {
    columns: ['functionName', 'n'],
    rows: [
      ['web', 3],
      [null, 0.5],
    ],
    scannedLines: 4,
    truncated: true,
  }
  const argv = ['--query', '"a|b" | SELECT functionName, count(*) AS n GROUP BY functionName']
  const { out, err, asked } = await run(t, () => ({ body: answer }), argv)
  assert.equal(out, 'FUNCTIONNAME\tN\nweb\t3\n-\t0.5\n')
  assert.match(err, /more than an analysis takes/)
  assert.equal(asked[0]!.query.get('descending'), null)
  const json = await run(t, () => ({ body: answer }), [...argv, '--json'])
  assert.deepEqual(JSON.parse(json.out), answer)
  const hits = await run(t, () => ({ body: { hits: [hit(1, 'a|b')] } }), ['--query', '"a|b"'])
  assert.match(hits.out, /a\|b/)
})

test('what is no query is shown with a mark under the place', async (t) => {
  const refused =
    (position: number): Handler =>
    () => ({
      status: 400,
      body: { ...(failure(400, 'InvalidArgument', 'query: expected a value').body as Json), Position: position },
    })
  const { code, err } = await run(t, refused(13), ['--query', 'level: error (', '--tail', '1'])
  assert.equal(code, 1)
  assert.match(err, /^ {2}level: error \(\n {2} {13}\^$/m)
  const wide = await run(t, refused(11), ['--query', 'first\n文字: (x)'])
  assert.match(wide.err, /^ {2}文字: \(x\)\n {2} {7}\^$/m)
  const json = await run(t, refused(13), ['--query', 'level: error (', '--json'])
  assert.equal((JSON.parse(json.out) as { error: { position: number } }).error.position, 13)
})

test('lines around a hit are shown once, and groups are told apart', async (t) => {
  const handler: Handler = ({ path, query }) => {
    if (path.endsWith('/search')) return { body: { hits: [hit(9, 'nine'), hit(3, 'three'), hit(2, 'two')] } }
    const at = Number(query.get('id'))
    return { body: { hits: [hit(at - 1, `before ${at}`), hit(at, `hit ${at}`), hit(at + 1, `after ${at}`)] } }
  }
  const { out, asked } = await run(t, handler, ['shop/web', '--query', 'e', '-C', '1'])
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ').slice(2).join(' ')),
    ['before 2', 'hit 2', 'after 2', 'after 3', '', 'before 9', 'hit 9', 'after 9'],
  )
  assert.deepEqual(
    ['before', 'after'].map((name) => asked.at(-1)!.query.get(name)),
    ['1', '1'],
  )
})

test('what a function printed cannot steer the terminal, and its colours end with the line', async (t) => {
  const hostile = '\u001B[31mred\u001B]0;title\u0007\u001B[2J\r\u202Egnp.exe'
  const shown = await run(t, () => ({ body: { hits: [hit(1, hostile)] } }), ['f', '--query', 'x'], true)
  const text = shown.out.slice(shown.out.indexOf('red'))
  assert.equal(text, String.raw`red\x1b]0;title\x07\x1b[2J\x0d\u202egnp.exe` + '\u001B[0m\n')
  const piped = await run(t, () => ({ body: { hits: [hit(1, hostile)] } }), ['f', '--query', 'x'])
  assert.ok(!piped.out.includes('\u001B'))
})

test('following a query shows what it found, and then what it finds', async (t) => {
  const stop = new AbortController()
  const { environment } = await fakePlatform(t, ({ path, query }, response) => {
    assert.equal(query.get('query'), 'level: error')
    if (path.endsWith('/search')) return { body: { hits: [hit(1, 'past')] } }
    response.write(`${JSON.stringify({ heartbeatMs: BASE_MS })}\n`)
    const { id: _, ...live } = hit(2, 'live')
    response.write(`${JSON.stringify(live)}\n`)
    return undefined
  })
  const terminal = fakeTerminal({ environment, signal: stop.signal })
  const ended = sluice(['logs', '--query', 'level: error', '-f'], terminal)
  await terminal.stdout.has(/live/)
  stop.abort()
  const { code, out } = await ended
  assert.equal(code, 0)
  assert.match(out, /shop\/web past\n.*shop\/web live\n$/)
})

test('ways of asking that do not go together are refused', async (t) => {
  for (const argv of [
    [],
    ['f', '--context', '2'],
    ['f', '--until', '1h'],
    ['f', '--query', 'x', '--request-id', 'r'],
    ['f', '--query', 'x', '--search', 'r'],
    ['f', '--query', 'x | SELECT 1', '--follow'],
    ['f', '--query', 'x', '--follow', '--context', '1'],
    ['f', '--query', 'x', '--context', 'some'],
  ]) {
    assert.equal((await run(t, () => ({ body: {} }), argv)).code, 2, argv.join(' '))
  }
})
