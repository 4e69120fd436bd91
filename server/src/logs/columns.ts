/**
 * Rows as columns: what is the same in all rows of a block is written once, numbers that differ go as 8-byte floats.
 * A record of an invocation shrinks to about a hundred bytes, and costs the event loop well under a microsecond.
 */

export interface Columns<Row> {
  /** Strings, booleans, nulls and plain objects; never arrays. */
  values: readonly (keyof Row & string)[]
  numbers: readonly (keyof Row & string)[]
  /** As `values`, and newer than what may be stored: null in the rows of blocks that were written without them. */
  added?: readonly (keyof Row & string)[]
}

export interface EncodedRows {
  /** JSON: one entry per column, the value itself when all rows have it, else an array (numbers: `true`). */
  text: string
  /** The number columns that vary, one after the other, each with one value per row. */
  numbers: Float64Array<ArrayBuffer>
}

type Cell = string | number | boolean | null | object

/** `rows` holds at least one. */
export function encodeRows<Row extends object>(rows: readonly Row[], columns: Columns<Row>): EncodedRows {
  const cells = rows as readonly Record<string, Cell>[]
  const head: (Cell | Cell[])[] = []
  const addValues = (name: string) =>
    head.push(isConstant(cells, name) ? cells[0]![name]! : cells.map((row) => row[name]!))
  for (const name of columns.values) addValues(name)
  const varying: string[] = []
  for (const name of columns.numbers) {
    const constant = isConstant(cells, name)
    head.push(constant ? cells[0]![name]! : true)
    if (!constant) varying.push(name)
  }
  for (const name of columns.added ?? []) addValues(name)
  const numbers = new Float64Array(varying.length * rows.length)
  let at = 0
  for (const name of varying) for (const row of cells) numbers[at++] = row[name] as number
  return { text: JSON.stringify(head), numbers }
}

export function decodeRows<Row extends object>(encoded: EncodedRows, count: number, columns: Columns<Row>): Row[] {
  const head = JSON.parse(encoded.text) as (Cell | Cell[])[]
  const rows = Array.from({ length: count }, (): Record<string, Cell> => ({}))
  let column = 0
  const readValues = (name: string) => {
    const value = head[column++] ?? null
    if (Array.isArray(value)) for (let i = 0; i < count; i++) rows[i]![name] = value[i]!
    else for (const row of rows) row[name] = value
  }
  for (const name of columns.values) readValues(name)
  let at = 0
  for (const name of columns.numbers) {
    const value = head[column++] as number | true
    for (const row of rows) row[name] = value === true ? encoded.numbers[at++]! : value
  }
  for (const name of columns.added ?? []) readValues(name)
  return rows as Row[]
}

function isConstant(rows: readonly Record<string, Cell>[], name: string): boolean {
  const first = rows[0]![name]
  for (const row of rows) if (row[name] !== first) return false
  return true
}
