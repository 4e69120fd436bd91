import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { AsyncRequest } from '../invocations/port.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { signatureOf } from './carriers/webhook.ts'
import { openAlerts, type OpenAlerts } from './open.ts'
import type { AlertNotice, AlertRule, AlertStatus } from './port.ts'
import {
  FakeHistory,
  hook,
  routeChange,
  ruleChange,
  ruleFor,
  sender,
  silenceChange,
  temporaryFolder,
} from './test-support.ts'

interface Posted {
  url: string
  notice: AlertNotice
  body: string
  headers: Readonly<Record<string, string>>
}

/** One machine: its disk and clock stay when the platform is started again. */
class Machine {
  readonly directory: string
  readonly clock = new SimulatedClock(Date.UTC(2030, 0, 10, 12))
  readonly history = new FakeHistory()
  readonly posted: Posted[] = []
  readonly accepted: AsyncRequest[] = []
  readonly defects: unknown[] = []
  /** Attempts that do not end. */
  hangs = false
  alerts!: OpenAlerts

  constructor(context: TestContext) {
    this.directory = temporaryFolder(context)
    context.after(() => this.alerts.close())
  }

  async start(...rules: AlertRule[]): Promise<OpenAlerts> {
    this.alerts = await openAlerts(
      { directory: this.directory, smtp: { url: '', from: 'sluice@localhost' }, sender },
      {
        clock: this.clock,
        history: this.history,
        post: async (url, body, headers) => {
          const text = Buffer.from(body).toString()
          this.posted.push({ url, body: text, notice: JSON.parse(text) as AlertNotice, headers })
          if (this.hangs) await new Promise(() => {})
        },
        invocations: { accept: async (request) => (this.accepted.push(request), null) },
        notify: (message) => assert.fail(message),
        onDefect: (error) => void this.defects.push(error),
      },
    )
    const pager = { name: 'pager', kind: 'function' as const, functionKey: 'pager', qualifier: 'LATEST' }
    this.alerts.apply([routeChange(hook), routeChange(pager), ...rules.map((rule) => ruleChange(rule))])
    this.alerts.start()
    return this.alerts
  }

  async restart(...rules: AlertRule[]): Promise<OpenAlerts> {
    await this.alerts.close()
    return this.start(...rules)
  }

  status(rule = 'errors'): AlertStatus {
    return this.alerts.statuses().find((status) => status.rule === rule)!
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    for (const endMs = performance.now() + 10_000; !isSo();) {
      if (performance.now() > endMs) assert.fail(`never: ${what}`)
      await turn()
    }
  }

  /** So many seconds later, with every round in between. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 10) {
      this.clock.advance(Math.min(left, 10) * 1000)
      await this.settled()
    }
  }

  /** The same; the rule has been evaluated since. */
  async evaluate(seconds: number, rule = 'errors'): Promise<AlertStatus> {
    const before = this.status(rule).evaluatedMs
    await this.pass(seconds)
    assert.ok(this.status(rule).evaluatedMs > before)
    return this.status(rule)
  }

  /** What was asked of the database before has been answered. */
  async settled(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await this.alerts.history({ limit: 1 })
      await turn()
    }
  }

  async kinds(rule = 'errors'): Promise<string[]> {
    const { events } = await this.alerts.history({ rule, limit: 100 })
    return events.map(({ kind }) => kind).toReversed()
  }
}

test('without rules there is no timer, no thread and no file', async (context) => {
  const machine = new Machine(context)
  await machine.start()
  assert.equal(machine.clock.step(), false)
  assert.deepEqual(await machine.alerts.history({ limit: 10 }), { events: [] })
  machine.alerts.apply([ruleChange(ruleFor())])
  assert.equal(machine.clock.step(), true)
  machine.alerts.apply([ruleChange(ruleFor(), null), ruleChange(ruleFor({ name: 'off', enabled: false }))])
  await machine.settled()
  assert.equal(machine.clock.step(), false)
  const other = new Machine(context)
  await other.start(ruleFor({ enabled: false }))
  assert.equal(existsSync(join(other.directory, 'alerts.db')), false)
})

