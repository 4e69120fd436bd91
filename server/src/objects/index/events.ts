/** The outbox: events are kept in the commit of the change that they tell of, until somebody has taken them over. */
import type { ObjectEvent } from '../port.ts'
import type { Statements } from './database.ts'

/** Ids are numbers of this many digits, so that their texts ascend as well. */
const ID_DIGITS = 16

export class Events {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(event: Omit<ObjectEvent, 'id'>): void {
    this.#statements.run('INSERT INTO events (event) VALUES (?)', JSON.stringify(event))
  }

  pending(limit: number, afterId: string | null): ObjectEvent[] {
    const rows = this.#statements.all<{ id: number; event: string }>(
      'SELECT id, event FROM events WHERE id > ? ORDER BY id LIMIT ?',
      afterId === null ? 0 : Number(afterId),
      limit,
    )
    return rows.map(({ id, event }) => ({
      id: String(id).padStart(ID_DIGITS, '0'),
      ...(JSON.parse(event) as Omit<ObjectEvent, 'id'>),
    }))
  }

  acknowledge(ids: readonly string[]): void {
    for (const id of ids) this.#statements.run('DELETE FROM events WHERE id = ?', Number(id))
  }
}
