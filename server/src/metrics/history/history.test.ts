import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CATALOGUE } from './catalogue.ts'
import { POINTS_MAX } from './read-query.ts'
import { carry } from './series-of.ts'
import { directThread, makeWorld, MINUTE_MS, START_MS, valuesOf } from './test-support.ts'

const SECOND_MS = 1000
const DAY_MS = 24 * 60 * MINUTE_MS
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('calls are told by the second, by function, service and altogether', async () => {
  const world = makeWorld()
  world.call('shop$order', 3)
  world.call('hello')
  world.clock.advance(SECOND_MS)
  world.call('shop$pay', 2)
  const period = { fromMs: START_MS, toMs: START_MS + 2 * SECOND_MS, stepMs: SECOND_MS }
  assert.deepEqual(await valuesOf(world, 'RegionTotalInvocations', period), [4, 2])
  assert.deepEqual(await valuesOf(world, 'ServiceTotalInvocations', { ...period, service: 'shop' }), [3, 2])
  const order = { ...period, functionKey: 'shop$order' }
  assert.deepEqual(await valuesOf(world, 'FunctionTotalInvocations', order), [3, 0])
  assert.deepEqual(await valuesOf(world, 'FunctionAvgDuration', order), [2.5, null])
})

test('calls are told by the minute, of the minute that goes on, too', async () => {
  const world = makeWorld()
  world.call('f', 2)
  world.clock.advance(MINUTE_MS)
  world.call('f', 5)
  const period = { fromMs: START_MS - MINUTE_MS, toMs: START_MS + 2 * MINUTE_MS, stepMs: MINUTE_MS, functionKey: 'f' }
  assert.deepEqual(await valuesOf(world, 'FunctionTotalInvocations', period), [0, 2, 5])
  const whole = { ...period, stepMs: 3 * MINUTE_MS }
  assert.deepEqual(await valuesOf(world, 'FunctionTotalInvocations', whole), [7])
})

test('steps count from the beginning of the period, and what is to come has no points', async () => {
  const world = makeWorld()
  world.clock.advance(10 * MINUTE_MS)
  world.call('f', 4)
  world.clock.advance(3 * MINUTE_MS)
  const period = { fromMs: START_MS + 7 * MINUTE_MS, toMs: START_MS + 50 * MINUTE_MS, stepMs: 5 * MINUTE_MS }
  const { points } = await world.history.query({ metric: 'RegionTotalInvocations', ...period })
  assert.deepEqual(points, [
    { timeMs: START_MS + 7 * MINUTE_MS, value: 4 },
    { timeMs: START_MS + 12 * MINUTE_MS, value: 0 },
  ])
})

test('percentiles of an hour come of all its calls', async () => {
  const world = makeWorld()
  for (let minute = 0; minute < 60; minute++) {
    world.call('f', 9, { durationMs: 10 })
    world.call('f', 1, { durationMs: 1000 })
    world.clock.advance(MINUTE_MS)
  }
  const hour = { fromMs: START_MS, toMs: START_MS + 60 * MINUTE_MS, stepMs: 60 * MINUTE_MS }
  const [p50] = await valuesOf(world, 'RegionP50Duration', hour)
  const [p99] = await valuesOf(world, 'RegionP99Duration', hour)
  assert.ok(Math.abs(p50! - 10) < 0.5 && Math.abs(p99! - 1000) < 50, `${p50} ${p99}`)
  assert.deepEqual(await valuesOf(world, 'RegionMaxDuration', hour), [1000])
})

test('a month later days are still known, and after it they are not', async () => {
  const world = makeWorld()
  world.call('f', 7)
  world.clock.jump(30 * DAY_MS)
  world.clock.advance(MINUTE_MS)
  const day = { fromMs: START_MS, toMs: START_MS + DAY_MS, stepMs: DAY_MS }
  assert.deepEqual(await valuesOf(world, 'RegionTotalInvocations', day), [7])
  world.clock.jump(3 * DAY_MS)
  world.clock.advance(MINUTE_MS)
  await nextTurn()
  assert.deepEqual(await valuesOf(world, 'RegionTotalInvocations', day), [null])
  assert.equal(world.thread.database.prepare('SELECT count(*) AS rows FROM tallies').get()!['rows'], 0)
  assert.equal(world.thread.database.prepare('SELECT count(*) AS rows FROM subjects').get()!['rows'], 0)
})

