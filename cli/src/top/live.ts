/** `sluice top` on a terminal: drawn again with each reading, key and change of size, and leaves it as it was. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../client.ts'
import { messageOf } from '../errors.ts'
import type { Output } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import { press } from './keys.ts'
import { FIRST_VIEW, render } from './screen.ts'
import { readCosts, type Snapshot, takeSnapshot } from './snapshot.ts'

/** The other screen, no cursor; and back. */
const ENTER = '\u001B[?1049h\u001B[?25l'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const HOME = '\u001B[H'
const CLEAR_LINE = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'
const COSTS_MS = 30_000
const SIZE_UNKNOWN = { columns: 80, rows: 24 }

export interface LiveOptions {
  intervalMs: number
  windowMs: number
}

/** Resolves when the user leaves. Rejects when there is nothing to show at first; later trouble is shown. */
export async function watch(client: Client, terminal: Terminal, output: Output, options: LiveOptions): Promise<void> {
  const { intervalMs, windowMs } = options
  const leaving = new AbortController()
  const signal = AbortSignal.any([terminal.signal, leaving.signal])
  let costs = await readCosts(client, signal)
  let costsMs = Date.now()
  const look = () => takeSnapshot(client, { timeMs: Date.now(), windowMs, costs }, signal)
  let snapshot: Snapshot = await look()
  let view = FIRST_VIEW
  let problem: string | null = null
  const { stdin, stdout } = terminal

  const draw = () => {
    const size = { columns: stdout.columns || SIZE_UNKNOWN.columns, rows: stdout.rows || SIZE_UNKNOWN.rows }
    const lines = render(snapshot, view, size, problem, output)
    stdout.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`)
  }
  const onKeys = (input: Buffer | string) => {
    const next = press(view, input.toString())
    if (next === null) return leaving.abort()
    view = next
    draw()
  }

  const restore = () => {
    stdin.off('data', onKeys)
    stdout.off('resize', draw)
    stdin.setRawMode?.(false)
    stdin.pause()
    stdout.write(LEAVE)
  }
  const forget = terminal.beforeEnd?.(restore)
  stdout.write(ENTER)
  stdin.setRawMode?.(true)
  stdin.on('data', onKeys)
  stdout.on('resize', draw)
  try {
    while (!signal.aborted) {
      draw()
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) break
      try {
        if (Date.now() - costsMs >= COSTS_MS) {
          costs = await readCosts(client, signal)
          costsMs = Date.now()
        }
        snapshot = await look()
        problem = null
      } catch (error) {
        problem = messageOf(error)
      }
    }
  } finally {
    forget?.()
    restore()
  }
}
