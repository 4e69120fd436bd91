/** The files for Grafana and Prometheus that are delivered, against what the platform exposes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { settings } from '../config.ts'
import { recordOf } from '../logs/test-support.ts'
import { createMetrics } from './metrics.ts'
import type { AsyncEvent, MetricSources } from './port.ts'

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { h: number; w: number; x: number; y: number }
  targets?: { expr: string; refId: string }[]
}

const read = (path: string) => readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8')
const dashboard = JSON.parse(read('grafana/sluice.json')) as {
  panels: Panel[]
  templating: { list: { name: string; query: string | { query: string } }[] }
}
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))

const sources: MetricSources = {
  instances: () => [{ functionKey: 'f', state: 'busy', count: 1 }],
  stems: () => [{ kind: 'nodejs', waiting: 1, booting: 1 }],
  waitingRequests: () => 1,
  runningInvocations: () => 1,
  asyncBacklog: () => [{ functionKey: 'f', waiting: 1, inFlight: 1, oldestMs: 1 }],
  triggers: () => [{ type: 'timer', outcome: 'fired', count: 1 }],
  logs: () => ({ droppedLines: 1, droppedRecords: 1, storedBytes: 1 }),
  host: () => ({ memoryMB: 2, usedMB: 1, instancesMax: 3 }),
  monthCost: () => ({ cost: 1, forecast: 2 }),
  history: () => ({ lostMinutes: 1 }),
  alertNotices: () => [{ kind: 'webhook', outcome: 'delivered', count: 1 }],
  otlp: () => [{ signal: 'logs', outcome: 'sent', count: 1 }],
}
const asyncEvents: readonly AsyncEvent[] = [
  'enqueued',
  'dequeued',
  'retried',
  'expired',
  'dropped',
  'destinationSucceeded',
  'destinationFailed',
]

/** Samples of a platform on which everything has happened: name and labels. */
async function exposedSamples(): Promise<Map<string, Set<string>>> {
  const metrics = createMetrics()
  metrics.setSources(sources)
  const coldStart = { scheduleMs: 1, packageMs: 1, sandboxMs: 1, runtimeMs: 1, initializerMs: 1 }
  metrics.observe(recordOf({ coldStart, requestBytes: 1, responseBytes: 1, billedMs: 1 }))
  metrics.observe(recordOf({ errorType: 'ResourceExhausted', statusCode: 429, fault: 'caller' }))
  for (const event of asyncEvents) metrics.observeAsync('f', event)
  metrics.observeAsync('f', 'started', 1)
  metrics.observeManagementRequest('ListFunctions', 200, 1)
  const samples = new Map<string, Set<string>>()
  for (const [, name, labels = ''] of (await metrics.expose()).body.matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    const known = samples.get(name!) ?? new Set()
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label!)
    samples.set(name!, known)
  }
  return samples
}

const METRIC = /\b(?:sluice|process|nodejs)_\w+/g

test('the dashboard asks for nothing that the platform does not expose', async () => {
  const samples = await exposedSamples()
  assert.ok(expressions.length > 30)
  for (const { title, expr } of expressions) {
    const names = expr.match(METRIC) ?? []
    assert.ok(names.length > 0, `${title}: ${expr}`)
    for (const name of names) assert.ok(samples.has(name), `${title} asks for ${name}`)
  }
})

test('the dashboard filters and groups by labels that its metrics have', async () => {
  const samples = await exposedSamples()
  // Of the scrape, and not of the platform.
  const given = new Set(['job'])
  for (const { title, expr } of expressions) {
    const labels = (expr.match(METRIC) ?? []).flatMap((name) => [...samples.get(name)!])
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) =>
      list!.split(',').map((one) => one.trim()),
    )
    const filtered = [...expr.matchAll(/[{,](\w+)(?:=~|!=|=)"/g)].map(([, label]) => label!)
    for (const label of [...grouped, ...filtered]) {
      assert.ok(given.has(label) || labels.includes(label), `${title}: ${label} in ${expr}`)
    }
  }
})

test('every metric of our own that is exposed can be seen on the dashboard', async () => {
  const asked = new Set(expressions.flatMap(({ expr }) => expr.match(METRIC) ?? []))
  const families = [...(await exposedSamples()).keys()].filter((name) => name.startsWith('sluice_'))
  const unseen = families.filter((name) => !asked.has(name) && !asked.has(name.replace(/_(sum|count)$/, '_bucket')))
  assert.deepEqual(unseen, [])
})

test('panels have ids of their own and do not overlap', () => {
  const { panels } = dashboard
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  )
  assert.equal(new Set(cells).size, cells.length)
  for (const { gridPos } of panels) assert.ok(gridPos.x + gridPos.w <= 24)
})

test('variables of the dashboard are defined', () => {
  const defined = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval'])
  for (const { expr } of expressions) {
    for (const [, name] of expr.matchAll(/\$\{?(\w+)/g)) assert.ok(defined.has(name!), `${name} in ${expr}`)
  }
})

test('Prometheus scrapes the default address under the name that the dashboard goes by', () => {
  const { scrape_configs: jobs } = parse(read('prometheus/prometheus.yml')) as {
    scrape_configs: { job_name: string; metrics_path: string; static_configs: { targets: string[] }[] }[]
  }
  assert.equal(jobs[0]!.metrics_path, '/metrics')
  assert.deepEqual(jobs[0]!.static_configs[0]!.targets, [`127.0.0.1:${settings.port.default}`])
  const asked = expressions.flatMap(({ expr }) => [...expr.matchAll(/job="(\w+)"/g)].map(([, job]) => job))
  assert.deepEqual(new Set(asked), new Set([jobs[0]!.job_name]))
})
