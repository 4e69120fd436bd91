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
import { cold } from './rows/cold.ts'
import { deploy } from './rows/deploy.ts'
import { idle, memory, ready } from './rows/idle.ts'
import type { RunRow } from './rows/row.ts'
import { scale } from './rows/scale.ts'
import { OUR_NAMES, RATIO_METRICS, warm } from './rows/warm.ts'
import { ratioTable, rowTable } from './table.ts'

const RESULTS = fileURLToPath(import.meta.resolve('../results'))
const RUN: Record<Row, RunRow> = { warm, cold, memory, ready, deploy, idle, scale }

const say = (text: string) => process.stderr.write(`${text}\n`)

async function main(options: Options): Promise<boolean> {
  const load = chooseLoadGenerator()
  if (load.name === 'autocannon') {
    say('*** wrk was not found: autocannon is slower than the servers it measures, so ratios are bounded by it ***')
  }
  const measurements: Measurement[] = []
  const failed: string[] = []
  for (const row of options.rows) {
    try {
      await RUN[row]({
        options,
        load,
        say: (text) => say(`[${row}] ${text}`),
        record: (measurement) => measurements.push({ invalid: null, ...measurement }),
      })
    } catch (error) {
      failed.push(row)
      say(`[${row}] failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    printRow(row, measurements)
  }
  keep(options, load.name, measurements, failed)
  if (failed.length > 0) say(`rows that failed: ${failed.join(', ')}`)
  return failed.length === 0 && measurements.every(({ invalid }) => invalid === null)
}

function printRow(row: Row, measurements: readonly Measurement[]): void {
  const summaries = summarise(measurements.filter((measurement) => measurement.row === row))
  if (summaries.length === 0) return
  process.stdout.write(
    `\n${row}, medians of ${Math.max(...summaries.map(({ count }) => count))} rounds\n\n${rowTable(summaries)}\n`,
  )
  const compared = ratios(summaries, OUR_NAMES, row === 'warm' ? RATIO_METRICS : ['cold start p50'])
  if (compared.length > 0) process.stdout.write(`\n${ratioTable(compared)}\n`)
}

function keep(options: Options, loadGenerator: string, measurements: readonly Measurement[], failed: string[]): void {
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', memoryBytes: totalmem(), node: process.version }
  const at = new Date().toISOString()
  const report = { at, machine, loadGenerator, options, failed, summaries: summarise(measurements), measurements }
  const files = [join(RESULTS, `${at.replaceAll(':', '-')}.json`), ...(options.json ? [resolve(options.json)] : [])]
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