test('after a restart within a minute the minute has both parts', async () => {
  const thread = directThread()
  const before = makeWorld({ thread })
  before.call('f', 3)
  await before.history.close()
  const after = makeWorld({ thread, clock: before.clock, writer: 'other' })
  after.call('f', 2)
  const minute = { fromMs: START_MS, toMs: START_MS + MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(after, 'RegionTotalInvocations', minute), [5])
  await after.history.close()
  const later = makeWorld({ thread, clock: before.clock, writer: 'third' })
  assert.deepEqual(await valuesOf(later, 'RegionTotalInvocations', minute), [5])
})

test('one that is killed has lost the minute that went on, and no other', async () => {
  const thread = directThread()
  const killed = makeWorld({ thread })
  killed.call('f', 3)
  killed.clock.advance(MINUTE_MS)
  killed.call('f', 2)
  const after = makeWorld({ thread, clock: killed.clock, writer: 'other' })
  const period = { fromMs: START_MS, toMs: START_MS + 2 * MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(after, 'RegionTotalInvocations', period), [3, 0])
})

test('minutes wait for a database that cannot be written, in order, and the operator hears of it once', async () => {
  const world = makeWorld()
  world.thread.state.fail = 'the disk is full'
  for (let minute = 0; minute < 3; minute++) {
    world.call('f', minute + 1)
    world.clock.advance(MINUTE_MS)
    await nextTurn()
  }
  assert.deepEqual(world.notices, ['metrics are not stored now: the disk is full'])
  world.thread.state.fail = null
  world.call('f', 4)
  world.clock.advance(MINUTE_MS)
  await nextTurn()
  const period = { fromMs: START_MS, toMs: START_MS + 4 * MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(world, 'RegionTotalInvocations', period), [1, 2, 3, 4])
})

test('functions beyond the bound are counted together, and the total is whole', async () => {
  const world = makeWorld({ subjectsMax: 10 })
  for (let i = 0; i < 30; i++) world.call(`f${i}`)
  const { functions, total } = await world.history.summary({ fromMs: START_MS, toMs: START_MS + MINUTE_MS })
  assert.equal(total.invocations, 30)
  assert.equal(functions.length, 11)
  assert.deepEqual([functions[0]!.functionKey, functions[0]!.invocations], ['*', 20])
})

test('seconds in memory are bounded, and a question beyond them says since when they are known', async () => {
  const world = makeWorld({ secondsBytesMax: 2000 })
  for (let second = 0; second < 200; second++) {
    world.call(`f${second}`)
    world.clock.advance(SECOND_MS)
  }
  const ask = (fromMs: number) =>
    world.history.query({ metric: 'RegionTotalInvocations', fromMs, toMs: fromMs + 1000, stepMs: 1000 })
  await assert.rejects(ask(START_MS), { code: 'InvalidArgument', message: /^step: seconds are known since \d+/ })
  assert.equal((await ask(world.history.secondsFromMs)).points.length, 1)
  const { points } = await ask(world.clock.nowMs() - 5000)
  assert.equal(points[0]!.value, 1)
})

test('functions that do nothing cost nothing: no row, no question to the database', async () => {
  const world = makeWorld()
  world.history.addGauges(() => [{ metric: 'RegionConcurrencyLimit', value: 100 }])
  world.clock.advance(2 * 60 * MINUTE_MS)
  assert.deepEqual(world.thread.state.asks, [])
})

test('gauges of functions are added up for their service and for everything', async () => {
  const world = makeWorld()
  world.history.addGauges(() => [
    { metric: 'FunctionConcurrentCount', functionKey: 'shop$order', value: 2 },
    { metric: 'FunctionConcurrentCount', functionKey: 'shop$order', value: 1 },
    { metric: 'FunctionConcurrentCount', functionKey: 'shop$pay', value: 4 },
    { metric: 'FunctionConcurrentCount', functionKey: 'hello', value: 5 },
    { metric: 'RegionMonthCost', value: 1.25 },
  ])
  const now = { fromMs: START_MS, toMs: START_MS + MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(world, 'RegionConcurrentCount', now), [12])
  assert.deepEqual(await valuesOf(world, 'ServiceConcurrentCount', { ...now, service: 'shop' }), [7])
  assert.deepEqual(await valuesOf(world, 'FunctionConcurrentCount', { ...now, functionKey: 'shop$order' }), [3])
  assert.deepEqual(await valuesOf(world, 'RegionMonthCost', now), [1.25])
  world.clock.advance(2 * MINUTE_MS)
  const stored = { fromMs: START_MS, toMs: START_MS + 2 * MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(world, 'RegionConcurrentCount', stored), [12, 12])
})

