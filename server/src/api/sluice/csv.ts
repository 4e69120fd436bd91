/** Tables as CSV (RFC 4180), safe to open in a spreadsheet. Computes only. */

/** A spreadsheet takes text that begins so for a formula, and may run it. */
const FORMULA = /^[=+\-@\t\r]/

/** Numbers stay numbers; text that would be a formula gets a `'` before it, which spreadsheets do not show. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const harmless = FORMULA.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

export function toCsv(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}
