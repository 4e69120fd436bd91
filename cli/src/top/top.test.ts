import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, failure, sluice, type Answer } from '../../test/support.ts'
import { createOutput } from '../output.ts'
import { press } from './keys.ts'
import { columns, FIRST_VIEW, render, sorted } from './screen.ts'
import { combine } from './snapshot.ts'

const summaryOf = (functionKey: string, invocations: number, more: object = {}) => ({
  functionKey,
  invocations,
  functionErrors: 0,
  serverErrors: 0,
  clientErrors: 0,
  throttles: 0,
  p50Ms: 2.5,
  p99Ms: 40,
  ...more,
})
const SUMMARY = {
  functions: [summaryOf('shop$web', 100, { functionErrors: 3, throttles: 2 }), summaryOf('job', 5)],
  total: summaryOf('', 105, { functionErrors: 3, throttles: 2 }),
}
const RUNNING = {
  host: { memoryMB: 8192, usedMB: 1024, cpus: 2, instancesMax: 100, sandbox: 'oci' },
  instances: [
    { functionKey: 'shop$web', inFlight: 2 },
    { functionKey: 'shop$web', inFlight: 1 },
    { functionKey: 'idle', inFlight: 0 },
  ],
  stems: [{ kind: 'nodejs', waiting: 3, booting: 1 }],
}
const BILL = {
  currency: 'CNY',
  total: 12.5,
  forecast: { amount: 30, method: 'mean' },
  groups: [{ name: 'shop$web', amount: 12.5, usage: {} }],
}
const COSTS = { currency: 'CNY', total: 12.5, forecast: 30, functions: new Map([['shop$web', 12.5]]) }
const snapshot = combine(SUMMARY, RUNNING, { timeMs: Date.UTC(2030, 0, 1, 12), windowMs: 10_000, costs: COSTS })
const plain = createOutput(fakeTerminal(), { json: false, color: false })
const screen = (size = { columns: 120, rows: 24 }, problem: string | null = null, view = FIRST_VIEW) =>
  render(snapshot, view, size, problem, plain)

test('functions that did something or have instances are shown, the busiest first, with the host and the sums', () => {
  assert.deepEqual(screen(), [
    'sluice top   12:00:00 UTC, the last 10 s',
    'host   oci, 2 cores   memory ███░░░░░░░░░░░░░░░░░ 1.0 GB of 8.0 GB   3 of 100 instances, 3 prepared',
    'all    10.5 calls/s, 4.76 % failed   p50 2.5 ms, p99 40 ms   this month 12.50 CNY, 30.00 CNY at its end',
    '',
    'FUNCTION   CALLS/S▼   ERRORS     P50    P99   INSTANCES   RUNNING   THIS MONTH',
    'shop/web         10      5 %  2.5 ms  40 ms           2         3    12.50 CNY',
    'job             0.5      0 %  2.5 ms  40 ms           0         0     0.00 CNY',
    'idle              0        -       -      -           1         0     0.00 CNY',
    '←→ sort by   ↑↓ order   q quit',
  ])
})

test('the screen fits the terminal, says what is left out, and why it is old', () => {
  const small = screen({ columns: 30, rows: 8 }, 'no answer\u001B[2J from the platform')
  assert.equal(small.length, 8)
  assert.ok(small.every((line) => line.length <= 30))
  assert.deepEqual(small.slice(-3), [
    'shop/web         10      5 %  ',
    '… and 2 more',
    String.raw`no answer\x1b[2J from the plat`,
  ])
  for (const rows of [1, 3, 6]) assert.ok(screen({ columns: 10, rows }).length <= rows)
})

test('arrows choose what is sorted by and how, q and Ctrl-C leave, and the rest does nothing', () => {
  const by = (input: string) => press(FIRST_VIEW, input)
  assert.deepEqual(by('\u001B[C\u001BOC'), { sortBy: 3, isDescending: true })
  assert.deepEqual(by('\u001B[D\u001B[D'), { sortBy: columns.length - 1, isDescending: true })
  assert.deepEqual(by('\u001B[A'), { sortBy: 1, isDescending: false })
  assert.deepEqual(by('x\u001B[3~é'), FIRST_VIEW)
  for (const leave of ['q', 'Q', '\u0003', '\u001B', '\u001B[Cq']) assert.equal(by(leave), null)
  const names = (sortBy: number, isDescending: boolean) =>
    sorted(snapshot.functions, { sortBy, isDescending }).map(({ name }) => name)
  assert.deepEqual(names(0, false), ['idle', 'job', 'shop/web'])
  assert.deepEqual(names(2, true), ['shop/web', 'job', 'idle'])
  assert.deepEqual(names(2, false), ['idle', 'job', 'shop/web'])
})

