/** What is downloaded: lines as text, tables as CSV. */
import type { LogHit } from '../../../../server/src/logs/port.ts'

/** One line each, oldest first: time, function, version, request, stream, text. */
export function linesFile(hits: readonly LogHit[]): string {
  return hits
    .map(({ line }) => {
      const { timeMs, functionKey, versionId, requestId, stream, text } = line
      return `${[new Date(timeMs).toISOString(), functionKey, versionId, requestId || '-', stream, text].join(' ')}\n`
    })
    .join('')
}

/** RFC 4180. Text that a spreadsheet would take for a formula is marked as text: functions write what they like. */
export function csvFile(columns: readonly string[], rows: readonly (string | number | null)[][]): string {
  return [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
