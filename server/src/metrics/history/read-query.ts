/** A question about a metric: checked, and in the terms of the history. */
import { FcError } from '../../errors.ts'
import type { SeriesQuery } from '../port.ts'
import { findMetric, type MetricDefinition } from './catalogue.ts'
import { MINUTE_MS, SECOND_MS, startOf } from './recorder.ts'
import { instanceSubject, REGION, serviceSubject } from './subjects.ts'

/** Of one series. */
export const POINTS_MAX = 5000
/** For how long each minute is kept, and each second. */
export const KEPT_MINUTES_MS = 31 * 24 * 60 * MINUTE_MS
export const KEPT_SECONDS_MS = 15 * MINUTE_MS
const TIME_MS_MAX = 8_640_000_000_000_000

export interface SeriesPlan {
  metric: MetricDefinition
  subject: string
  /** Where the first step starts and the last one ends: whole seconds or minutes. */
  fromMs: number
  toMs: number
  stepMs: number
  resolution: 'seconds' | 'minutes'
}

/** Throws FcError InvalidArgument that names the member and what is accepted. `secondsFromMs`: since when seconds are known. */
export function readQuery(query: SeriesQuery, nowMs: number, secondsFromMs: number): SeriesPlan {
  const metric = findMetric(query.metric)
  if (metric === undefined) {
    throw invalid(`metric: there is no metric '${query.metric}'; GET /sluice/v1/metrics lists them all`)
  }
  const { stepMs } = query
  checkPeriod(query)
  const isLive = Number.isInteger(stepMs) && stepMs > 0 && stepMs < MINUTE_MS && stepMs % SECOND_MS === 0
  if (!isLive && !(Number.isInteger(stepMs) && stepMs >= MINUTE_MS && stepMs % MINUTE_MS === 0)) {
    throw invalid(
      `step must be a multiple of ${MINUTE_MS} ms, or below that a multiple of ${SECOND_MS} ms, not ${stepMs}`,
    )
  }
  const unitMs = isLive ? SECOND_MS : MINUTE_MS
  const fromMs = startOf(query.fromMs, unitMs)
  if (isLive && fromMs < secondsFromMs - SECOND_MS) {
    throw invalid(
      `step: seconds are known since ${secondsFromMs} (at most ${KEPT_SECONDS_MS / MINUTE_MS} minutes back); ` +
        `give a later from, or a step that is a multiple of ${MINUTE_MS} ms`,
    )
  }
  // What is to come has no points.
  const toMs = Math.min(startOf(query.toMs + unitMs - 1, unitMs), startOf(nowMs, unitMs) + unitMs)
  const points = Math.ceil((toMs - fromMs) / stepMs)
  if (points > POINTS_MAX) {
    const stepMsMin = Math.ceil((toMs - fromMs) / POINTS_MAX / MINUTE_MS) * MINUTE_MS
    throw invalid(`step: ${points} points are more than ${POINTS_MAX}; give a step of at least ${stepMsMin} ms`)
  }
  const resolution = isLive ? 'seconds' : 'minutes'
  return { metric, subject: subjectOf(query, metric), fromMs, toMs, stepMs, resolution }
}

/** The step that a time is in. */
export function stepOf({ fromMs, stepMs }: Pick<SeriesPlan, 'fromMs' | 'stepMs'>, timeMs: number): number {
  return fromMs + startOf(timeMs - fromMs, stepMs)
}

/** Throws FcError InvalidArgument. */
export function checkPeriod({ fromMs, toMs }: { fromMs: number; toMs: number }): void {
  for (const [name, value] of [
    ['from', fromMs],
    ['to', toMs],
  ] as const) {
    if (!Number.isInteger(value) || value < 0 || value > TIME_MS_MAX) {
      throw invalid(`${name} must be a time in milliseconds since 1970, not ${value}`)
    }
  }
  if (fromMs >= toMs) throw invalid(`from (${fromMs}) must be before to (${toMs})`)
}

function subjectOf({ service, functionKey, instanceId }: SeriesQuery, { info }: MetricDefinition): string {
  const { level, name } = info
  if (level === 'region') return REGION
  if (level === 'service') return serviceSubject(given(service, 'service', name))
  if (level === 'function') return given(functionKey, 'function', name)
  return instanceSubject(given(instanceId, 'instance', name))
}

function given(value: string | undefined, member: string, metric: string): string {
  if (value === undefined || value === '')
    throw invalid(`${member} is required: ${metric} is a metric of one ${member}`)
  return value
}

function invalid(message: string): FcError {
  return new FcError('InvalidArgument', message)
}