test('a broken rule is told to its webhook, signed, and to its function; and so is its end', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  await machine.start(ruleFor({ routes: ['hook', 'pager'], description: 'Shop fails', severity: 'critical' }))
  assert.equal((await machine.evaluate(20)).state, 'firing')
  await machine.until('both are told', () => machine.posted.length === 1 && machine.accepted.length === 1)

  const [{ url, body, notice, headers }] = machine.posted as [Posted]
  assert.equal(url, hook.kind === 'webhook' && hook.url)
  const { id, ...rest } = notice
  assert.deepEqual(rest, {
    rule: 'errors',
    description: 'Shop fails',
    severity: 'critical',
    state: 'firing',
    metric: 'FunctionErrors',
    unit: 'count',
    functionKey: 'shop',
    service: null,
    instanceId: null,
    value: 7,
    condition: 'FunctionErrors > 5 over 10 s',
    message: 'FunctionErrors of function shop is 7 (FunctionErrors > 5 over 10 s)',
    startedAt: '2030-01-10T12:00:11Z',
    at: '2030-01-10T12:00:11Z',
    platform: 'host:7800',
    url: 'http://localhost/console/alerts?rule=errors',
  })
  assert.equal(headers['X-Sluice-Signature'], signatureOf('key', Number(headers['X-Sluice-Timestamp']), body))
  const [request] = machine.accepted as [AsyncRequest]
  assert.deepEqual([request.functionKey, request.qualifier], ['pager', 'LATEST'])
  assert.equal((JSON.parse(Buffer.from(request.payload).toString()) as AlertNotice).id, id)

  machine.history.values.set('FunctionErrors', 0)
  assert.equal((await machine.evaluate(10)).state, 'ok')
  await machine.until('the end is told', () => machine.posted.length === 2)
  const resolved = machine.posted[1]!.notice
  assert.deepEqual([resolved.state, resolved.startedAt], ['resolved', '2030-01-10T12:00:11Z'])
  await machine.settled()
  assert.deepEqual((await machine.kinds()).toSorted(), [
    ...['delivered', 'delivered', 'delivered', 'delivered', 'fired', 'resolved'],
  ])
  assert.deepEqual(machine.defects, [])
})

test('windows below a minute are evaluated every ten seconds, others each minute, each about what is over', async (context) => {
  const machine = new Machine(context)
  await machine.start(ruleFor(), ruleFor({ name: 'slow', metric: 'P99Duration', windowSeconds: 300 }))
  const startMs = machine.clock.nowMs()
  for (let second = 10; second <= 180; second += 10) await machine.evaluate(second === 10 ? 11 : 10)
  const of = (metric: string) => machine.history.asked.filter((query) => query.metric === metric)
  assert.deepEqual(of('FunctionErrors')[1], {
    metric: 'FunctionErrors',
    functionKey: 'shop',
    fromMs: startMs + 10_000,
    toMs: startMs + 20_000,
    stepMs: 10_000,
  })
  assert.equal(of('FunctionErrors').length, 18)
  assert.deepEqual(
    of('P99Duration').map(({ fromMs, toMs, stepMs }) => [fromMs - startMs, toMs - startMs, stepMs]),
    [1, 2, 3].map((minute) => [(minute - 5) * 60_000, minute * 60_000, 300_000]),
  )
})

test('a rule that cannot be evaluated says why in its status, and leaves the others alone', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  machine.history.hanging.add('RegionMonthCost')
  const cost = ruleFor({ name: 'cost', metric: 'RegionMonthCost', functionKey: null })
  await machine.start(ruleFor({ name: 'gone', metric: 'Vanished' }), cost, ruleFor())
  await machine.pass(20)
  await machine.until('the metric is found gone', () => machine.status('gone').problem !== null)
  // One that does not answer is given up.
  machine.clock.advance(5000)
  await machine.until('the other one fires', () => machine.status().state === 'firing')
  assert.equal(machine.status('gone').problem, "there is no metric 'Vanished' any more")
  assert.equal(machine.status('cost').problem, 'the metric history did not answer within 5 s')
  assert.deepEqual([machine.status('gone').state, machine.status().problem], ['ok', null])
})

