import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, sluice, type Received } from '../../test/support.ts'
import type { Json } from '../json.ts'

const MINUTE_MS = 60_000
const FROM_MS = Date.UTC(2030, 0, 1)
const point = (minute: number, value: number | null) => [FROM_MS + minute * MINUTE_MS, value]
const SERIES = [
  {
    metric: 'FunctionTotalInvocations',
    unit: 'count',
    stepMs: MINUTE_MS,
    points: [point(0, 0), point(1, 8), point(2, 4)],
  },
  {
    metric: 'FunctionP99Duration',
    unit: 'ms',
    stepMs: MINUTE_MS,
    points: [point(0, null), point(1, 7.5), point(2, 1500)],
  },
]

async function run(t: TestContext, body: Json, ...argv: string[]) {
  const asked: Received[] = []
  const { environment } = await fakePlatform(t, (request) => {
    asked.push(request)
    return { body }
  })
  return { ...(await sluice(['metrics', ...argv], fakeTerminal({ environment }))), asked }
}

test('metrics of a function are told with their course, counts with their sum', async (t) => {
  const { out, asked } = await run(t, { series: SERIES }, 'shop/web', '--from', '2030-01-01', '--to', '2030-01-02')
  assert.equal(
    out,
    'METRIC\tLAST\tLEAST\tMOST\tTOTAL\tTREND\n' +
      'FunctionTotalInvocations\t4\t0\t8\t12\t▁█▅\n' +
      'FunctionP99Duration\t1.5 s\t7.5 ms\t1.5 s\t-\t ▁█\n',
  )
  const query = Object.fromEntries(asked[0]!.query)
  assert.equal(query['function'], 'shop$web')
  assert.match(query['metric']!, /^FunctionTotalInvocations,.*FunctionP99Duration/)
  assert.deepEqual(
    [query['from'], query['to'], query['step']],
    [String(FROM_MS), String(FROM_MS + 86_400_000), String(24 * MINUTE_MS)],
  )
})

test('metrics are of everything, a service or an instance, as many as are named, and each value with its time', async (t) => {
  const all = await run(t, { series: [] })
  assert.match(all.asked[0]!.query.get('metric')!, /^RegionTotalInvocations,/)
  assert.equal(all.asked[0]!.query.get('function'), null)
  const service = await run(t, { series: [] }, '--service', 'shop')
  assert.match(service.asked[0]!.query.get('metric')!, /^ServiceTotalInvocations,/)
  const named = await run(
    t,
    { series: SERIES },
    'web',
    '--metric',
    'A,B',
    '--step',
    '1s',
    '--instance',
    'c-1',
    '--points',
  )
  assert.deepEqual(
    ['metric', 'step', 'instance'].map((name) => named.asked[0]!.query.get(name)),
    ['A,B', '1000', 'c-1'],
  )
  assert.equal(
    named.out,
    'TIME\tFUNCTIONTOTALINVOCATIONS\tFUNCTIONP99DURATION\n' +
      '2030-01-01T00:00:00.000Z\t0\t-\n' +
      '2030-01-01T00:01:00.000Z\t8\t7.5 ms\n' +
      '2030-01-01T00:02:00.000Z\t4\t1.5 s\n',
  )
  const json = await run(t, { series: SERIES }, 'web', '--json')
  assert.deepEqual(JSON.parse(json.out), SERIES)
})

test('every metric can be listed', async (t) => {
  const info = { name: 'RegionColdStarts', level: 'region', unit: 'count', statistic: 'sum', description: 'cold' }
  const { out, asked } = await run(t, { metrics: [info] }, '--list')
  assert.equal(asked[0]!.path, '/sluice/v1/metrics')
  assert.equal(out, 'NAME\tLEVEL\tUNIT\tSTATISTIC\tDESCRIPTION\nRegionColdStarts\tregion\tcount\tsum\tcold\n')
})

test('a period that cannot be, and a step that is none, are wrong usage', async (t) => {
  for (const argv of [
    ['--from', 'yesterday'],
    ['--from', '1h', '--to', '2h'],
    ['--step', '0s'],
    ['web', '--service', 'shop'],
  ]) {
    assert.equal((await run(t, { series: [] }, ...argv)).code, 2, argv.join(' '))
  }
})
