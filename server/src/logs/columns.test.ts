import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRows, encodeRows } from './columns.ts'

interface Row {
  name: string
  sizeMB: number
  kind: string | null
}

const before = { values: ['name'], numbers: ['sizeMB'] } as const
const now = { ...before, added: ['kind'] } as const

test('a column that was added is written and read, and null in what was stored before it', () => {
  const rows: Row[] = [
    { name: 'a', sizeMB: 1, kind: null },
    { name: 'b', sizeMB: 2.5, kind: 'large' },
  ]
  assert.deepEqual(decodeRows<Row>(encodeRows(rows, now), 2, now), rows)
  const old = encodeRows<Omit<Row, 'kind'>>(rows, before)
  assert.deepEqual(
    decodeRows<Row>(old, 2, now),
    rows.map((row) => ({ ...row, kind: null })),
  )
})