test('a function of which nothing was read had no instances; a reading stands until the next, for 10 seconds', async () => {
  const world = makeWorld()
  let running = 2
  world.history.addGauges(() =>
    running === 0 ? [] : [{ metric: 'FunctionOndemandActiveInstance', functionKey: 'f', value: running }],
  )
  const following = world.history.follow(() => {})
  world.clock.advance(2 * SECOND_MS)
  running = 0
  world.clock.advance(SECOND_MS)
  following.stop()
  const of = { stepMs: SECOND_MS, functionKey: 'f' }
  const period = { fromMs: START_MS, toMs: START_MS + 4 * SECOND_MS, ...of }
  assert.deepEqual(await valuesOf(world, 'FunctionOndemandActiveInstance', period), [null, 2, 2, 0])
  running = 3
  world.clock.advance(7 * SECOND_MS)
  const later = { fromMs: START_MS + 8 * SECOND_MS, toMs: START_MS + 11 * SECOND_MS, ...of }
  assert.deepEqual(await valuesOf(world, 'FunctionOndemandActiveInstance', later), [0, 0, 3])
})

test('a reading that does not come any more is not told for ever', () => {
  const points = [5, null, null, null, 0, null].map((value, timeMs) => ({ timeMs, value }))
  assert.deepEqual(
    carry(points, 2).map(({ value }) => value),
    [5, 5, 5, null, 0, 0],
  )
})

test('instances have metrics of their own where they are read', async () => {
  const world = makeWorld()
  let cpuCores = 0.1
  world.history.addInstances(() => [
    { instanceId: 'c-1', inFlight: 3, cpuCores, cpuQuotaCores: 0.5, usedMemoryMB: 64, memoryMB: 256 },
    { instanceId: 'c-2', inFlight: 0, cpuCores: null, cpuQuotaCores: 1, usedMemoryMB: null, memoryMB: 256 },
  ])
  world.clock.advance(10_000)
  cpuCores = 0.3
  world.clock.advance(10_000)
  world.clock.advance(5000)
  const at = { fromMs: START_MS, toMs: START_MS + MINUTE_MS, stepMs: MINUTE_MS, instanceId: 'c-1' }
  // The question itself is a third reading.
  assert.deepEqual(await valuesOf(world, 'MaxvCPUCores', at), [0.3])
  const [utilization] = await valuesOf(world, 'AvgvCPUUtilization', at)
  assert.ok(Math.abs(utilization! - (0.7 / 3 / 0.5) * 100) < 0.01)
  assert.deepEqual(await valuesOf(world, 'MaxMemoryUtilization', at), [25])
  assert.deepEqual(await valuesOf(world, 'MaxConcurrentRequests', at), [3])
  assert.deepEqual(await valuesOf(world, 'MaxConcurrentRequests', { ...at, instanceId: 'c-2' }), [null])
  world.clock.advance(MINUTE_MS)
  assert.deepEqual(await valuesOf(world, 'vCPUQuotaCores', at), [0.5])
})

test('asynchronous invocations are counted with the time until they start', async () => {
  const world = makeWorld()
  world.history.observeAsync('f', 'enqueued')
  world.history.observeAsync('f', 'enqueued')
  world.history.observeAsync('f', 'started', 4)
  world.history.observeAsync('f', 'started', 8)
  world.history.observeAsync('f', 'destinationFailed')
  const now = { fromMs: START_MS, toMs: START_MS + MINUTE_MS, stepMs: MINUTE_MS, functionKey: 'f' }
  assert.deepEqual(await valuesOf(world, 'FunctionEnqueueCount', now), [2])
  assert.deepEqual(await valuesOf(world, 'FunctionAsyncMessageLatencyAvg', now), [6])
  assert.deepEqual(await valuesOf(world, 'FunctionAsyncMessageLatencyMax', now), [8])
  assert.deepEqual(await valuesOf(world, 'FunctionDestinationErrors', now), [1])
})

