/** What it costs that each call is recorded, and how fast what was recorded of 1000 functions is told. */
import { fileURLToPath } from 'node:url'
import type { Settings } from '../platform.ts'
import { sluicePeers } from '../peers/sluice.ts'
import type { RunningPeer } from '../peers/peer.ts'
import { cpuMs, hasProc } from '../system.ts'
import { measureDashboard } from './dashboard.ts'
import { rotate, settingsOf, type RowContext, type RunRow } from './row.ts'
import { wrongAnswer } from './warm.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
const WITHOUT = fileURLToPath(import.meta.resolve('../apps/without-recording.mjs'))
/** The load run of a round is cut into so many, in turns: the difference is small beside what a machine does meanwhile. */
const TURNS = 4

export const recording: RunRow = async (context) => {
  await measureCost(context)
  await measureDashboard(context)
}

interface Subject {
  name: string
  running: RunningPeer
}

async function measureCost(context: RowContext): Promise<void> {
  const subjects: Subject[] = []
  const settings: [string, Settings][] = [
    ['sluice', settingsOf(context)],
    ['sluice without records', settingsOf(context, { NODE_OPTIONS: `--import=${WITHOUT}` })],
  ]
  context.note('without records: compose.ts with a record sink and a meter that do nothing, replaced when it is loaded')
  try {
    for (const [name, own] of settings) {
      context.say(`starting ${name}`)
      // The function of 3.0.
      const running = await sluicePeers(own)[1]!.start()
      subjects.push({ name, running })
      const wrong = await wrongAnswer(running)
      if (wrong !== null) throw new Error(`${name} ${wrong}`)
      await context.load.run(running, CONNECTIONS, WARM_UP_SECONDS)
    }
    for (let round = 0; round < context.options.rounds; round++) await measureRound(context, subjects, round)
  } finally {
    await Promise.all(subjects.map(({ running }) => running.stop()))
  }
}

async function measureRound({ options, load, record, say }: RowContext, subjects: Subject[], round: number) {
  const totals = subjects.map(({ name }) => ({ name, requests: 0, seconds: 0, cpuMs: 0, failures: 0 }))
  for (let turn = 0; turn < TURNS; turn++) {
    for (const index of rotate([0, 1], round + turn)) {
      const { name, running } = subjects[index]!
      say(name)
      const total = totals[index]!
      const cpuBeforeMs = hasProc ? cpuMs(running.pids()) : 0
      const result = await load.run(running, CONNECTIONS, Math.max(1, Math.round(options.loadSeconds / 2)))
      total.cpuMs += hasProc ? cpuMs(running.pids()) - cpuBeforeMs : 0
      total.requests += result.requests
      total.seconds += result.requests / result.requestsPerSecond
      total.failures += result.failures
    }
  }
  const [rates, cpus] = [
    totals.map((one) => one.requests / one.seconds),
    totals.map((one) => (one.cpuMs * 1000) / one.requests),
  ]
  const failures = totals.reduce((sum, one) => sum + one.failures, 0)
  const invalid = failures > 0 ? `${failures} answers failed` : null
  for (const [index, { name }] of totals.entries()) {
    const add = (metric: string, unit: string, value: number) =>
      record({ row: 'recording', subject: name, metric, unit, value, invalid })
    add('rate c=64', '1/s', rates[index]!)
    if (hasProc) add('cpu c=64', 'us/request', cpus[index]!)
  }
  const cost = (metric: string, unit: string, value: number) =>
    record({ row: 'recording', subject: 'sluice', metric, unit, value, invalid })
  cost('cost of recording', '% of throughput', (1 - rates[0]! / rates[1]!) * 100)
  if (hasProc) cost('CPU of recording', 'us/request', cpus[0]! - cpus[1]!)
}
