import type { AddCommand } from '../context.ts'
import { parseSpan } from '../time.ts'
import { watch } from '../top/live.ts'
import { columns, FIRST_VIEW, sorted } from '../top/screen.ts'
import { readCosts, takeSnapshot } from '../top/snapshot.ts'

const INTERVAL_MS = 2000
const WINDOW_MS = 10_000

interface TopOptions {
  interval?: string
  window?: string
  once?: boolean
}

export const addTop: AddCommand = (program, contextOf) => {
  program
    .command('top')
    .description('what functions do now, live: calls, errors, times, instances, cost')
    .option('--window <duration>', 'calls, errors and times are of so much time before now (10s)')
    .option('--interval <duration>', 'read again so often (2s)')
    .option('--once', 'as it is now, and no more; so it is in a pipe, too')
    .action(async (options: TopOptions, command) => {
      const { client: connect, output, terminal } = contextOf(command)
      const client = connect()
      const windowMs = options.window === undefined ? WINDOW_MS : parseSpan('--window', options.window)
      const intervalMs = options.interval === undefined ? INTERVAL_MS : parseSpan('--interval', options.interval)
      const isLive = terminal.stdout.isTTY === true && !options.once && !output.json
      if (isLive) return watch(client, terminal, output, { intervalMs, windowMs })
      const { signal } = terminal
      const at = { timeMs: Date.now(), windowMs, costs: await readCosts(client, signal) }
      const snapshot = await takeSnapshot(client, at, signal)
      const { functions, costs, ...rest } = snapshot
      if (output.json) {
        const known = costs && { ...costs, functions: Object.fromEntries(costs.functions) }
        return output.result({ ...rest, functions, costs: known }, '')
      }
      const names = columns.map(({ title }) => title.toLowerCase())
      const rows = sorted(functions, FIRST_VIEW).map((row) =>
        Object.fromEntries(columns.map(({ show }, i) => [names[i]!, show(row, snapshot)])),
      )
      output.table([], rows, names, 'nothing runs')
    })
}
