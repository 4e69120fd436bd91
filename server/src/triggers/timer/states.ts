/** The last run of each timer, kept in the states of the durable queue: there it changes in one commit with the run itself. */
import type { MessageQueue, StateWrite } from '../../queue/port.ts'

const GROUP = 'timers'
const PAGE_LIMIT = 1000
/** A timer that does not run when it should is remembered so long. */
const KEPT_MS = 30 * 86_400_000

export interface TimerStates {
  /** Due time of the last run by the id of its trigger. */
  readAll(): Promise<Map<string, number>>
  forget(triggerId: string): Promise<void>
}

export function createTimerStates(queue: Pick<MessageQueue, 'listStates' | 'writeStates'>): TimerStates {
  return {
    async readAll() {
      const runs = new Map<string, number>()
      let cursor: string | null = null
      do {
        const page = await queue.listStates({
          group: GROUP,
          order: 'ascending',
          limit: PAGE_LIMIT,
          ...(cursor !== null && { cursor }),
        })
        for (const { key, startedMs } of page.states) runs.set(key, startedMs)
        cursor = page.cursor
      } while (cursor !== null)
      return runs
    },
    forget: (triggerId) => queue.writeStates([{ ...timerState(triggerId, 0, 0), expiresMs: 0 }]),
  }
}

/** That a timer ran at a due time, and when it is due next. */
export function timerState(triggerId: string, lastMs: number, nextMs: number): StateWrite {
  return {
    group: GROUP,
    key: triggerId,
    status: 'Run',
    startedMs: lastMs,
    document: '{}',
    isNew: false,
    expiresMs: Math.max(lastMs, nextMs) + KEPT_MS,
  }
}
