/** What an analysis answered: a table, and bars where it says a number of each name. */
import { useFormat, useWords } from '../../i18n/language.ts'
import { LineText } from '../../components/line-text.tsx'
import { words } from './words.ts'
import './result-table.css'

type Cell = string | number | null
export interface ResultTableProps {
  columns: string[]
  rows: Cell[][]
  truncated: boolean
}

const BARS_MAX = 40

export function ResultTable({ columns, rows, truncated }: ResultTableProps) {
  const t = useWords(words)
  const values = barsOf(columns, rows)
  const highest = Math.max(...(values ?? []))
  return (
    <div className="stack tight">
      {truncated && <p className="soft">{t.truncated}</p>}
      <div className="scroll-x" tabIndex={0} role="region" aria-label={t.table}>
        <table className="result">
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={index} scope="col" className={isNumeric(rows, index) ? 'number' : undefined}>
                  {column}
                </th>
              ))}
              {values !== null && (
                <th scope="col" className="result-bar">
                  <span className="visually-hidden">{t.chart}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column} className={typeof cell === 'number' ? 'number' : undefined}>
                    <CellText cell={cell} />
                  </td>
                ))}
                {values !== null && (
                  <td className="result-bar" aria-hidden="true">
                    <span style={{ width: `${highest > 0 ? (values[index]! / highest) * 100 : 0}%` }} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && <p className="soft">{t.noRows}</p>}
    </div>
  )
}

const isNumeric = (rows: readonly Cell[][], column: number) =>
  rows.length > 0 && rows.every((row) => typeof row[column] === 'number')

const DIGITS_MAX = 6

function CellText({ cell }: { cell: Cell }) {
  const t = useWords(words)
  const format = useFormat()
  if (cell === null) return <span className="soft">{t.noValue}</span>
  return typeof cell === 'number' ? format.number(cell, DIGITS_MAX) : <LineText text={cell} />
}

/** Lengths of bars when there are two columns, of which one is numbers; null: no chart would say anything. */
function barsOf(columns: readonly string[], rows: readonly Cell[][]): number[] | null {
  if (columns.length !== 2 || rows.length < 2 || rows.length > BARS_MAX) return null
  const column = [1, 0].find((index) => isNumeric(rows, index) && rows.every((row) => Number(row[index]) >= 0))
  return column === undefined ? null : rows.map((row) => row[column] as number)
}
