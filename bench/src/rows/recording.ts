/** What it costs that each call is recorded, and how fast what was recorded of 1000 functions is told. */
import { fileURLToPath } from 'node:url'
import type { Settings } from '../platform.ts'
import { sluicePeers } from '../peers/sluice.ts'
import { cpuMs, hasProc } from '../system.ts'
import { measureDashboard } from './dashboard.ts'
import { rotate, settingsOf, type RowContext, type RunRow } from './row.ts'
import { wrongAnswer } from './warm.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
const WITHOUT = fileURLToPath(import.meta.resolve('../apps/without-recording.mjs'))
export const recording: RunRow = async (context) => {
  await measureCost(context)
  await measureDashboard(context)
}

async function measureCost(context: RowContext): Promise<void> {
  const subjects: [string, Settings][] = [
    ['sluice', settingsOf(context)],
    ['sluice without records', settingsOf(context, { NODE_OPTIONS: `--import=${WITHOUT}` })],
  ]
  context.note(
    'without records: compose-compute.ts with a record sink and a meter that do nothing, replaced when it is loaded',
  )
  for (let round = 0; round < context.options.rounds; round++) {
    const figures = new Map<string, Figures>()
    // One after the other: of two that run beside each other the one that was started later is faster.
    for (const [name, settings] of rotate(subjects, round)) figures.set(name, await measure(context, name, settings))
    const [records, none] = subjects.map(([name]) => figures.get(name)!) as [Figures, Figures]
    const cost = (metric: string, unit: string, value: number) =>
      context.record({
        row: 'recording',
        subject: 'sluice',
        metric,
        unit,
        value,
        invalid: records.invalid ?? none.invalid,
      })
    cost('cost of recording', '% of throughput', (1 - records.rate / none.rate) * 100)
    if (hasProc) cost('CPU of recording', 'us/request', records.cpuUs - none.cpuUs)
  }
}

interface Figures {
  rate: number
  cpuUs: number
  invalid: string | null
}

async function measure({ options, load, record, say }: RowContext, name: string, settings: Settings): Promise<Figures> {
  say(name)
  // The function of 3.0.
  const running = await sluicePeers(settings)[1]!.start()
  try {
    const wrong = await wrongAnswer(running)
    await load.run(running, CONNECTIONS, WARM_UP_SECONDS)
    const cpuBeforeMs = hasProc ? cpuMs(running.pids()) : 0
    const result = await load.run(running, CONNECTIONS, options.loadSeconds)
    const cpuUs = hasProc ? ((cpuMs(running.pids()) - cpuBeforeMs) * 1000) / result.requests : 0
    const invalid = wrong ?? (result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null)
    const add = (metric: string, unit: string, value: number) =>
      record({ row: 'recording', subject: name, metric, unit, value, invalid })
    add('rate c=64', '1/s', result.requestsPerSecond)
    if (hasProc) add('cpu c=64', 'us/request', cpuUs)
    return { rate: result.requestsPerSecond, cpuUs, invalid }
  } finally {
    await running.stop()
  }
}
