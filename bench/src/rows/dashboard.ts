/** How fast a dashboard has what it asks of 1000 functions and a day of their calls. */
import { createClient } from '../../../cli/src/client.ts'
import { openMetricHistory } from '../../../server/src/metrics/open.ts'
import { seededRandom, SimulatedClock } from '../../../server/src/simulated-clock.ts'
import { hello3 } from '../apps.ts'
import { inParallel } from '../in-parallel.ts'
import { makeDataDir, startPlatform, type Platform, type Settings } from '../platform.ts'
import { noteSettings, settingsOf, type RowContext } from './row.ts'

const FUNCTIONS = 1000
const DEPLOYMENTS_AT_ONCE = 8
const DAY_MS = 24 * 60 * 60_000
/** Each function is called so often in the day before, some times each time. */
const CALLED_EVERY_MS = 10 * 60_000
const CALLS = 3
const PAGE = 100

/** Series of a day, as charts of a dashboard show them. */
const CHARTS = [
  'RegionTotalInvocations',
  'RegionFunctionErrors',
  'RegionP50Duration',
  'RegionP99Duration',
  'RegionColdStarts',
]

export async function measureDashboard(context: RowContext): Promise<void> {
  const data = makeDataDir()
  const settings = settingsOf(context)
  try {
    await deployAll(context, data.path, settings)
    context.say('a day of calls of each function is written into the history')
    await writeDay(data.path)
    const platform = await startPlatform(data.path, settings)
    try {
      await noteSettings(context, platform, settings)
      for (let round = 0; round < context.options.rounds; round++) await askDashboard(context, platform)
    } finally {
      await platform.stop()
    }
  } finally {
    data.remove()
  }
}

async function deployAll(context: RowContext, dataDir: string, settings: Settings): Promise<void> {
  const platform = await startPlatform(dataDir, settings)
  try {
    context.say(`deploying ${FUNCTIONS} functions`)
    await inParallel(FUNCTIONS, DEPLOYMENTS_AT_ONCE, async (i) => void (await platform.deploy3(nameOf(i), hello3)))
  } finally {
    await platform.stop()
  }
}

const nameOf = (index: number) => `many-${index}`

/** By the platform's own code, in time that is simulated. */
async function writeDay(directory: string): Promise<void> {
  const clock = new SimulatedClock(Date.now() - DAY_MS)
  const notify = (message: string): never => {
    throw new Error(message)
  }
  const history = openMetricHistory({ directory }, { clock, random: seededRandom(1), notify })
  for (let passedMs = 0; passedMs < DAY_MS; passedMs += CALLED_EVERY_MS) {
    for (let i = 0; i < FUNCTIONS * CALLS; i++) history.observe(recordOf(nameOf(i % FUNCTIONS), 1 + (i % 97)))
    clock.advance(CALLED_EVERY_MS)
    // What was asked of the database is written before more is.
    const toMs = clock.nowMs()
    await history.query({ metric: 'RegionTotalInvocations', fromMs: toMs - 60_000, toMs, stepMs: 60_000 })
  }
  await history.close()
}

type Record = Parameters<ReturnType<typeof openMetricHistory>['observe']>[0]

function recordOf(functionKey: string, durationMs: number): Record {
  return {
    ...{ requestId: 'r', functionKey, versionId: 'LATEST', qualifier: 'LATEST', instanceId: 'c-1', kind: 'http' },
    ...{ invocationType: 'Sync', startedMs: 0, queuedMs: 0.2, durationMs, billedMs: Math.ceil(durationMs) },
    ...{ memoryMB: 128, maxMemoryMB: 40, coldStart: null, statusCode: 200, errorType: '', errorMessage: '' },
    ...{
      fault: null,
      handled: false,
      requestBytes: 100,
      responseBytes: 1000,
      method: 'GET',
      path: '/',
      clientIp: '',
      traceparent: null,
    },
  }
}

async function askDashboard({ record, say }: RowContext, { port, credentials }: Platform): Promise<void> {
  say('a dashboard of a day')
  const client = createClient(new URL(`http://127.0.0.1:${port}`), () => credentials)
  const toMs = Date.now()
  const period = { from: toMs - DAY_MS, to: toMs }
  const ask = (path: string, query: globalThis.Record<string, string | number>) =>
    client.json({ action: 'Ask', path, query })
  const add = (metric: string, value: number, invalid: string | null = null) =>
    record({ row: 'recording', subject: `sluice, ${FUNCTIONS} functions`, metric, unit: 'ms', value, invalid })

  async function listFunctions(): Promise<number> {
    let count = 0
    for (let nextToken: string | undefined = ''; nextToken !== undefined;) {
      const query = { limit: PAGE, ...(nextToken !== '' && { nextToken }) }
      const page: { functions?: unknown[]; nextToken?: string } = await ask('/2023-03-30/functions', query)
      count += page.functions!.length
      nextToken = page.nextToken === '' ? undefined : page.nextToken
    }
    return count
  }
  const timed = async <Answer>(metric: string, work: Promise<Answer>, isRight: (answer: Answer) => boolean) => {
    const startedMs = performance.now()
    const answer = await work
    add(metric, performance.now() - startedMs, isRight(answer) ? null : 'answered for other than all functions')
  }
  const startedMs = performance.now()
  await Promise.all([
    timed(
      'summary',
      ask('/sluice/v1/metrics/summary', period),
      ({ functions }) => (functions as unknown[]).length === FUNCTIONS,
    ),
    timed('list of functions', listFunctions(), (count) => count === FUNCTIONS),
    timed(
      'charts',
      ask('/sluice/v1/metrics/query', { ...period, metric: CHARTS.join(), step: 5 * 60_000 }),
      ({ series }) => (series as unknown[]).length === CHARTS.length,
    ),
    timed('instances', ask('/sluice/v1/instances', {}), () => true),
  ])
  add('dashboard, all answers', performance.now() - startedMs)
}
