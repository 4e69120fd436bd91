/** States of rules, the history, and notices on their way, in SQLite. Synchronous: it belongs in a thread of its own. */
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase, type Storage } from '../storage-thread-side.ts'
import type { AlertAsks, AlertData, AlertsOpened, StoredDelivery } from './messages.ts'
import type { AlertEvent } from './port.ts'

const FORMAT = 1

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS states (rule TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    timeMs INTEGER NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_rule ON events (rule, seq);
  CREATE INDEX IF NOT EXISTS events_by_time ON events (timeMs);
  CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    route TEXT NOT NULL,
    notice TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    dueMs INTEGER NOT NULL
  ) STRICT;
`

/** Throws an error for the operator when the file cannot be used. */
export function openAlertDatabase({ file, eventsMax, eventsAgeMsMax }: AlertData): Storage<AlertAsks> {
  const database = openDatabase(file, 'alerts', SCHEMA, FORMAT)
  const addEvents = eventWriter(database, eventsMax, eventsAgeMsMax)
  const saveState = database.prepare(
    'INSERT INTO states (rule, state) VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET state = excluded.state',
  )
  const forget = database.prepare('DELETE FROM states WHERE rule = ?')
  const addDelivery = database.prepare(
    'INSERT INTO deliveries (id, route, notice, attempts, dueMs) VALUES (?, ?, ?, ?, ?)',
  )
  const postpone = database.prepare('UPDATE deliveries SET attempts = ?, dueMs = ? WHERE id = ?')
  const removeDelivery = database.prepare('DELETE FROM deliveries WHERE id = ?')
  return {
    database,
    opened: contents(database),
    reads: ['history'],
    handlers: {
      record({ states, forgotten, events, deliveries, nowMs }) {
        for (const { rule, state } of states) saveState.run(rule, JSON.stringify(state))
        for (const rule of forgotten) forget.run(rule)
        addEvents(events, nowMs)
        for (const { id, route, notice, attempts, dueMs } of deliveries) {
          addDelivery.run(id, route, JSON.stringify(notice), attempts, dueMs)
        }
        return null
      },
      settle({ id, retry, event, nowMs }) {
        if (retry === null) removeDelivery.run(id)
        else postpone.run(retry.attempts, retry.dueMs, id)
        if (event !== null) addEvents([event], nowMs)
        return null
      },
      history: historyReader(database),
    },
  }
}

function contents(database: DatabaseSync): AlertsOpened {
  const states = database.prepare('SELECT rule, state FROM states').all()
  const deliveries = database.prepare('SELECT id, route, notice, attempts, dueMs FROM deliveries ORDER BY seq').all()
  return {
    states: states.map(({ rule, state }) => ({ rule: rule as string, state: JSON.parse(state as string) })),
    deliveries: deliveries.map((row) => ({ ...row, notice: JSON.parse(row['notice'] as string) }) as StoredDelivery),
  }
}

/** The history is bounded by count and age, and cut where it grows. */
function eventWriter(database: DatabaseSync, eventsMax: number, ageMsMax: number) {
  const insert = database.prepare('INSERT INTO events (rule, timeMs, event) VALUES (?, ?, ?)')
  const cutCount = database.prepare('DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?')
  const cutAge = database.prepare('DELETE FROM events WHERE timeMs < ?')
  return (events: readonly AlertEvent[], nowMs: number) => {
    if (events.length === 0) return
    for (const event of events) insert.run(event.rule, event.timeMs, JSON.stringify(event))
    cutCount.run(eventsMax)
    cutAge.run(nowMs - ageMsMax)
  }
}

function historyReader(database: DatabaseSync): Storage<AlertAsks>['handlers']['history'] {
  const period = 'timeMs >= ? AND timeMs < ? AND seq < ? ORDER BY seq DESC LIMIT ?'
  const ofAll = database.prepare(`SELECT seq, event FROM events WHERE ${period}`)
  const ofRule = database.prepare(`SELECT seq, event FROM events WHERE rule = ? AND ${period}`)
  return ({ rule, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, limit, cursor }) => {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor)
    const bounds = [fromMs, toMs, before, limit + 1]
    const rows = rule === undefined ? ofAll.all(...bounds) : ofRule.all(rule, ...bounds)
    const page = rows.slice(0, limit)
    const events = page.map(({ event }) => JSON.parse(event as string) as AlertEvent)
    return rows.length > limit ? { events, nextCursor: String(page.at(-1)!['seq']) } : { events }
  }
}
