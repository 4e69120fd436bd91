/** Readers of the two formats in which the Azure Functions traces are published. */
import { seededRandom } from '../../src/simulated-clock.ts'
import { byTime, type Arrival, type SimulatedFunction, type Workload } from './workload.ts'

const MINUTE_MS = 60_000
/** The traces tell no cold start; this is one of an interpreted language with a few packages. */
const COLD_START_MS = 300
const MEMORY_MB_DEFAULT = 128

type Row = Record<string, string>

/** The rows of a CSV text whose fields are never quoted, by the names in its first line. */
function readCsv(text: string): Row[] {
  const [head = '', ...lines] = text.split(/\r?\n/).filter((line) => line !== '')
  const names = head.split(',')
  return lines.map((line) => {
    const fields = line.split(',')
    if (fields.length !== names.length) {
      throw new Error(`a row has ${fields.length} fields where the head has ${names.length}: ${line.slice(0, 80)}`)
    }
    return Object.fromEntries(names.map((name, i) => [name, fields[i]!]))
  })
}

function numberIn(row: Row, name: string): number {
  const value = Number(row[name])
  if (row[name] === undefined || row[name] === '' || !Number.isFinite(value) || value < 0) {
    throw new Error(`'${name}' is '${row[name] ?? ''}', a number from 0 on is needed`)
  }
  return value
}

/**
 * The 2019 format: invocations in each minute, and for each function its durations, for each app its memory. Within a
 * minute arrivals are spread at random, as the trace says nothing of seconds; durations follow their percentiles.
 */
export function readAzure2019(invocations: string, durations: string, memory: string, seed: number): Workload {
  const random = seededRandom(seed)
  const durationOf = new Map(readCsv(durations).map((row) => [row['HashFunction'], row]))
  const memoryOf = new Map(readCsv(memory).map((row) => [row['HashApp'], numberIn(row, 'AverageAllocatedMb')]))
  const functions = new Map<string, SimulatedFunction>()
  const arrivals: Arrival[] = []
  let minutes = 0
  for (const row of readCsv(invocations)) {
    const key = row['HashFunction']!
    const memoryMB = Math.ceil(memoryOf.get(row['HashApp']) ?? MEMORY_MB_DEFAULT)
    functions.set(key, { memoryMB, coldStartMs: COLD_START_MS, instanceConcurrency: 1 })
    const duration = durationOf.get(key)
    for (let minute = 1; row[String(minute)] !== undefined; minute++) {
      minutes = Math.max(minutes, minute)
      for (let left = numberIn(row, String(minute)); left > 0; left--) {
        const serviceMs = duration === undefined ? 1000 : durationAt(duration, random.fraction())
        arrivals.push({ atMs: (minute - 1 + random.fraction()) * MINUTE_MS, key, serviceMs })
      }
    }
  }
  arrivals.sort(byTime)
  return { name: 'azure-2019', about: 'sample of the 2019 trace', durationMs: minutes * MINUTE_MS, functions, arrivals }
}

const PERCENTILES = [0, 1, 25, 50, 75, 99, 100] as const

/** The duration at a quantile (0..1), straight between the percentiles that the trace gives. */
function durationAt(row: Row, quantile: number): number {
  const above = Math.max(
    1,
    PERCENTILES.findIndex((percentile) => percentile >= quantile * 100),
  )
  const [from, to] = [PERCENTILES[above - 1]!, PERCENTILES[above]!]
  const [low, high] = [numberIn(row, `percentile_Average_${from}`), numberIn(row, `percentile_Average_${to}`)]
  return low + ((high - low) * (quantile * 100 - from)) / (to - from)
}

/** The 2021 format: one row an invocation, with its end and its duration in seconds. */
export function readAzure2021(text: string): Workload {
  const functions = new Map<string, SimulatedFunction>()
  const arrivals = readCsv(text).map((row): Arrival => {
    const key = row['func']!
    functions.set(key, { memoryMB: MEMORY_MB_DEFAULT, coldStartMs: COLD_START_MS, instanceConcurrency: 1 })
    const serviceMs = numberIn(row, 'duration') * 1000
    // The trace begins at some moment: what began before it is taken to begin with it.
    return { atMs: Math.max(0, numberIn(row, 'end_timestamp') * 1000 - serviceMs), key, serviceMs }
  })
  arrivals.sort(byTime)
  const durationMs = arrivals.reduce((last, { atMs, serviceMs }) => Math.max(last, atMs + serviceMs), 0)
  return { name: 'azure-2021', about: 'sample of the 2021 trace', durationMs, functions, arrivals }
}