const answers: Record<string, Answer> = {
  '/sluice/v1/metrics/summary': { body: SUMMARY },
  '/sluice/v1/instances': { body: RUNNING },
  '/sluice/v1/bill': { body: BILL },
}

test('in a pipe it is told once, and as JSON', async (t) => {
  const { environment } = await fakePlatform(t, ({ path }) => answers[path])
  const { out } = await sluice(['top'], fakeTerminal({ environment }))
  assert.equal(
    out,
    'FUNCTION\tCALLS/S\tERRORS\tP50\tP99\tINSTANCES\tRUNNING\tTHIS MONTH\n' +
      'shop/web\t10\t5 %\t2.5 ms\t40 ms\t2\t3\t12.50 CNY\n' +
      'job\t0.5\t0 %\t2.5 ms\t40 ms\t0\t0\t0.00 CNY\n' +
      'idle\t0\t-\t-\t-\t1\t0\t0.00 CNY\n',
  )
  const json = JSON.parse((await sluice(['top', '--json'], fakeTerminal({ environment }))).out) as typeof snapshot
  assert.equal(json.functions[0]!.perSecond, 10)
  assert.deepEqual(json.host, snapshot.host)
})

test('without a bill to see, there are no costs; without metrics, there is an error', async (t) => {
  const without = await fakePlatform(t, ({ path }) =>
    path.endsWith('bill') ? failure(403, 'AccessDenied', 'no') : answers[path],
  )
  const { out } = await sluice(['top'], fakeTerminal(without))
  assert.match(out, /^job\t0.5\t0 %\t2.5 ms\t40 ms\t0\t0\t-$/m)
  const denied = await fakePlatform(t, () => failure(403, 'AccessDenied', 'no'))
  assert.equal((await sluice(['top'], fakeTerminal({ ...denied, isTTY: true }))).code, 4)
})

/** A terminal with keys and a size, and a platform whose summary can be made to fail. */
async function live(t: TestContext) {
  let fails = false
  const { environment } = await fakePlatform(t, ({ path }) =>
    fails && path.endsWith('summary') ? failure(503, 'ServiceUnavailable', 'metrics are away') : answers[path],
  )
  const raw: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => void raw.push(on) })
  const stop = new AbortController()
  const fake = fakeTerminal({ environment, isTTY: true, stdin, signal: stop.signal })
  const terminal = Object.assign(fake, { stop: () => stop.abort() })
  const restores: (() => void)[] = []
  let forgotten = 0
  terminal.beforeEnd = (restore) => {
    restores.push(restore)
    return () => void forgotten++
  }
  Object.assign(terminal.stdout, { columns: 100, rows: 20 })
  const ended = sluice(['top', '--interval', '1s', '--no-color'], terminal)
  await terminal.stdout.has(/q quit/)
  return { terminal, stdin, ended, raw, restores, forgotten: () => forgotten, fail: () => (fails = true) }
}

test('on a terminal keys and changes of size are answered at once, and q leaves it as it was', async (t) => {
  const { terminal, stdin, ended, raw, forgotten } = await live(t)
  stdin.write('\u001B[C')
  await terminal.stdout.has(/ERRORS▼/)
  Object.assign(terminal.stdout, { columns: 24 })
  terminal.stdout.text = ''
  terminal.stdout.emit('resize')
  await terminal.stdout.has(/2 cores {3}me(?!m)/)
  stdin.write('q')
  const { code, out } = await ended
  assert.equal(code, 0)
  assert.ok(out.endsWith('\u001B[?25h\u001B[?1049l'))
  assert.deepEqual([raw, forgotten()], [[true, false], 1])
  assert.equal(terminal.stdout.listenerCount('resize') + stdin.listenerCount('data'), 0)
})

test('trouble is shown while it lasts, and a signal puts the terminal back', async (t) => {
  const { terminal, stdin, ended, raw, restores, fail } = await live(t)
  fail()
  await terminal.stdout.has(/metrics are away/)
  // What the process does before it ends; here it goes on, and is left by the terminal's own end.
  restores[0]!()
  assert.ok(terminal.stdout.text.endsWith('\u001B[?25h\u001B[?1049l'))
  assert.deepEqual(raw, [true, false])
  terminal.stop()
  assert.equal((await ended).code, 0)
  assert.equal(stdin.listenerCount('data'), 0)
})
