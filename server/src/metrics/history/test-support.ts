/** A history over a database without a thread, in simulated time. */
import { SimulatedClock } from '../../simulated-clock.ts'
import { IN_MEMORY } from '../../storage-thread-side.ts'
import { recordOf } from '../../logs/test-support.ts'
import { openMinutes } from './database.ts'
import { History, type HistoryOptions } from './history.ts'
import type { MinuteAsks } from './messages.ts'
import { MinuteStore } from './minute-store.ts'

/** A whole day, UTC. */
export const START_MS = Date.UTC(2030, 0, 1)
export const MINUTE_MS = 60_000

/** What the storage thread does, at once; `fail` makes the database refuse. */
export function directThread(file = IN_MEMORY) {
  const { database, handlers } = openMinutes({ file })
  const state = { fail: null as string | null, asks: [] as string[] }
  return {
    ...{ state, database },
    async ask<Kind extends keyof MinuteAsks>(
      kind: Kind,
      ask: MinuteAsks[Kind]['ask'],
      bytes: Uint8Array | null = null,
    ): Promise<MinuteAsks[Kind]['answer']> {
      state.asks.push(kind)
      if (state.fail !== null) throw new Error(state.fail)
      database.exec('BEGIN')
      const answer = handlers[kind](ask, bytes ?? new Uint8Array())
      database.exec('COMMIT')
      return answer
    },
    async close() {},
  }
}

export interface World {
  clock: SimulatedClock
  history: History
  thread: ReturnType<typeof directThread>
  notices: string[]
  call: (functionKey: string, count?: number, changes?: Parameters<typeof recordOf>[0]) => void
}

export function makeWorld(
  options: HistoryOptions & { thread?: World['thread']; clock?: SimulatedClock; writer?: string } = {},
): World {
  const { thread = directThread(), clock = new SimulatedClock(START_MS), writer = 'w', ...bounds } = options
  const notices: string[] = []
  const store = new MinuteStore(thread, writer, 1024 ** 3, (notice) => notices.push(notice))
  const history = new History(store, clock, bounds)
  return {
    ...{ clock, history, thread, notices },
    call(functionKey, count = 1, changes = {}) {
      for (let i = 0; i < count; i++) history.observe(recordOf({ functionKey, ...changes }))
    },
  }
}

export async function valuesOf(
  { history }: Pick<World, 'history'>,
  metric: string,
  query: { fromMs: number; toMs: number; stepMs: number; functionKey?: string; service?: string; instanceId?: string },
): Promise<(number | null)[]> {
  return (await history.query({ metric, ...query })).points.map(({ value }) => value)
}
