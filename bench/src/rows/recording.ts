/** What it costs that each call is recorded, and how fast what was recorded of 1000 functions is told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sluicePeers } from '../peers/sluice.ts'
import { measureDashboard } from './dashboard.ts'
import { settingsOf, type RowContext, type RunRow } from './row.ts'
import { wrongAnswer } from './warm.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 3
/** Turns with records and without, of a second each. */
const SECONDS = 20
const BY_TURNS = fileURLToPath(import.meta.resolve('../apps/recording-by-turns.mjs'))

export const recording: RunRow = async (context) => {
  context.note('cost of recording: one platform that records for a second and does not for the next, main thread')
  for (let round = 0; round < context.options.rounds; round++) await measureCost(context)
  await measureDashboard(context)
}

interface Turn {
  isRecording: boolean
  requests: number
  ms: number
  cpuUs: number
}

async function measureCost(context: RowContext): Promise<void> {
  const { load, record, say } = context
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const file = join(folder, 'turns')
  const settings = settingsOf(context, { NODE_OPTIONS: `--import=${BY_TURNS}`, SLUICE_BENCH_TURNS: file })
  say('with records and without, by turns')
  // The function of 3.0.
  const running = await sluicePeers(settings)[1]!.start()
  try {
    const wrong = await wrongAnswer(running)
    await load.run(running, CONNECTIONS, WARM_UP_SECONDS)
    const before = turnsIn(file).length
    const result = await load.run(running, CONNECTIONS, SECONDS)
    // The first and the last are not of load alone.
    const turns = turnsIn(file).slice(before + 1, -1)
    const invalid = wrong ?? (result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null)
    const add = (metric: string, unit: string, value: number) =>
      record({ row: 'recording', subject: 'sluice', metric, unit, value, invalid })
    const sums = [true, false].map((isRecording) => sumOf(turns.filter((turn) => turn.isRecording === isRecording)))
    const [records, none] = sums as [Turn, Turn]
    const rateOf = ({ requests, ms }: Turn) => (requests * 1000) / ms
    const cpuOf = ({ requests, cpuUs }: Turn) => cpuUs / requests
    add('rate with records', '1/s', rateOf(records))
    add('rate without', '1/s', rateOf(none))
    add('cost of recording', '% of throughput', (1 - rateOf(records) / rateOf(none)) * 100)
    add('CPU of recording', 'us/request', cpuOf(records) - cpuOf(none))
  } finally {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function turnsIn(file: string): Turn[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Turn)
}

function sumOf(turns: readonly Turn[]): Turn {
  const sum = (pick: (turn: Turn) => number) => turns.reduce((total, turn) => total + pick(turn), 0)
  return {
    isRecording: turns[0]!.isRecording,
    requests: sum(({ requests }) => requests),
    ms: sum(({ ms }) => ms),
    cpuUs: sum(({ cpuUs }) => cpuUs),
  }
}
