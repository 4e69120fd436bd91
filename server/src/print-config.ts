/** `sluice config`: the effective settings and where each came from. */
import type { describeConfig } from './config.ts'

export function printConfig(settings: ReturnType<typeof describeConfig>, file: string | null, asJson: boolean): void {
  if (asJson) {
    const values = Object.fromEntries(settings.map(({ name, value, source }) => [name, { value, source }]))
    process.stdout.write(`${JSON.stringify({ file, settings: values }, null, 2)}\n`)
    return
  }
  const rows = settings.map(({ name, value, source, help }) => [name, value === '' ? '-' : String(value), source, help])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  process.stdout.write(`file: ${file ?? 'none (sluice.yaml is not here)'}\n\n`)
  for (const row of rows)
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`)
}
