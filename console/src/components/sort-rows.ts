export interface Order {
  key: string
  descending: boolean
}

const compareText = new Intl.Collator(undefined, { numeric: true }).compare

/** What has no value comes last, whichever the direction; equal rows keep their order. */
export function sortRows<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => string | number | null,
  descending: boolean,
): Row[] {
  const way = descending ? -1 : 1
  return rows.toSorted((first, second) => {
    const a = valueOf(first)
    const b = valueOf(second)
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    return way * (typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b)))
  })
}
