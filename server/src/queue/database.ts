/** Messages in SQLite. Synchronous: it belongs in a thread of its own. */
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { IN_MEMORY, openDatabase, Refusal } from '../storage-thread-side.ts'
import type { Storage } from '../storage-thread-side.ts'
import { DiskReserve } from './disk-reserve.ts'
import type {
  QueueAsks,
  QueueData,
  QueueOpened,
  QueueRefusal,
  Removed,
  Returned,
  StoredDelivery,
  Waiting,
} from './messages.ts'
import { createStateHandlers, STATE_SCHEMA } from './state-database.ts'

const FILE_NAME = 'queue.db'
const FORMAT = 1
/** What a message takes on the disk beside its body and attributes, about. */
const MESSAGE_OVERHEAD_BYTES = 400

/**
 * Bodies stand apart, so that a delivery does not write them again. Who is in flight is known by the running process
 * only: at the start nothing is. `seq` keeps the order of what is due at the same time.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    groupName TEXT NOT NULL,
    dueMs INTEGER NOT NULL,
    expiresMs INTEGER NOT NULL,
    enqueuedMs INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    isInFlight INTEGER NOT NULL,
    bodyBytes INTEGER NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS waiting_by_due ON messages (groupName, dueMs, seq) WHERE isInFlight = 0;
  CREATE INDEX IF NOT EXISTS waiting_by_age ON messages (groupName, enqueuedMs) WHERE isInFlight = 0;
  ${STATE_SCHEMA}
`

/** Throws an error for the operator when the file cannot be used. */
export function openQueueDatabase({ directory, freeBytesMin }: QueueData): Storage<QueueAsks> {
  const file = directory === IN_MEMORY ? IN_MEMORY : join(directory, FILE_NAME)
  const database = openDatabase(file, 'queue', SCHEMA, FORMAT)
  database.exec('UPDATE messages SET isInFlight = 0 WHERE isInFlight = 1')
  const states = createStateHandlers(database)
  const reserve = directory === IN_MEMORY ? NO_DISK : diskReserve(database, directory, freeBytesMin)
  return {
    database,
    opened: summary(database),
    reads: ['readState', 'listStates', 'check'],
    handlers: { ...createMessageHandlers(database, reserve, states.change), ...states.handlers },
  }
}

function diskReserve(database: DatabaseSync, directory: string, freeBytesMin: number): DiskReserve {
  const freePages = database.prepare('PRAGMA freelist_count')
  const pageBytes = database.prepare('PRAGMA page_size').get()!['page_size'] as number
  return new DiskReserve(directory, freeBytesMin, () => (freePages.get()!['freelist_count'] as number) * pageBytes)
}

function summary(database: DatabaseSync): QueueOpened {
  const groups = database.prepare(`
    SELECT groupName AS "group", count(*) AS waiting, sum(bodyBytes) AS bodyBytes, min(dueMs) AS nextDueMs,
      min(enqueuedMs) AS oldestEnqueuedMs, max(enqueuedMs) AS latestMs
    FROM messages GROUP BY groupName`)
  const rows = groups.all() as unknown as (QueueOpened['groups'][number] & { latestMs: number })[]
  return { groups: rows, latestMs: Math.max(0, ...rows.map(({ latestMs }) => latestMs)) }
}

type Reserve = Pick<DiskReserve, 'has'>
const NO_DISK: Reserve = { has: () => true }

type MessageHandlers = Pick<
  Storage<QueueAsks>['handlers'],
  'enqueue' | 'receive' | 'complete' | 'retry' | 'release' | 'cancel' | 'check'
>