test('after a restart it goes on as if none had been: no second notice, the time since when, the next repetition', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  const rule = ruleFor({ repeatSeconds: 3600 })
  await machine.start(rule)
  const { sinceMs } = await machine.evaluate(20)
  await machine.until('it is told', () => machine.posted.length === 1)
  await machine.settled()

  machine.clock.advance(600_000)
  await machine.restart(rule)
  assert.deepEqual([machine.status().state, machine.status().sinceMs], ['firing', sinceMs])
  await machine.evaluate(30)
  assert.equal(machine.posted.length, 1)
  await machine.evaluate(3600)
  await machine.until('it is repeated', () => machine.posted.length === 2)
  await machine.settled()
  assert.deepEqual(await machine.kinds(), ['fired', 'delivered', 'repeated', 'delivered'])
})

test('what was fired and not delivered when the platform died is delivered after the restart, as the same notice', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  machine.hangs = true
  await machine.start(ruleFor())
  await machine.evaluate(20)
  await machine.until('the first attempt is made', () => machine.posted.length === 1)

  machine.hangs = false
  await machine.restart(ruleFor())
  await machine.until('it is told after the restart', () => machine.posted.length === 2)
  const ids = machine.posted.map(({ headers, notice }) => [headers['X-Sluice-Delivery'], notice.id])
  assert.deepEqual(ids[0], ids[1])
  await machine.evaluate(30)
  await machine.restart(ruleFor())
  await machine.evaluate(30)
  assert.equal(machine.posted.length, 2)
  assert.deepEqual(await machine.kinds(), ['fired', 'delivered'])
})

test('what was pending when the platform died fires at once when its time has passed and its condition still holds', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  const rule = ruleFor({ forSeconds: 600 })
  await machine.start(rule)
  assert.equal((await machine.evaluate(20)).state, 'pending')
  machine.clock.advance(900_000)
  await machine.restart(rule)
  assert.equal((await machine.evaluate(30)).state, 'firing')
  assert.deepEqual((await machine.kinds()).slice(0, 2), ['pending', 'fired'])
})

test('right after a start nothing is said of a time that the platform did not see', async (context) => {
  const machine = new Machine(context)
  const silent = ruleFor({ name: 'silent', condition: { kind: 'noData' }, windowSeconds: 600 })
  const low = ruleFor({ condition: { kind: 'threshold', comparison: '<', threshold: 1 } })
  machine.history.values.set('FunctionErrors', 0)
  machine.clock.advance(5000)
  await machine.start(silent, low)
  const { state, problem } = await machine.evaluate(10)
  assert.deepEqual([state, problem], ['ok', 'the platform was down for a part of this time'])
  assert.equal((await machine.evaluate(10)).state, 'firing')
  await machine.evaluate(120, 'silent')
  assert.deepEqual(
    [machine.status('silent').state, machine.status('silent').problem],
    ['ok', 'the platform was down for a part of this time'],
  )
  for (let minutes = 2; minutes < 12; minutes++) await machine.evaluate(60, 'silent')
  assert.equal(machine.status('silent').state, 'firing')
})

test('right after a start too much is too much, though the platform was down for a part of the time', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  machine.clock.advance(5500)
  await machine.start(ruleFor())
  assert.equal((await machine.evaluate(10)).state, 'firing')
  const { fromMs, toMs } = machine.history.asked[0]!
  assert.deepEqual([fromMs % 60_000, toMs % 60_000], [6000, 10_000])
})

test('an anomaly is one beside the same hour of earlier days, which are asked once an hour', async (context) => {
  const machine = new Machine(context)
  const day = 86_400_000
  const todayMs = machine.clock.nowMs() - day / 2
  let now = 100
  machine.history.values.set('P99Duration', (_query, fromMs) =>
    fromMs >= todayMs ? now : 100 + ((fromMs / 60_000) % 5),
  )
  const condition = { kind: 'anomaly', deviations: 4, days: 7, direction: 'above' } as const
  await machine.start(ruleFor({ metric: 'P99Duration', condition, windowSeconds: 60 }))
  assert.equal((await machine.evaluate(70)).state, 'ok')
  assert.equal(machine.history.asked.length, 8)
  assert.deepEqual(
    machine.history.asked.filter(({ fromMs }) => fromMs < todayMs).map(({ fromMs }) => (fromMs - todayMs) / day),
    [1, 2, 3, 4, 5, 6, 7].map((days) => 0.5 - days),
  )
  now = 200
  assert.equal((await machine.evaluate(60)).state, 'firing')
  assert.equal(machine.history.asked.length, 9)
  await machine.evaluate(3600)
  assert.equal(machine.history.asked.filter(({ fromMs }) => fromMs < todayMs).length, 14)
})

