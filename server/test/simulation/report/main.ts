/**
 * Replays workloads on the real scheduler and writes the report: `npm run simulate`.
 *
 *   --out FOLDER          where to (docs/simulation)
 *   --seed N              another draw of the generated workloads (1)
 *   --azure-2019 I,D,M    a trace of one's own: invocations, durations, memory
 *   --azure-2021 FILE
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readAzure2019, readAzure2021 } from '../azure-traces.ts'
import { bursts, diurnal, flashCrowd, longTail, steady } from '../generated.ts'
import type { Workload } from '../workload.ts'
import { flashCrowdChart, memoryChart, tradeOffChart } from './charts.ts'
import { fixed, follow, learned, measure } from './measure.ts'
import { writePage, type PressureRow, type Result } from './page.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(import.meta.dirname, '../../../../docs/simulation') },
    seed: { type: 'string', default: '1' },
    'azure-2019': { type: 'string' },
    'azure-2021': { type: 'string' },
  },
})
const seed = Number(values.seed)
if (!Number.isInteger(seed) || seed < 0)
  throw new Error(`--seed must be a whole number from 0 on, not '${values.seed}'`)

const TABLE_POLICIES = [fixed(1), fixed(10), fixed(60), learned(5), learned(10)]
const CURVE_POLICIES = [...[1, 5, 10, 30, 60].map(fixed), ...[1, 5, 10, 30].map(learned)]
const HOST_MEMORY_GB = [4, 6, 8, 12, 16, 24, 32]

const read = (path: string) => readFileSync(resolve(path), 'utf8')
const sample = (name: string) => read(join(import.meta.dirname, '../traces', `${name}.csv`))

function traces(): Workload[] {
  const given: Workload[] = []
  const of2019 = values['azure-2019']?.split(',')
  if (of2019 !== undefined && of2019.length !== 3) {
    throw new Error('--azure-2019 needs three files with commas between them: invocations,durations,memory')
  }
  if (of2019) given.push(readAzure2019(read(of2019[0]!), read(of2019[1]!), read(of2019[2]!), seed))
  if (values['azure-2021']) given.push(readAzure2021(read(values['azure-2021'])))
  if (given.length > 0) return given
  const of = (part: string) => sample(`azure-2019-${part}`)
  return [readAzure2019(of('invocations'), of('durations'), of('memory'), seed), readAzure2021(sample('azure-2021'))]
}

const flash = flashCrowd(seed)
const tail = longTail(seed)
const curved = [diurnal(seed), bursts(seed), tail]
const workloads = [steady(seed), curved[0]!, curved[1]!, flash, tail, ...traces()]

const results: Result[] = []
for (const workload of workloads) {
  const rows: Result['rows'][number][] = []
  for (const policy of TABLE_POLICIES) rows.push({ policy, figures: await measure(workload, policy, seed) })
  results.push({ workload, rows })
  console.log(`${workload.name}: ${workload.arrivals.length} requests replayed under ${rows.length} policies`)
}

const curves: Result[] = []
for (const workload of curved) {
  const rows: Result['rows'][number][] = []
  for (const policy of CURVE_POLICIES) rows.push({ policy, figures: await measure(workload, policy, seed) })
  curves.push({ workload, rows })
}

const pressure: PressureRow[] = []
for (const memoryGB of HOST_MEMORY_GB) {
  const memoryMB = memoryGB * 1024
  pressure.push({ memoryMB, figures: await measure(tail, learned(5), seed, { memoryMBMax: memoryMB }) })
}

const out = resolve(values.out)
mkdirSync(out, { recursive: true })
const write = (name: string, text: string) => writeFileSync(join(out, name), text)
write('README.md', writePage(seed, results, pressure))
write('trade-off.svg', tradeOffChart(curves))
write('flash-crowd.svg', flashCrowdChart(flash, await follow(flash, learned(5), seed, 15_000)))
write('memory.svg', memoryChart(pressure))
console.log(`written to ${out}`)
