/** What is told, in words: conditions, sentences of the history, notices, e-mails. Pure. */
import type { MetricInfo } from '../metrics/port.ts'
import type { IsoTime } from '../model.ts'
import type { AlertEvent, AlertNotice, AlertRule } from './port.ts'

/** Where notices come from. */
export interface Sender {
  /** Names the platform. */
  platform: string
  /** Of the page that shows a rule. */
  pageOf: (rule: string) => string
}

const UNITS: Readonly<Record<string, string>> = { count: '', percent: ' %', currency: '' }

function describeValue(value: number | null, unit: string): string {
  if (value === null) return 'nothing observed'
  return `${Number(value.toPrecision(6))}${UNITS[unit] ?? ` ${unit}`}`
}

/** `p99Latency > 500 ms over 60 s for 120 s`. */
function describeCondition(rule: AlertRule, unit: string): string {
  const { metric, condition, windowSeconds, forSeconds } = rule
  const time = `over ${windowSeconds} s${forSeconds > 0 ? ` for ${forSeconds} s` : ''}`
  if (condition.kind === 'noData') return `no ${metric} ${time}`
  if (condition.kind === 'threshold') {
    return `${metric} ${condition.comparison} ${describeValue(condition.threshold, unit)} ${time}`
  }
  const side = { above: 'above', below: 'below', both: 'away from' }[condition.direction]
  const { deviations, days } = condition
  return `${metric} more than ${deviations} deviations ${side} the same hour of ${days} earlier days ${time}`
}

/** Of the history and of notices, in one sentence. */
export function describeEvent(
  kind: AlertEvent['kind'],
  rule: AlertRule,
  { value, unit, silence }: { value: number | null; unit: string; silence: string | null },
): string {
  const is = `${rule.metric}${targetOf(rule)} is ${describeValue(value, unit)}`
  switch (kind) {
    case 'pending':
      return `${is} (${describeCondition(rule, unit)}), and fires when it has held so long`
    case 'fired':
      return `${is} (${describeCondition(rule, unit)})`
    case 'repeated':
      return `still firing: ${is} (${describeCondition(rule, unit)})`
    case 'resolved':
      return `over: ${is}`
    case 'silenced':
      return `fires and is kept quiet by silence ${silence}: ${is} (${describeCondition(rule, unit)})`
    case 'noData':
      return `nothing was observed of ${rule.metric}${targetOf(rule)} over ${rule.windowSeconds} s`
    default:
      return is
  }
}

function targetOf({ service, functionKey, instanceId }: AlertRule): string {
  if (instanceId !== null) return ` of instance ${instanceId}`
  if (functionKey !== null) return ` of function ${functionKey}`
  return service === null ? '' : ` of service ${service}`
}

export interface NoticeParts {
  id: string
  state: AlertNotice['state']
  value: number | null
  message: string
  startedMs: number
  nowMs: number
}

export function noticeOf(
  rule: AlertRule,
  { unit }: Pick<MetricInfo, 'unit'>,
  sender: Sender,
  { id, state, value, message, startedMs, nowMs }: NoticeParts,
): AlertNotice {
  const { name, description, severity, metric, functionKey, service, instanceId } = rule
  return {
    ...{ id, rule: name, description, severity, state, metric, unit, functionKey, service, instanceId, value },
    condition: describeCondition(rule, unit),
    message,
    startedAt: isoTime(startedMs),
    at: isoTime(nowMs),
    platform: sender.platform,
    url: sender.pageOf(name),
  }
}

/** For the test of a route that no rule is given with. */
export const SAMPLE_RULE: AlertRule = {
  name: 'test',
  description: 'A test of this route.',
  enabled: true,
  metric: 'RegionTotalInvocations',
  service: null,
  functionKey: null,
  instanceId: null,
  condition: { kind: 'threshold', comparison: '>', threshold: 0 },
  windowSeconds: 60,
  forSeconds: 0,
  repeatSeconds: 0,
  onNoData: 'keep',
  severity: 'info',
  routes: [],
}

export function emailOf(notice: AlertNotice): { subject: string; text: string } {
  const { severity, state, rule, message, description, condition, startedAt, at, platform, url } = notice
  const head = { firing: severity.toUpperCase(), resolved: 'RESOLVED', test: 'TEST' }[state]
  const rows = [
    ['rule', rule],
    ['condition', condition],
    ['since', startedAt],
    ['at', at],
    ['platform', platform],
    ['look', url],
  ].map(([name, value]) => `${name!.padEnd(10)} ${value}`)
  return {
    subject: `[${head}] ${rule}: ${message}`.slice(0, SUBJECT_LENGTH_MAX),
    text: [message, ...(description === '' ? [] : ['', description]), '', ...rows, ''].join('\n'),
  }
}

const SUBJECT_LENGTH_MAX = 200

const isoTime = (ms: number): IsoTime => `${new Date(ms).toISOString().slice(0, 19)}Z`
