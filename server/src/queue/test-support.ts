/** Messages and states to write, and an ear for what becomes due. */
import type { Delivery, MessageQueue, NewMessage, StateWrite } from './port.ts'

export const BASE_MS = Date.UTC(2030, 0, 1)
export const HOUR_MS = 3_600_000
export const LEASE_MS = 30_000

export function messageOf(id: string, changes: Partial<NewMessage> = {}): NewMessage {
  const [dueMs, expiresMs] = [BASE_MS, BASE_MS + 24 * HOUR_MS]
  return { id, group: 'a', body: Buffer.from(id), attributes: '{}', dueMs, expiresMs, ...changes }
}

export function stateOf(key: string, changes: Partial<StateWrite> = {}): StateWrite {
  const expiresMs = BASE_MS + 24 * HOUR_MS
  return {
    group: 'a',
    key,
    status: 'Enqueued',
    startedMs: BASE_MS,
    document: '{}',
    isNew: false,
    expiresMs,
    ...changes,
  }
}

export async function receiveIds(queue: MessageQueue, group = 'a', limit = 100): Promise<string[]> {
  return idsOf(await queue.receive(group, limit, LEASE_MS))
}

export function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ id }) => id)
}

export interface Ear {
  /** Groups that became due, in order. */
  heard: string[]
  /** Resolves with the next group that is told. */
  next(): Promise<string>
}

export function listen(queue: MessageQueue): Ear {
  const heard: string[] = []
  let waiting: ((group: string) => void)[] = []
  queue.onDue((group) => {
    heard.push(group)
    for (const resolve of waiting) resolve(group)
    waiting = []
  })
  return { heard, next: () => new Promise((resolve) => waiting.push(resolve)) }
}
