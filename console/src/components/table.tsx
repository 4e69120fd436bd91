import './table.css'
import { useState, type ReactNode } from 'react'
import { Icon } from './icon.tsx'
import { Pagination } from './pagination.tsx'
import { Skeleton } from './states.tsx'
import { sortRows, type Order } from './sort-rows.ts'

export interface Column<Row> {
  key: string
  header: string
  render: (row: Row) => ReactNode
  /** Makes the column sortable. */
  sortBy?: (row: Row) => string | number | null
  /** Right-aligned, with digits below each other. */
  numeric?: boolean
}

interface TableProps<Row> {
  /** What the table is of, for those who cannot see where it stands. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[] | undefined
  keyOf: (row: Row) => string
  /** Instead of rows when there are none. */
  empty: ReactNode
  order?: Order
  /** Rows on a page. */
  pageSize?: number
}

/** Rows that can be sorted; on a narrow screen each is a card. `rows` undefined: on their way. */
export function Table<Row>({ caption, columns, rows, keyOf, empty, order: initial, pageSize = 50 }: TableProps<Row>) {
  const [order, setOrder] = useState<Order | undefined>(initial)
  const [page, setPage] = useState(0)
  if (rows === undefined) return <Skeleton lines={5} />
  if (rows.length === 0) return <>{empty}</>

  const sortBy = columns.find(({ key }) => key === order?.key)?.sortBy
  const sorted = order && sortBy ? sortRows(rows, sortBy, order.descending) : rows
  const shown = Math.min(page, Math.ceil(rows.length / pageSize) - 1)
  const visible = sorted.slice(shown * pageSize, (shown + 1) * pageSize)
  return (
    <div>
      {/* Roles are said again because cards on narrow screens are no tables to the browser. */}
      <div className="scroll-x" tabIndex={-1}>
        <table className="table" role="table">
          <caption className="visually-hidden">{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <HeaderCell key={column.key} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {visible.map((row) => (
              <tr role="row" key={keyOf(row)}>
                {columns.map(({ key, header, numeric, render }) => (
                  <td role="cell" key={key} className={numeric ? 'numeric' : undefined} data-label={header}>
                    <div className="cell">{render(row)}</div>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > pageSize && <Pagination page={shown} pageSize={pageSize} total={rows.length} onPage={setPage} />}
    </div>
  )
}

function HeaderCell<Row>({
  column: { key, header, numeric, sortBy },
  order,
  onOrder,
}: {
  column: Column<Row>
  order: Order | undefined
  onOrder: (order: Order) => void
}) {
  const isSorted = order?.key === key
  const direction = order?.descending ? 'descending' : 'ascending'
  return (
    <th
      role="columnheader"
      scope="col"
      className={numeric ? 'numeric' : undefined}
      aria-sort={isSorted ? direction : undefined}
    >
      {sortBy ? (
        <button
          type="button"
          className="sort-button"
          onClick={() => onOrder({ key, descending: isSorted ? !order.descending : (numeric ?? false) })}
        >
          {header}
          {isSorted && <Icon name={order.descending ? 'down' : 'up'} size={12} />}
        </button>
      ) : (
        header
      )}
    </th>
  )
}
