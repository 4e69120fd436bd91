/** A metric history that a test writes, rules to begin with, and alerts on a simulated clock. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { FcError } from '../errors.ts'
import type { Change } from '../metadata/port.ts'
import type { MetricHistory, MetricInfo, SeriesQuery } from '../metrics/port.ts'
import type { Carriers } from './carriers/carrier.ts'
import type { AlertNotice, AlertRoute, AlertRule, Silence } from './port.ts'
import type { Sender } from './words.ts'

export const sender: Sender = {
  platform: 'host:7800',
  pageOf: (rule) => `http://localhost/console/alerts?rule=${rule}`,
}

export function ruleFor(some: Partial<AlertRule> = {}): AlertRule {
  return {
    name: 'errors',
    description: '',
    enabled: true,
    metric: 'FunctionErrors',
    service: null,
    functionKey: 'shop',
    instanceId: null,
    condition: { kind: 'threshold', comparison: '>', threshold: 5 },
    windowSeconds: 10,
    forSeconds: 0,
    repeatSeconds: 0,
    onNoData: 'ok',
    severity: 'warning',
    routes: ['hook'],
    ...some,
  }
}

export const hook: AlertRoute = { name: 'hook', kind: 'webhook', url: 'http://127.0.0.1:1/', secret: 'key' }

export function noticeFor(some: Partial<AlertNotice> = {}): AlertNotice {
  return {
    id: 'n-1',
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
    condition: 'FunctionErrors > 5 over 60 s',
    message: 'FunctionErrors of function shop is 7 (FunctionErrors > 5 over 60 s)',
    startedAt: '2030-01-01T00:00:00Z',
    at: '2030-01-01T00:00:00Z',
    platform: 'host:7800',
    url: 'http://localhost/console/alerts?rule=errors',
    ...some,
  }
}

/** Answers with `values`, by metric: a number for each window, or what computes it; a string is why it cannot. */
export class FakeHistory implements Pick<MetricHistory, 'catalogue' | 'query'> {
  catalogue: MetricInfo[] = [
    { name: 'FunctionErrors', level: 'function', unit: 'count', statistic: 'sum', description: '' },
    { name: 'P99Duration', level: 'function', unit: 'ms', statistic: 'p99', description: '' },
    { name: 'RegionMonthCost', level: 'region', unit: 'currency', statistic: 'last', description: '' },
  ]
  readonly values = new Map<string, number | null | string | ((query: SeriesQuery, fromMs: number) => number | null)>()
  readonly asked: SeriesQuery[] = []
  /** Metrics that are never answered. */
  readonly hanging = new Set<string>()

  async query(query: SeriesQuery) {
    this.asked.push(query)
    if (this.hanging.has(query.metric)) await new Promise(() => {})
    const info = this.catalogue.find(({ name }) => name === query.metric)
    if (!info) throw new FcError('InvalidArgument', `metric: there is no metric '${query.metric}'`)
    const value = this.values.get(query.metric) ?? null
    if (typeof value === 'string') throw new Error(value)
    const points: { timeMs: number; value: number | null }[] = []
    for (let timeMs = query.fromMs; timeMs < query.toMs; timeMs += query.stepMs) {
      points.push({ timeMs, value: typeof value === 'function' ? value(query, timeMs) : value })
    }
    return { info, stepMs: query.stepMs, points }
  }
}

/** Carriers that a test holds the other end of: each notice waits for what the test says of it. */
export class FakeCarriers {
  readonly taken: { route: string; notice: AlertNotice; id: string }[] = []
  /** What becomes of the next attempts on a route; `hang` never ends, and without one they succeed. */
  readonly outcomes = new Map<string, string[]>()
  #waiters: { count: number; resolve: () => void }[] = []

  get all(): Carriers {
    const carry = async ({ id, notice }: { id: string; notice: AlertNotice }, route: AlertRoute) => {
      this.taken.push({ route: route.name, notice, id })
      for (const { count, resolve } of this.#waiters) if (this.taken.length >= count) resolve()
      const outcome = this.outcomes.get(route.name)?.shift()
      if (outcome === 'hang') await new Promise(() => {})
      if (outcome !== undefined) throw new Error(outcome)
    }
    return { webhook: carry, email: carry, function: carry }
  }

  /** When so many attempts have been made. */
  async attempts(count: number): Promise<void> {
    if (this.taken.length >= count) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ count, resolve })
    await promise
  }
}

export const ruleChange = (rule: AlertRule, value: AlertRule | null = rule): Change => ({
  kind: 'alertRule',
  key: rule.name,
  revision: 1,
  value,
})
export const routeChange = (route: AlertRoute, value: AlertRoute | null = route): Change => ({
  kind: 'alertRoute',
  key: route.name,
  revision: 1,
  value,
})
export const silenceChange = (silence: Silence, value: Silence | null = silence): Change => ({
  kind: 'alertSilence',
  key: silence.id,
  revision: 1,
  value,
})

export function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-alerts-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
