/** What the tests of the meter share. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import { noTotals, type Totals } from './meters.ts'
import { NOTHING, type Quantities, type QuantityRow } from './fold.ts'
import type { MonthSums } from './usage-store.ts'

export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-meter-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface Size {
  versionId?: string
  cpu?: number
  memoryMB?: number
  diskMB?: number
  timeoutSeconds?: number
}

export function versionOf(key: string, size: Size = {}): FunctionVersion {
  const { versionId = 'LATEST', cpu = 0.5, memoryMB = 512, diskMB = 512, timeoutSeconds = 60 } = size
  return {
    id: `${key}@${versionId}`,
    ...{ key, versionId, service: null },
    function: { config: { cpu, memoryMB, diskMB, timeoutSeconds } },
  } as unknown as FunctionVersion
}

/** Accepted at `startedMs`, given to its instance at once. */
export function ran(startedMs: number, billedMs: number, responseBytes = 0): InvocationRecord {
  return { startedMs, queuedMs: 0, billedMs, responseBytes } as InvocationRecord
}

export function rowOf(day: string, functionKey: string, quantities: Partial<Quantities>): QuantityRow {
  return { day, functionKey, versionId: 'LATEST', ...NOTHING, ...quantities }
}

/** Rows of SQLite have no prototype. */
export const plain = <Row extends object>(row: Row): Row => ({ ...row })

export const totals = (given: Partial<Totals>): Totals => ({ ...noTotals(), ...given })

const asText = (quantities: Partial<Quantities>) =>
  Object.fromEntries(
    Object.entries({ ...NOTHING, ...quantities }).map(([name, value]) => [name, String(value)]),
  ) as Record<keyof Quantities, string>

/** Sums as the store gives them. */
export function sumsOf(given: {
  days?: Record<string, Partial<Quantities>>
  functions?: Record<string, Partial<Quantities>>
  peaks?: MonthSums['peaks']
  firstDay?: string
}): MonthSums {
  const days = Object.entries(given.days ?? {}).map(([day, quantities]) => ({ day, ...asText(quantities) }))
  return {
    days,
    functions: Object.entries(given.functions ?? {}).map(([functionKey, quantities]) => ({
      functionKey,
      ...asText(quantities),
    })),
    peaks: given.peaks ?? [],
    firstDay: given.firstDay ?? days[0]?.day ?? null,
  }
}