test('who follows hears of each second when it is over, in order, and nothing ticks each second before and after', () => {
  const world = makeWorld()
  let readings = 0
  world.history.addGauges(() => {
    readings++
    return []
  })
  world.clock.advance(60_000)
  assert.equal(readings, 6)
  const heard: number[] = []
  const following = world.history.follow((timeMs) => heard.push(timeMs))
  world.clock.advance(3000)
  following.stop()
  world.clock.advance(57_000)
  const followedMs = START_MS + MINUTE_MS
  assert.deepEqual(heard, [followedMs, followedMs + 1000, followedMs + 2000])
  assert.equal(readings, 6 + 3 + 6)
})

test('a summary is exact to the second for what was just now, and to the minute for what was before', async () => {
  const world = makeWorld()
  world.clock.advance(10_500)
  world.call('early', 1)
  world.clock.advance(30_000)
  world.call('late', 2, { durationMs: 8, billedMs: 8, memoryMB: 1024 })
  world.clock.advance(MINUTE_MS)
  world.call('late', 4)
  const until = world.clock.nowMs() + 1
  const namesOf = async (fromMs: number, toMs: number) =>
    (await world.history.summary({ fromMs, toMs })).functions.map((one) => [one.functionKey, one.invocations])
  assert.deepEqual(await namesOf(START_MS, until), [
    ['late', 6],
    ['early', 1],
  ])
  assert.deepEqual(await namesOf(START_MS + 20_000, until), [['late', 6]])
  assert.deepEqual(await namesOf(START_MS + MINUTE_MS + 1000, until), [['late', 4]])
  assert.deepEqual(await namesOf(START_MS + 20_000, START_MS + MINUTE_MS), [['late', 2]])
  const { functions } = await world.history.summary({ fromMs: START_MS + 20_000, toMs: START_MS + MINUTE_MS })
  assert.deepEqual([functions[0]!.averageMs, functions[0]!.billedMs, functions[0]!.gigabyteSeconds], [8, 16, 0.016])
  world.clock.advance(60 * MINUTE_MS)
  assert.deepEqual(await namesOf(START_MS + 20_000, START_MS + 2 * MINUTE_MS), [
    ['late', 6],
    ['early', 1],
  ])
})

test('the same minutes make the same summary in any number of parts', async () => {
  const world = makeWorld()
  for (let minute = 0; minute < 100; minute++) {
    world.call(`f${minute % 3}`, minute)
    world.clock.advance(MINUTE_MS)
  }
  const of = async (from: number, to: number) =>
    (await world.history.summary({ fromMs: START_MS + from * MINUTE_MS, toMs: START_MS + to * MINUTE_MS })).total
      .invocations
  assert.equal(await of(0, 100), 4950)
  for (const middle of [1, 7, 59, 60, 61, 99]) assert.equal((await of(0, middle)) + (await of(middle, 100)), 4950)
})

test('a clock that is set back loses no call of a minute', async () => {
  const world = makeWorld()
  world.clock.advance(3 * MINUTE_MS)
  world.call('f', 2)
  world.clock.jump(-2 * MINUTE_MS)
  world.call('f', 3)
  world.clock.advance(4 * MINUTE_MS)
  const period = { fromMs: START_MS, toMs: START_MS + 4 * MINUTE_MS, stepMs: MINUTE_MS }
  assert.deepEqual(await valuesOf(world, 'RegionTotalInvocations', period), [0, 3, 0, 2])
})

