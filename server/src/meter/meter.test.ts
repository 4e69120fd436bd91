import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { systemClock, systemRandom, type Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { segmentName } from './journal.ts'
import { openMeter } from './meter.ts'
import { NO_RUN, type UsageRow } from './port.ts'
import { ran, temporaryDirectory, versionOf } from './test-support.ts'
import { ROWS_MAX } from './usage-store.ts'

const T0 = Date.UTC(2030, 0, 1, 12)
const QUERY = { fromDay: '2000-01-01', toDay: '2099-12-31' }

/** Its time of day is set by the test; its timers are real. */
function wallClock(): Clock & { set(ms: number): void } {
  let nowMs = T0
  return { ...systemClock, nowMs: () => nowMs, set: (ms) => void (nowMs = ms) }
}

function open(t: TestContext, directory = temporaryDirectory(t), clock: Clock = wallClock()) {
  const notices: string[] = []
  const file = join(directory, 'usage.db')
  const deps = { clock, random: systemRandom, notify: (message: string) => notices.push(message) }
  const meter = openMeter(directory, { kind: 'sqlite', file }, deps)
  t.after(() => meter.close())
  return { meter, notices, directory, file }
}

const f = versionOf('f', { cpu: 0.35, memoryMB: 1024, diskMB: 1536 })

test('what is recorded is in the answer to the next question', async (t) => {
  const { meter } = open(t)
  const run = meter.beginInvocation(f)
  meter.recordInvocation(ran(T0, 1500, 2048), f, run)
  meter.recordHook(ran(T0, 500), f)
  meter.recordIdle({ version: f, fromMs: T0, toMs: T0 + 4000, isCpuAllocated: false })
  meter.recordIdle({ version: f, fromMs: T0, toMs: T0 + 1000, isCpuAllocated: true })
  assert.deepEqual(await meter.usage(QUERY), [
    {
      ...{ functionKey: 'f', versionId: 'LATEST', day: '2030-01-01' },
      invocations: 1,
      activeVcpuSeconds: 1.05,
      idleVcpuSeconds: 1.4,
      activeMemoryGigabyteSeconds: 2,
      idleMemoryGigabyteSeconds: 5,
      diskGigabyteSeconds: 7,
      internetOutBytes: 2048,
    },
  ] satisfies UsageRow[])
})

test('more rows than an answer may have are refused, with what to ask for instead', async (t) => {
  const { meter, file } = open(t)
  meter.recordHook(ran(T0, 500), f)
  await meter.usage(QUERY)
  const database = new DatabaseSync(file)
  database.exec(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS_MAX})
    insert into meter_usage select '2030-01-02', 'g' || i, 'LATEST', 1, 1, 1, 1, 1, 1, 1 from n`)
  database.close()
  await assert.rejects(meter.usage(QUERY), {
    code: 'InvalidArgument',
    message: /ask for fewer days, or for one function/,
  })
  assert.equal((await meter.usage({ ...QUERY, toDay: '2030-01-01' })).length, 1)
  assert.equal((await meter.usage({ ...QUERY, fromDay: '2030-01-02' })).length, ROWS_MAX)
})

test('where no code ran nothing is recorded, and no thread or database is made', async (t) => {
  const { meter, file } = open(t)
  meter.recordInvocation(ran(T0, 0, 300), f, NO_RUN)
  meter.recordIdle({ version: f, fromMs: T0, toMs: T0, isCpuAllocated: false })
  assert.deepEqual(await meter.usage(QUERY), [])
  await meter.close()
  assert.equal(existsSync(file), false)
})

test('an invocation counts for the day on which its function got it', async (t) => {
  const clock = wallClock()
  const { meter } = open(t, temporaryDirectory(t), clock)
  const midnight = Date.UTC(2030, 0, 2)
  clock.set(midnight - 1)
  const run = meter.beginInvocation(f)
  clock.set(midnight + 5000)
  // Its time by the record is a ms later, on the next day.
  meter.recordInvocation(ran(midnight, 5000, 1), f, run)
  const rows = await meter.usage(QUERY)
  assert.deepEqual(
    rows.map(({ day, invocations, activeMemoryGigabyteSeconds }) => [day, invocations, activeMemoryGigabyteSeconds]),
    [['2030-01-01', 1, 5]],
  )
})

test('the peak of a day is the most at work at the same time', async (t) => {
  const clock = wallClock()
  const { meter } = open(t, temporaryDirectory(t), clock)
  const g = versionOf('g', { cpu: 1, memoryMB: 512 })
  meter.observeBusy(f, 1)
  meter.observeBusy(g, 1)
  meter.observeBusy(f, -1)
  meter.observeBusy(g, 1)
  meter.observeBusy(g, -1)
  clock.set(Date.UTC(2030, 0, 2))
  meter.observeBusy(f, 1)
  meter.observeBusy(f, -1)
  meter.observeBusy(g, -1)
  const { peaks } = await meter.sums({ daysFrom: QUERY.fromDay, ...QUERY })
  assert.deepEqual(peaks, [
    { day: '2030-01-01', memoryMB: 1536, milliVcpu: 2000 },
    { day: '2030-01-02', memoryMB: 1536, milliVcpu: 1350 },
  ])
})

test('another process goes on with what was metered before', async (t) => {
  const { meter, directory } = open(t)
  const run = meter.beginInvocation(f)
  meter.recordInvocation(ran(T0, 1000), f, run)
  await meter.close()
  const { meter: next } = open(t, directory)
  const again = next.beginInvocation(f)
  next.recordInvocation(ran(T0, 1000), f, again)
  const [row] = await next.usage(QUERY)
  assert.deepEqual([row?.invocations, row?.activeMemoryGigabyteSeconds], [2, 2])
})

test('what cannot be read of the journal, or computed with, is told to the operator', async (t) => {
  const { meter, directory, notices } = open(t)
  meter.recordHook(ran(T0, 500), f)
  meter.recordHook(ran(T0, Number.NaN), f)
  assert.equal((await meter.usage(QUERY))[0]?.activeMemoryGigabyteSeconds, 0.5)
  await meter.close()
  assert.deepEqual(notices, [
    "1 entries of the meter's journal have numbers that are none: what they noted is not counted",
  ])
  writeFileSync(join(directory, segmentName(2)), Buffer.alloc(100, 1))
  const { meter: next, notices: later } = open(t, directory)
  next.recordHook(ran(T0, 500), f)
  assert.equal((await next.usage(QUERY))[0]?.activeMemoryGigabyteSeconds, 1)
  await next.close()
  assert.deepEqual(later, [
    "100 bytes of the meter's journal are damaged or were cut short: what they noted is not counted",
  ])
})

test('a database that cannot be used is told to who asks, and what was recorded is kept until it can', async (t) => {
  const directory = temporaryDirectory(t)
  const unreachable = { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' } as const
  const deps = { clock: wallClock(), random: systemRandom, notify() {} }
  const failing = openMeter(directory, unreachable, deps)
  const run = failing.beginInvocation(f)
  failing.recordInvocation(ran(T0, 1000), f, run)
  await assert.rejects(
    failing.usage(QUERY),
    (error) => error instanceof FcError && error.code === 'ServiceUnavailable' && /usage database/.test(error.message),
  )
  await failing.close()
  const { meter } = open(t, directory)
  assert.equal((await meter.usage(QUERY))[0]?.invocations, 1)
})

const COUNT = 200_000
const PER_TURN = 20
/** Of a whole invocation: begin, end, and its part of the writes. An order of magnitude above what was measured. */
const MICROSECONDS_MAX = 15

test('metering costs the event loop about a microsecond an invocation', async (t) => {
  const { meter, notices } = open(t, temporaryDirectory(t), systemClock)
  const record = ran(systemClock.nowMs(), 5, 100)
  const versions = Array.from({ length: 100 }, (_, index) => versionOf(`f${index}`))
  const { user, system } = await loopCpu(async () => {
    for (let done = 0; done < COUNT; done += PER_TURN) {
      for (let i = 0; i < PER_TURN; i++) {
        const version = versions[(done + i) % versions.length]!
        meter.observeBusy(version, 1)
        const run = meter.beginInvocation(version)
        meter.recordInvocation(record, version, run)
        meter.observeBusy(version, -1)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const each = (user + system) / COUNT
  t.diagnostic(`one invocation: ${each.toFixed(2)} µs on the event loop, ${PER_TURN} in a turn (turn included)`)
  assert.ok(each < MICROSECONDS_MAX)
  const rows = await meter.usage(QUERY)
  assert.equal(
    rows.reduce((sum, { invocations }) => sum + invocations, 0),
    COUNT,
  )
  assert.deepEqual(notices, [])
})

async function loopCpu(work: () => Promise<void>): Promise<NodeJS.CpuUsage> {
  const before = process.threadCpuUsage()
  await work()
  return process.threadCpuUsage(before)
}