test('an anomaly without enough days says so, and does not fire', async (context) => {
  const machine = new Machine(context)
  const todayMs = machine.clock.nowMs() - 43_200_000
  machine.history.values.set('P99Duration', (_query, fromMs) => (fromMs >= todayMs - 2 * 86_400_000 ? 5000 : null))
  const condition = { kind: 'anomaly', deviations: 4, days: 7, direction: 'above' } as const
  await machine.start(ruleFor({ metric: 'P99Duration', condition, windowSeconds: 60 }))
  const status = await machine.evaluate(70)
  assert.equal(status.state, 'ok')
  assert.match(status.problem!, /of 2 earlier days; at least 3 are needed/)
})

test('a silenced rule is watched and not told; its status names the silence', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  await machine.start(ruleFor())
  const nowMs = machine.clock.nowMs()
  const silence = { id: 's-1', rule: 'err*', fromMs: nowMs, toMs: nowMs + 25_000, reason: 'maintenance' }
  machine.alerts.apply([silenceChange(silence)])
  const status = await machine.evaluate(20)
  assert.deepEqual([status.state, status.silencedBy], ['firing', 's-1'])
  assert.deepEqual(await machine.kinds(), ['silenced'])
  await machine.evaluate(20)
  await machine.until('it is told when the silence is over', () => machine.posted.length === 1)
  assert.equal(machine.status().silencedBy, null)
})

test('a rule that is deleted while it fires ends in the history, and begins anew when it is made again', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  await machine.start(ruleFor())
  await machine.evaluate(20)
  machine.alerts.apply([ruleChange(ruleFor(), null)])
  await machine.settled()
  assert.deepEqual(machine.alerts.statuses(), [])
  assert.deepEqual(
    (await machine.kinds()).filter((kind) => kind !== 'delivered'),
    ['fired', 'resolved'],
  )
  machine.alerts.apply([ruleChange(ruleFor())])
  assert.equal(machine.status().state, 'ok')
})

test('what was deleted while the platform was down is forgotten', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 7)
  await machine.start(ruleFor())
  await machine.evaluate(20)
  await machine.restart(ruleFor({ name: 'another' }))
  await machine.settled()
  await machine.restart(ruleFor())
  assert.equal(machine.status().state, 'ok')
})

test('the test of a rule goes through its routes, and is in the history', async (context) => {
  const machine = new Machine(context)
  await machine.start()
  const deliveries = await machine.alerts.test(ruleFor({ metric: 'P99Duration' }), [hook])
  assert.deepEqual(
    deliveries.map(({ route, ok }) => [route, ok]),
    [['hook', true]],
  )
  const { notice } = machine.posted[0]!
  assert.deepEqual([notice.state, notice.rule, notice.unit, notice.value], ['test', 'errors', 'ms', null])
  const { events } = await machine.alerts.history({ rule: 'errors', limit: 10 })
  assert.deepEqual(
    events.map(({ kind, route, message }) => [kind, route, message]),
    [['test', 'hook', 'test: delivered']],
  )
})

test('a wall clock that is set back by hours does not make the rules blind for hours', async (context) => {
  const machine = new Machine(context)
  machine.history.values.set('FunctionErrors', 3)
  await machine.start(ruleFor(), ruleFor({ name: 'minutes', windowSeconds: 60 }))
  await machine.pass(120)
  machine.clock.jump(-8 * 3_600_000)
  machine.history.values.set('FunctionErrors', 7)
  await machine.pass(130)
  assert.deepEqual([machine.status().state, machine.status('minutes').state], ['firing', 'firing'])
})