const REFUSALS: [title: string, changes: object, message: RegExp][] = [
  ['a metric that there is not', { metric: 'Nope' }, /^metric: there is no metric 'Nope'/],
  ['a function that is missing', { metric: 'FunctionTotalInvocations' }, /^function is required: Function/],
  ['a service that is missing', { metric: 'ServiceTotalInvocations' }, /^service is required/],
  ['an instance that is missing', { metric: 'MaxvCPUCores' }, /^instance is required/],
  ['a step of minutes and a half', { stepMs: 90_000 }, /^step must be a multiple of 60000 ms/],
  ['a step of parts of seconds', { stepMs: 1500 }, /^step must be a multiple of 60000 ms/],
  ['a step of nothing', { stepMs: 0 }, /^step must be a multiple of 60000 ms/],
  ['an end before the beginning', { fromMs: START_MS, toMs: START_MS - 1 }, /^from \(\d+\) must be before to/],
  ['a period of no length', { fromMs: START_MS, toMs: START_MS }, /^from \(\d+\) must be before to/],
  ['a time that is none', { fromMs: Number.NaN }, /^from must be a time in milliseconds since 1970, not NaN/],
  ['seconds of yesterday', { stepMs: 1000, fromMs: START_MS - DAY_MS }, /^step: seconds are known since/],
  [
    'too many points',
    { fromMs: START_MS - (POINTS_MAX + 1) * MINUTE_MS },
    /^step: \d+ points are more than 5000; give a step of at least 120000 ms/,
  ],
]

for (const [title, changes, message] of REFUSALS) {
  test(`${title} is refused with what is accepted`, async () => {
    const { history, clock } = makeWorld()
    clock.advance(MINUTE_MS)
    const query = {
      ...{ metric: 'RegionTotalInvocations', fromMs: START_MS, toMs: START_MS + MINUTE_MS, stepMs: MINUTE_MS },
      ...changes,
    }
    await assert.rejects(history.query(query), { code: 'InvalidArgument', message })
  })
}

test('a source that names no gauge is a defect that is told', async () => {
  const world = makeWorld()
  world.history.addGauges(() => [{ metric: 'RegionTotalInvocations', value: 1 }])
  await assert.rejects(
    valuesOf(world, 'RegionConcurrentCount', { fromMs: START_MS, toMs: START_MS + 1000, stepMs: 1000 }),
    /RegionTotalInvocations is no metric that is read/,
  )
})

test('the catalogue has the names of the reference, each once', () => {
  const names = CATALOGUE.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const expected = `RegionTotalInvocations RegionServerErrors RegionClientErrors RegionFunctionErrors RegionThrottles
    RegionResourceThrottles RegionConcurrencyLimit RegionConcurrentCount RegionProvisionedCurrentInstance
    FunctionTotalInvocations FunctionHTTPStatus2xx FunctionHTTPStatus3xx FunctionHTTPStatus4xx FunctionHTTPStatus5xx
    FunctionServerErrors FunctionClientErrors FunctionFunctionErrors FunctionErrors FunctionConcurrencyThrottles
    FunctionResourceThrottles FunctionOndemandInstanceQuota FunctionOndemandActiveInstance
    FunctionProvisionedCurrentInstance FunctionAvgDuration FunctionP90Duration FunctionP99Duration FunctionMaxDuration
    FunctionLatencyAvg FunctionMaxMemoryUsage FunctionMemoryLimitMB FunctionEnqueueCount FunctionDequeueCount
    FunctionAsyncMessageLatencyAvg FunctionAsyncMessageLatencyMax FunctionAsyncEventExpiredDropped
    FunctionDestinationErrors FunctionDestinationSucceeded FunctionAsyncMessagesBacklogV2
    FunctionAsyncMessagesInProcess MaxConcurrentRequests AvgConcurrentRequests vCPUQuotaCores MaxvCPUCores AvgvCPUCores
    MaxvCPUUtilization AvgvCPUUtilization MaxMemoryUsageMB AvgMemoryUsageMB MaxMemoryUtilization AvgMemoryUtilization
    FunctionBillableInvocations ServiceTotalInvocations RegionMonthCost RegionMonthForecast`.split(/\s+/)
  assert.deepEqual(
    expected.filter((name) => !names.includes(name)),
    [],
  )
})

test('the guide tells every metric', () => {
  const guide = readFileSync(new URL('../../../../docs/guide/metrics.md', import.meta.url), 'utf8')
  const rows = guide.split('\n').filter((line) => line.startsWith('| `'))
  const missing = CATALOGUE.filter(({ name, level, description }) => {
    const told = level === 'instance' ? name : name.replace(/^(Region|Service|Function)/, '')
    return !rows.some((row) => row.startsWith(`| \`${told}\` |`) && row.includes(` ${description} |`))
  })
  assert.deepEqual(missing, [])
})