function createMessageHandlers(
  database: DatabaseSync,
  reserve: Reserve,
  changeState: (state: QueueAsks['enqueue']['ask']['state']) => void,
): MessageHandlers {
  const insert = database.prepare(`
    INSERT INTO messages (id, groupName, dueMs, expiresMs, enqueuedMs, deliveries, isInFlight, bodyBytes, attributes)
    VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (id) DO NOTHING`)
  const insertBody = database.prepare('INSERT INTO bodies (seq, body) VALUES (?, ?)')
  const selectDue = database.prepare(`
    SELECT messages.seq, id, body, attributes, dueMs, expiresMs, enqueuedMs, deliveries + 1 AS deliveries
    FROM messages JOIN bodies ON bodies.seq = messages.seq
    WHERE groupName = ? AND isInFlight = 0 AND dueMs <= ? ORDER BY dueMs, messages.seq LIMIT ?`)
  const markInFlight = database.prepare('UPDATE messages SET isInFlight = 1, deliveries = deliveries + 1 WHERE seq = ?')
  const nextDue = database.prepare(
    'SELECT dueMs FROM messages WHERE groupName = ? AND isInFlight = 0 ORDER BY dueMs LIMIT 1',
  )
  const oldest = database.prepare(
    'SELECT enqueuedMs FROM messages WHERE groupName = ? AND isInFlight = 0 ORDER BY enqueuedMs LIMIT 1',
  )
  const removed = 'RETURNING seq, groupName, bodyBytes, isInFlight'
  const remove = database.prepare(`DELETE FROM messages WHERE id = ? ${removed}`)
  const removeWaiting = database.prepare(`DELETE FROM messages WHERE id = ? AND isInFlight = 0 ${removed}`)
  const removeBody = database.prepare('DELETE FROM bodies WHERE seq = ?')
  const returned = 'RETURNING id, groupName AS "group", dueMs AS nextDueMs, enqueuedMs AS oldestEnqueuedMs'
  const giveBack = database.prepare(`
    UPDATE messages SET isInFlight = 0, attributes = ?, dueMs = iif(expiresMs > ?, min(expiresMs, ?), ?)
    WHERE id = ? AND isInFlight = 1 ${returned}`)
  const release = database.prepare(`UPDATE messages SET isInFlight = 0 WHERE id = ? AND isInFlight = 1 ${returned}`)

  function waitingOf(group: string): Waiting | null {
    const first = nextDue.get(group)
    if (first === undefined) return null
    return { nextDueMs: first['dueMs'] as number, oldestEnqueuedMs: oldest.get(group)!['enqueuedMs'] as number }
  }

  function removedOf(row: Record<string, unknown> | undefined): Removed | null {
    if (row === undefined) return null
    removeBody.run(row['seq'] as number)
    const group = row['groupName'] as string
    const wasInFlight = row['isInFlight'] === 1
    return { group, bodyBytes: row['bodyBytes'] as number, wasInFlight, waiting: wasInFlight ? null : waitingOf(group) }
  }

  function checkRoom(bytes: number, nowMs: number): void {
    if (!reserve.has(bytes, nowMs)) throw new Refusal({ diskIsLow: true } satisfies QueueRefusal)
  }

  return {
    enqueue({ message, state }, body) {
      const { id, group, attributes, dueMs, expiresMs, enqueuedMs } = message
      checkRoom(body.length + attributes.length + MESSAGE_OVERHEAD_BYTES, enqueuedMs)
      // An expired message is due: that is how its consumer hears of it.
      const firstMs = Math.min(dueMs, expiresMs)
      const { changes, lastInsertRowid } = insert.run(
        ...[id, group, firstMs, expiresMs, enqueuedMs, body.length, attributes],
      )
      if (changes === 0) throw new Refusal({ key: id } satisfies QueueRefusal)
      insertBody.run(lastInsertRowid, body)
      changeState(state)
      return null
    },
    receive({ group, limit, nowMs }) {
      const rows = selectDue.all(group, nowMs, limit) as unknown as (StoredDelivery & { seq: number })[]
      for (const { seq } of rows) markInFlight.run(seq)
      return { deliveries: rows, waiting: waitingOf(group) }
    },
    complete({ id, state }) {
      const message = removedOf(remove.get(id))
      if (message !== null) changeState(state)
      return message
    },
    retry({ id, dueMs, nowMs, attributes, state }) {
      const message = giveBack.get(attributes, nowMs, dueMs, dueMs, id)
      if (message === undefined) return null
      changeState(state)
      return message as unknown as Returned
    },
    release: ({ ids }) =>
      ids.map((id) => release.get(id) as unknown as Returned | undefined).filter((message) => message !== undefined),
    cancel({ id, state }) {
      const message = removedOf(removeWaiting.get(id))
      if (message !== null) changeState(state)
      return message
    },
    check({ nowMs }) {
      checkRoom(0, nowMs)
      return null
    },
  }
}
