/** States in SQLite: those of tasks, which outlive their messages. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Refusal } from '../storage-thread-side.ts'
import type { Storage } from '../storage-thread-side.ts'
import type { QueueAsks, QueueRefusal, StateChange } from './messages.ts'
import type { State, StateQuery } from './port.ts'
import { decodeCursor, encodeCursor } from './state-cursor.ts'

/** Expired states that one sweep forgets: so few that it holds nothing up. */
const SWEEP_STATES_MAX = 1000

export const STATE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS states (
    groupName TEXT NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    startedMs INTEGER NOT NULL,
    document TEXT NOT NULL,
    expiresMs INTEGER NOT NULL,
    PRIMARY KEY (groupName, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS states_by_start ON states (groupName, startedMs, key);
  CREATE INDEX IF NOT EXISTS states_by_status ON states (groupName, status, startedMs, key);
  CREATE INDEX IF NOT EXISTS states_by_expiry ON states (expiresMs);
`

const COLUMNS = 'groupName AS "group", key, status, startedMs, document, expiresMs'

export interface StateHandlers {
  /** Throws a Refusal when it is to be new and is not. */
  change: (state: StateChange | null) => void
  handlers: Pick<Storage<QueueAsks>['handlers'], 'writeStates' | 'readState' | 'listStates' | 'sweepStates'>
}

export function createStateHandlers(database: DatabaseSync): StateHandlers {
  const select = database.prepare(`SELECT ${COLUMNS} FROM states WHERE groupName = ? AND key = ? AND expiresMs > ?`)
  const upsert = database.prepare(`
    INSERT OR REPLACE INTO states (groupName, key, status, startedMs, document, expiresMs) VALUES (?, ?, ?, ?, ?, ?)`)
  const sweep = database.prepare(`
    DELETE FROM states WHERE (groupName, key) IN (
      SELECT groupName, key FROM states WHERE expiresMs <= ? LIMIT ${SWEEP_STATES_MAX})`)

  function change(state: StateChange | null): void {
    if (state === null) return
    const { group, key, status, startedMs, document, expiresMs, isNew, nowMs } = state
    if (isNew && select.get(group, key, nowMs) !== undefined) throw new Refusal({ key } satisfies QueueRefusal)
    upsert.run(group, key, status, startedMs, document, expiresMs)
  }

  return {
    change,
    handlers: {
      writeStates({ states }) {
        for (const state of states) change(state)
        return null
      },
      readState: ({ group, key, nowMs }) => (select.get(group, key, nowMs) as unknown as State | undefined) ?? null,
      listStates: ({ query, nowMs }) => list(database, query, nowMs),
      sweepStates: ({ nowMs }) => Number(sweep.run(nowMs).changes) === SWEEP_STATES_MAX,
    },
  }
}

function list(database: DatabaseSync, query: StateQuery, nowMs: number): { states: State[]; cursor: string | null } {
  const [direction, after] = query.order === 'ascending' ? ['ASC', '>'] : ['DESC', '<']
  const conditions = ['groupName = ?', 'expiresMs > ?']
  const values: SQLInputValue[] = [query.group, nowMs]
  const add = (condition: string, ...bound: SQLInputValue[]): void => {
    conditions.push(condition)
    values.push(...bound)
  }
  if (query.status !== undefined) add('status = ?', query.status)
  if (query.keyPrefix !== undefined) add('substr(key, 1, length(?)) = ?', query.keyPrefix, query.keyPrefix)
  if (query.startedFromMs !== undefined) add('startedMs >= ?', query.startedFromMs)
  if (query.startedToMs !== undefined) add('startedMs <= ?', query.startedToMs)
  if (query.cursor !== undefined) add(`(startedMs, key) ${after} (?, ?)`, ...decodeCursor(query.cursor))
  const statement = database.prepare(`
    SELECT ${COLUMNS} FROM states WHERE ${conditions.join(' AND ')}
    ORDER BY startedMs ${direction}, key ${direction} LIMIT ?`)
  const states = statement.all(...values, query.limit + 1) as unknown as State[]
  const hasMore = states.length > query.limit
  const page = states.slice(0, query.limit)
  return { states: page, cursor: hasMore ? encodeCursor(page.at(-1)!) : null }
}
