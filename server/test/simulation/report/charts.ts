/** The pictures of the report. */
import type { Workload } from '../workload.ts'
import type { Moment } from './measure.ts'
import type { PressureRow, Result } from './page.ts'
import { drawChart, type Panel, type Series } from './svg.ts'

const percent = (value: number) => `${value} %`
const plain = (value: number) => value.toLocaleString('en')

export function tradeOffChart(results: readonly Result[]): string {
  const panels = results.map(({ workload, rows }): Panel => {
    const series = (kind: 'fixed' | 'learned'): Series => ({
      name: kind === 'fixed' ? 'fixed keep-alive, minutes' : 'learned keep-alive, minutes set',
      kind: 'line',
      color: kind === 'fixed' ? 1 : 0,
      dots: true,
      points: rows
        .filter(({ policy }) => policy.kind === kind)
        .map(({ policy, figures }) => ({
          x: figures.idleGBh,
          y: figures.coldShare * 100,
          label: String(policy.minutes),
          labelSide: kind === 'fixed' ? 'above' : 'below',
        })),
    })
    return {
      title: workload.name,
      x: { label: 'idle memory, GB·h', format: plain },
      y: { label: 'cold starts', format: percent },
      series: [series('fixed'), series('learned')],
    }
  })
  return drawChart({
    title: 'Cold starts against idle memory',
    description:
      'For three workloads the share of cold starts falls as idle memory grows; ' +
      'on the long tail learned keep-alives need less memory for the same share.',
    panels,
  })
}

export function flashCrowdChart(workload: Workload, moments: readonly Moment[]): string {
  const WINDOW_MS = 10_000
  const minutes = (ms: number) => ms / 60_000
  const counts = new Map<number, number>()
  for (const { atMs } of workload.arrivals) {
    const window = Math.floor(atMs / WINDOW_MS)
    counts.set(window, (counts.get(window) ?? 0) + 1)
  }
  const requests = [...counts].map(([window, count]) => ({
    x: minutes(window * WINDOW_MS),
    y: count / (WINDOW_MS / 1000),
  }))
  const line = (value: (moment: Moment) => number) =>
    moments.map((moment) => ({ x: minutes(moment.atMs), y: value(moment) }))
  const x = { label: 'minutes', format: plain, max: minutes(workload.durationMs) }
  return drawChart({
    title: 'A flash crowd: from 1 to 150 requests a second within half a minute',
    description:
      'Instances rise with the requests within seconds while some requests wait a moment, and leave when it is over.',
    panels: [
      {
        title: 'what comes',
        x,
        y: { label: 'requests a second', format: plain },
        series: [{ name: 'requests a second', kind: 'area', color: 1, points: requests }],
      },
      {
        title: 'what is there for it',
        x,
        y: { label: 'instances or requests', format: plain },
        series: [
          { name: 'instances', kind: 'step', color: 0, points: line(({ instances }) => instances) },
          { name: 'busy instances (mean)', kind: 'area', color: 0, points: line(({ busy }) => busy) },
          { name: 'waiting requests (most)', kind: 'line', color: 2, points: line(({ waiting }) => waiting) },
        ],
      },
    ],
  })
}

export function memoryChart(rows: readonly PressureRow[]): string {
  const x = { label: 'memory for instances, GB', format: plain }
  const line = (value: (row: PressureRow) => number) => rows.map((row) => ({ x: row.memoryMB / 1024, y: value(row) }))
  const dotted = { name: 'greedy-dual eviction', kind: 'line', color: 0, dots: true } as const
  return drawChart({
    title: 'The long tail on hosts of different size',
    description: 'With less memory more requests are cold starts, and on the smallest hosts they queue.',
    panels: [
      {
        title: 'cold starts',
        x,
        y: { label: 'share of requests', format: percent },
        series: [{ ...dotted, points: line(({ figures }) => figures.coldShare * 100) }],
      },
      {
        title: 'queueing, p99',
        x,
        y: { label: 'ms', format: plain },
        series: [{ ...dotted, points: line(({ figures }) => figures.waitP99Ms) }],
      },
    ],
  })
}
