/**
 * npm run bench [-- --quick] [--only warm,cold] [--json file]
 *
 * Measures Sluice and its peers in turns, prints medians and ratios, and keeps every value in bench/results/.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseLoadGenerator } from './load.ts'
import { ratios, summarise } from './measurement.ts'
import type { Measurement } from './measurement.ts'
import { parseOptions } from './options.ts'
import type { Options, Row } from './options.ts'
import { asyncRow } from './rows/async.ts'
import { cold } from './rows/cold.ts'
import { deploy } from './rows/deploy.ts'
import { burst } from './rows/burst.ts'
import { density } from './rows/density.ts'
import { idle, ready } from './rows/idle.ts'
import { languages } from './rows/languages.ts'
import { logs } from './rows/logs.ts'
import { memory } from './rows/memory.ts'
import { mix } from './rows/mix.ts'
import { RATIO_METRICS as OBJECT_METRICS, objects } from './rows/objects.ts'
import { rate } from './rows/rate.ts'
import { recording } from './rows/recording.ts'
import type { RunRow } from './rows/row.ts'
import { scale } from './rows/scale.ts'
import { RATIO_METRICS, warm } from './rows/warm.ts'
import { ratioTable, rowTable, targetTable } from './table.ts'
import { judge } from './targets.ts'

const RESULTS = fileURLToPath(import.meta.resolve('../results'))
const RUN: Record<Row, RunRow> = {
  warm,
  mix,
  cold,
  languages,
  rate,
  burst,
  memory,
  density,
  ready,
  deploy,
  idle,
  scale,
  async: asyncRow,
  objects,
  recording,
  logs,
}
/** Of these metrics it is told how we compare with each peer. */
const COMPARED: Partial<Record<Row, readonly string[]>> = {
  warm: RATIO_METRICS,
  cold: ['cold start p50'],
  rate: ['starts'],
  burst: ['last answer'],
  objects: OBJECT_METRICS,
}

const say = (text: string) => process.stderr.write(`${text}\n`)

async function main(options: Options): Promise<boolean> {
  const load = chooseLoadGenerator()
  if (load.name === 'autocannon') {
    say('*** wrk was not found: autocannon is slower than the servers it measures, so ratios are bounded by it ***')
  }
  const measurements: Measurement[] = []
  const failed: string[] = []
  const notes: Partial<Record<Row, string[]>> = {}
  for (const row of options.rows) {
    const rowNotes: string[] = []
    notes[row] = rowNotes
    try {
      await RUN[row]({
        options,
        load,
        say: (text) => say(`[${row}] ${text}`),
        note: (text) => {
          if (!rowNotes.includes(text)) rowNotes.push(text)
        },
        record: (measurement) => measurements.push({ invalid: null, ...measurement }),
      })
    } catch (error) {
      failed.push(row)
      say(`[${row}] failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    printRow(row, measurements, rowNotes)
  }
  keep({ options, loadGenerator: load.name, failed, notes }, measurements)
  if (failed.length > 0) say(`rows that failed: ${failed.join(', ')}`)
  return failed.length === 0 && measurements.every(({ invalid }) => invalid === null)
}

function printRow(row: Row, measurements: readonly Measurement[], notes: readonly string[]): void {
  // A row may have further tables, named after it.
  const summaries = summarise(measurements.filter((one) => one.row === row || one.row.startsWith(`${row},`)))
  if (summaries.length === 0) return
  for (const [table, part] of Map.groupBy(summaries, (summary) => summary.row)) {
    print(`${table}, medians of up to ${Math.max(...part.map(({ count }) => count))} rounds`, rowTable(part))
  }
  print(null, notes.map((note) => `  ${note}`).join('\n'))
  const ours = [...new Set(summaries.map(({ subject }) => subject))].filter((subject) => subject.startsWith('sluice'))
  const compared = ratios(summaries, ours, COMPARED[row] ?? [])
  if (compared.length > 0) print(null, ratioTable(compared))
  const verdicts = judge(summaries)
  if (verdicts.length > 0) print(null, targetTable(verdicts))
}

function print(title: string | null, text: string): void {
  process.stdout.write(title === null ? `\n${text}\n` : `\n${title}\n\n${text}\n`)
}

interface Run {
  options: Options
  loadGenerator: string
  failed: readonly string[]
  /** What a row's figures are to be read with. */
  notes: Partial<Record<Row, readonly string[]>>
}

function keep(run: Run, measurements: readonly Measurement[]): void {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', memoryBytes: totalmem(), node: process.version }
  const at = new Date().toISOString()
  const report = { at, machine, ...run, summaries: summarise(measurements), measurements }
  const files = [
    join(RESULTS, `${at.replaceAll(':', '-')}.json`),
    ...(run.options.json ? [resolve(run.options.json)] : []),
  ]
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
    say(`kept in ${file}`)
  }
}

try {
  process.exitCode = (await main(parseOptions(process.argv.slice(2)))) ? 0 : 1
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
