/** The report as a page of Markdown. */
import type { Workload } from '../workload.ts'
import type { Figures, Policy } from './measure.ts'

export interface Result {
  workload: Workload
  rows: readonly { policy: Policy; figures: Figures }[]
}

export interface PressureRow {
  memoryMB: number
  figures: Figures
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.001 ? 3 : share < 0.1 ? 2 : 1)} %`
const number = (value: number) =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}

const FIGURES = ['cold starts', 'idle memory, GB·h', 'queueing p99, ms', 'starts', 'most instances', 'refused']

function resultTable({ workload, rows }: Result): string {
  const hours = workload.durationMs / 3_600_000
  const head = ['keep-alive', ...FIGURES]
  return [
    `### ${workload.name}`,
    '',
    `${workload.about}; ${number(workload.arrivals.length)} requests in ${number(hours)} h, ` +
      `busy for ${number(rows[0]!.figures.busyGBh)} GB·h.`,
    '',
    table(
      head,
      rows.map(({ policy, figures }) => [
        policy.name,
        percent(figures.coldShare),
        number(figures.idleGBh),
        number(figures.waitP99Ms),
        number(figures.starts),
        number(figures.liveMax),
        number(figures.refused),
      ]),
    ),
  ].join('\n')
}

export function writePage(seed: number, results: readonly Result[], pressure: readonly PressureRow[]): string {
  return `# Simulation: what keep-alive costs and what it saves

Made by \`npm run simulate\`: the pools, the fleet and the scheduler of this repository, as they are, driven through
hours of traffic in simulated time (seed ${seed}; the same seed gives the same page). Instances are simulated: a start
takes the time that the function's cold start takes, give or take a fifth, and eight starts run at once.

- **cold starts**: share of requests that waited for an instance to start.
- **idle memory**: memory of instances that were up and served nobody, times how long.
- **queueing p99**: of the time from a request's arrival to its slot.
- **learned** is what the platform does: the setting \`keepAliveSeconds\` (5 min by default) says how much idle time one
  cold start is worth, and each function's own gaps decide ([decision 8](../decisions/0008-what-the-scheduler-decides.md)).
  The others keep every idle instance for the same time.

## What memory buys

![Share of cold starts against idle memory for fixed and learned keep-alives](trade-off.svg)

Down and to the left is better. A keep-alive moves along its line: more memory, fewer cold starts.

## A flash crowd

![Requests, instances and waiting requests over time](flash-crowd.svg)

## When memory is short

The long tail again, with the default setting, on hosts that hold fewer instances than it would keep: those that are
cheapest to lose make room (greedy-dual by frequency, cold start and size).

![Cold starts and queueing against the memory of the host](memory.svg)

${table(
  ['memory for instances, GB', ...FIGURES],
  pressure.map(({ memoryMB, figures }) => [
    number(memoryMB / 1024),
    percent(figures.coldShare),
    number(figures.idleGBh),
    number(figures.waitP99Ms),
    number(figures.starts),
    number(figures.liveMax),
    number(figures.refused),
  ]),
)}

## The figures

${results.map(resultTable).join('\n\n')}

## Your own traces

\`\`\`
npm run simulate -- --out /tmp/report --azure-2021 trace.csv
npm run simulate -- --out /tmp/report --azure-2019 invocations.csv,durations.csv,memory.csv
\`\`\`

read the public [Azure Functions traces](https://github.com/Azure/AzurePublicDataset) (CC-BY; cite Shahrad et al., USENIX
ATC 2020, and Zhang et al., SOSP 2021). A whole day of them is more than memory holds: take a sample of functions. The
samples above are in [server/test/simulation/traces](../../server/test/simulation/traces/README.md).
`
}
