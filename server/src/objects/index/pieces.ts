/** Which stretches of which blobs versions and parts are made of; a blob is kept as long as a row here names it. */
import type { Statements } from './database.ts'
import type { Piece } from './model.ts'

export class Pieces {
  readonly #statements: Statements
  #dropped = new Set<string>()

  constructor(statements: Statements) {
    this.#statements = statements
  }

  of(owner: number): Piece[] {
    return this.#statements.all('SELECT blob, first, bytes FROM pieces WHERE owner = ? ORDER BY position', owner)
  }

  /** Behind those that the owner has. */
  add(owner: number, pieces: readonly Piece[]): void {
    if (pieces.length === 0) return
    const [owned] = this.#statements.all<{ count: number }>(
      'SELECT coalesce(max(position) + 1, 0) AS count FROM pieces WHERE owner = ?',
      owner,
    )
    const sql = 'INSERT INTO pieces (owner, position, blob, first, bytes) VALUES (?, ?, ?, ?, ?)'
    for (const [i, { blob, first, bytes }] of pieces.entries()) {
      this.#statements.run(sql, owner, owned!.count + i, blob, first, bytes)
    }
  }

  remove(owner: number): void {
    for (const { blob } of this.of(owner)) this.#dropped.add(blob)
    this.#statements.run('DELETE FROM pieces WHERE owner = ?', owner)
  }

  isReferenced(blob: string): boolean {
    return this.#statements.exists('SELECT 1 FROM pieces WHERE blob = ? LIMIT 1', blob)
  }

  forgetDropped(): void {
    this.#dropped = new Set()
  }

  /** Of the blobs that owners lost since `forgetDropped`, those that nobody has. */
  orphans(): string[] {
    return [...this.#dropped].filter((blob) => !this.isReferenced(blob))
  }
}
