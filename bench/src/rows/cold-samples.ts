/** First calls of functions that were never called: how long they took, and where the platform says the time went. */
import { setTimeout as delay } from 'node:timers/promises'
import { get, type Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import { EXPECTED_BODY } from '../peers/peer.ts'
import { PHASES, type Phase, type Platform } from '../platform.ts'
import type { RowContext } from './row.ts'

/** Lets the platform put back the stem that the start before has taken. */
const REFILL_MS = 500

export interface ColdSamples {
  /** From request to answer, as the caller sees it. */
  elapsedMs: number[]
  phases: Readonly<Record<Phase, number>>[]
  invalid: string | null
}

export const noSamples = (): ColdSamples => ({ elapsedMs: [], phases: [], invalid: null })

/** Deploys functions one by one, calls each once and adds what came of it. `refillMs`: pause before each call. */
export async function addColdStarts(
  samples: ColdSamples,
  platform: Platform,
  count: number,
  deploy: (index: number) => Promise<Endpoint>,
  refillMs = REFILL_MS,
): Promise<void> {
  const fromMs = Date.now()
  for (let i = 0; i < count; i++) {
    const endpoint = await deploy(i)
    await delay(refillMs)
    const { status, body, elapsedMs } = await get(endpoint)
    if (status !== 200 || body !== EXPECTED_BODY) {
      samples.invalid = `a first call was answered ${status} ${body.slice(0, 80)}`
    }
    samples.elapsedMs.push(elapsedMs)
  }
  const records = await platform.coldStarts(fromMs, count)
  samples.phases.push(...records.map(({ coldStart }) => coldStart!))
}

/** The samples of all rounds together: a 99th percentile of a few means nothing. */
export function recordColdStarts(
  { record }: Pick<RowContext, 'record'>,
  row: string,
  subject: string,
  { elapsedMs, phases, invalid }: ColdSamples,
): void {
  const add = (table: string, metric: string, unit: string, value: number) =>
    record({ row: table, subject, metric, unit, value, invalid })
  const [p50, p99] = [percentile(elapsedMs, 0.5), percentile(elapsedMs, 0.99)]
  add(row, 'cold start p50', 'ms', p50)
  add(row, 'cold start p99', 'ms', p99)
  add(row, 'p99 / p50', 'x', p99 / p50)
  add(row, 'starts', 'count', elapsedMs.length)
  if (phases.length === 0) return
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  for (const phase of PHASES) {
    const values = phases.map((one) => one[phase])
    const name = phase.replace(/Ms$/, '')
    add(`${row}, phases`, `${name} mean`, 'ms', mean(values))
    add(`${row}, phases`, `${name} p99`, 'ms', percentile(values, 0.99))
  }
  // The way in and out, the handler, and this client.
  const inside = mean(phases.map((one) => PHASES.reduce((sum, phase) => sum + one[phase], 0)))
  add(`${row}, phases`, 'rest mean', 'ms', mean(elapsedMs) - inside)
}
