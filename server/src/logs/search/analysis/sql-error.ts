/** What SQLite says of a statement, with the place in it. */

export class SqlError extends Error {
  /** In the statement, in UTF-16 units. */
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

/** `prepare` throws what SQLite says. */
export function sqlError(sql: string, thrown: Error, prepare: (sql: string) => void): SqlError {
  const { message } = thrown
  const near = /^near "(.*)": /s.exec(message)?.[1]
  if (near !== undefined) return new SqlError(message, placeOfSyntaxError(sql, near, message, prepare))
  if (message === 'incomplete input') return new SqlError('expected more, found the end', sql.length)
  const path = /^no such column: (\w+\.[\w.]+)$/.exec(message)?.[1]
  if (path !== undefined) return new SqlError(`${message}: write a member of lines as "${path}"`, placeOf(sql, path))
  const named = /(?:column|function|table|token)s?(?: name)?: "?([^"]+)"?$/.exec(message)?.[1]
  const told = /not authorized|prohibited/.test(message) ? `${message}: an analysis reads the table log alone` : message
  return new SqlError(told, named === undefined ? 0 : Math.max(0, placeOf(sql, named)))
}

/** A name with its table may be written with blanks and quotation marks: its last part is looked for then. */
function placeOf(sql: string, name: string): number {
  const place = sql.toLowerCase().indexOf(name.toLowerCase())
  return place >= 0 ? place : sql.toLowerCase().indexOf(name.toLowerCase().split('.').at(-1)!)
}

/** A parser reads from left to right: the error is where the text up to it is wrong already, not only incomplete. */
function placeOfSyntaxError(sql: string, near: string, message: string, prepare: (sql: string) => void): number {
  for (let at = sql.indexOf(near); at >= 0; at = sql.indexOf(near, at + 1)) {
    try {
      prepare(sql.slice(0, at + near.length))
    } catch (error) {
      if ((error as Error).message === message) return at
    }
  }
  return 0
}
