/** What is promised of the figures, and which promises a run has held. */
import type { Summary } from './measurement.ts'

interface Target {
  row: string
  subject: RegExp
  metric: string
  bound: 'at most' | 'at least'
  value: number
}

interface RatioTarget {
  row: string
  subject: RegExp
  metric: string
  against: string
  /** At least this many times the other's figure. */
  value: number
}

const OURS = /^sluice/

export const TARGETS: readonly Target[] = [
  { row: 'warm', subject: OURS, metric: 'cpu c=64', bound: 'at most', value: 40 },
  { row: 'warm', subject: OURS, metric: 'added p50 c=1', bound: 'at most', value: 150 },
  { row: 'cold', subject: /^sluice .*, stem/, metric: 'cold start p50', bound: 'at most', value: 15 },
  { row: 'cold', subject: /^sluice .*, stem/, metric: 'p99 / p50', bound: 'at most', value: 4 },
  { row: 'cold', subject: /^sluice nodejs, no stem/, metric: 'cold start p50', bound: 'at most', value: 80 },
  { row: 'languages', subject: /nodejs|python|php/, metric: 'cold start p50', bound: 'at most', value: 15 },
  { row: 'languages', subject: /go/, metric: 'cold start p50', bound: 'at most', value: 40 },
  { row: 'languages', subject: /java/, metric: 'cold start p50', bound: 'at most', value: 80 },
  { row: 'rate', subject: OURS, metric: 'starts', bound: 'at least', value: 40 },
  { row: 'burst', subject: OURS, metric: 'failed', bound: 'at most', value: 0 },
  { row: 'burst', subject: /from zero/, metric: 'last / work', bound: 'at most', value: 10 },
  { row: 'memory', subject: /^sluice$/, metric: 'platform', bound: 'at most', value: 120 },
  { row: 'memory', subject: /nodejs/, metric: 'idle instance', bound: 'at most', value: 25 },
  { row: 'memory', subject: /python/, metric: 'idle instance', bound: 'at most', value: 10 },
  { row: 'density', subject: /no instance/, metric: 'memory added', bound: 'at most', value: 100 },
  { row: 'density', subject: /live/, metric: 'answer p99', bound: 'at most', value: 50 },
  { row: 'ready', subject: OURS, metric: 'start to ready', bound: 'at most', value: 1000 },
  { row: 'deploy', subject: OURS, metric: 'deploy to first answer', bound: 'at most', value: 1000 },
  { row: 'idle', subject: OURS, metric: 'CPU while idle', bound: 'at most', value: 0.5 },
  { row: 'scale', subject: OURS, metric: 'start to ready', bound: 'at most', value: 1000 },
  { row: 'scale', subject: OURS, metric: 'platform', bound: 'at most', value: 120 },
  { row: 'scale', subject: OURS, metric: 'CPU while idle', bound: 'at most', value: 0.5 },
  { row: 'scale', subject: OURS, metric: 'cold start p50', bound: 'at most', value: 15 },
  { row: 'scale', subject: OURS, metric: 'p99 / p50', bound: 'at most', value: 4 },
  { row: 'async', subject: OURS, metric: 'accepts', bound: 'at least', value: 10_000 },
  { row: 'async', subject: OURS, metric: 'accept p99 at that rate', bound: 'at most', value: 20 },
  { row: 'async', subject: OURS, metric: 'call to function p50', bound: 'at most', value: 10 },
  { row: 'async', subject: OURS, metric: 'lost', bound: 'at most', value: 0 },
  { row: 'logs', subject: OURS, metric: 'lost at that rate', bound: 'at most', value: 0 },
  { row: 'logs', subject: OURS, metric: 'lines at a rate', bound: 'at least', value: 19_500 },
  { row: 'logs', subject: OURS, metric: 'search rare word', bound: 'at most', value: 1000 },
  { row: 'logs', subject: OURS, metric: 'search member of JSON', bound: 'at most', value: 1000 },
  { row: 'objects', subject: OURS, metric: 'PUT to function p50', bound: 'at most', value: 15 },
  { row: 'objects', subject: OURS, metric: 'memory added by 2 GB', bound: 'at most', value: 64 },
  { row: 'recording', subject: OURS, metric: 'cost of recording', bound: 'at most', value: 10 },
  { row: 'recording', subject: OURS, metric: 'dashboard, all answers', bound: 'at most', value: 1000 },
]

const RATIO_TARGETS: readonly RatioTarget[] = [
  { row: 'warm', subject: OURS, metric: 'rate c=64', against: 'node:http', value: 0.5 },
  { row: 'warm', subject: OURS, metric: 'rate c=64', against: 'workerd', value: 2 },
  { row: 'warm', subject: OURS, metric: 'rate c=64', against: 'functions-framework', value: 5 },
  { row: 'languages', subject: /^(?!nodejs)/, metric: 'http rate', against: 'nodejs', value: 0.3 },
  { row: 'languages', subject: /^(?!nodejs)/, metric: 'event rate', against: 'nodejs', value: 0.3 },
]

export interface Verdict {
  subject: string
  what: string
  measured: number
  target: string
  isHeld: boolean
}

/** Of the summaries' targets, those that were measured; invalid figures have held nothing. */
export function judge(summaries: readonly Summary[]): Verdict[] {
  const plain = summaries.flatMap(({ row, subject, metric, unit, median, invalid }) =>
    TARGETS.filter((one) => one.row === row && one.metric === metric && one.subject.test(subject)).map((target) => {
      const isWithin = target.bound === 'at most' ? median <= target.value : median >= target.value
      const words = `${target.bound} ${target.value} ${unit}`
      return { subject, what: metric, measured: median, target: words, isHeld: isWithin && invalid === null }
    }),
  )
  const relative = RATIO_TARGETS.flatMap((target) => {
    const ofMetric = summaries.filter(({ row, metric }) => row === target.row && metric === target.metric)
    const other = ofMetric.find(({ subject }) => subject === target.against)
    if (other === undefined) return []
    return ofMetric
      .filter(({ subject }) => target.subject.test(subject))
      .map(({ subject, metric, median, invalid }) => {
        const measured = median / other.median
        const isHeld = measured >= target.value && invalid === null && other.invalid === null
        const what = `${metric} / ${target.against}`
        return { subject, what, measured, target: `at least ${target.value} x`, isHeld }
      })
  })
  return [...plain, ...relative]
}
