/** Many functions called in turn against one: nothing may be ended and started again only because others are called. */
import { hello3 } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { inParallel } from '../in-parallel.ts'
import type { Platform } from '../platform.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const FUNCTIONS = 100
const CONNECTIONS = 64
/** First calls under way at a time. */
const FIRST_CALLS_AT_ONCE = 4
/** For the code of every function to be compiled, each in a process of its own. */
const WARM_UP_SECONDS = 5

export const mix: RunRow = async (context) => {
  if (context.load.runInTurn === null) return context.say('mix: left out, it needs wrk')
  context.note(`${FUNCTIONS} functions, ${CONNECTIONS} connections`)
  await usePlatform(context, {}, (platform) => measureRounds(context, platform, context.load.runInTurn!))
}

type RunInTurn = NonNullable<RowContext['load']['runInTurn']>

async function measureRounds(context: RowContext, platform: Platform, runInTurn: RunInTurn): Promise<void> {
  const { options, record, say } = context
  say(`deploying ${FUNCTIONS} functions`)
  const endpoints: Endpoint[] = []
  for (let i = 0; i < FUNCTIONS; i++) endpoints.push(await platform.deploy3(`mix-${i}`, hello3))
  await inParallel(FUNCTIONS, FIRST_CALLS_AT_ONCE, (i) => get(endpoints[i]!))
  const subjects = [
    { subject: 'one function', called: endpoints.slice(0, 1) },
    { subject: `${FUNCTIONS} functions in turn`, called: endpoints },
  ]
  for (const { called } of subjects) await runInTurn(called, CONNECTIONS, WARM_UP_SECONDS)
  for (let round = 0; round < options.rounds; round++) {
    const rates: number[] = []
    for (const { subject, called } of subjects) {
      say(subject)
      const before = await platform.metric('sluice_cold_starts_total')
      const result = await runInTurn(called, CONNECTIONS, options.loadSeconds)
      const invalid = result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null
      const add = (metric: string, unit: string, value: number) =>
        record({ row: 'mix', subject, metric, unit, value, invalid })
      add('rate', '1/s', result.requestsPerSecond)
      add('p50', 'us', result.p50Us)
      add('p99', 'us', result.p99Us)
      add('cold starts', 'count', (await platform.metric('sluice_cold_starts_total')) - before)
      add('instances', 'count', await platform.metric('sluice_instances'))
      rates.push(result.requestsPerSecond)
      add('of one function', 'x', result.requestsPerSecond / rates[0]!)
    }
  }
}
