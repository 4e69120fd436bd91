/** The columns of the table `log` that an analysis reads, and what of a row goes into them. */
import { requestFieldNames } from '../request-fields.ts'
import type { Row } from '../row.ts'

/** Before the fields of records, which FCRequestMetrics names. */
const OWN_COLUMNS = ['timeMs', 'source', 'message', 'level', 'stream', 'hook']

export const COLUMNS: readonly string[] = [...new Set([...OWN_COLUMNS, ...requestFieldNames])]

export type SqlValue = string | number | null

export function sqlValue(row: Row, column: string): SqlValue {
  const value = row.value(column)
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed()
}
