/** The meters by name: what is counted of each, and the unit that it is billed in. */
import { QUANTITY_NAMES, type Quantities } from './fold.ts'
import type { MeterName, Usage } from './port.ts'

interface MeterKind {
  quantity: keyof Quantities
  unit: string
  /** How much of the quantity a unit is. */
  perUnit: bigint
}

/** Thousandths of a vCPU × ms in a vCPU-second, MB × ms in a GB-second. */
const VCPU_SECOND = 1_000_000n
const GB_SECOND = 1_024_000n
const GIGABYTE = 1_073_741_824n

export const METERS: Readonly<Record<MeterName, MeterKind>> = {
  invocations: { quantity: 'invocations', unit: 'invocation', perUnit: 1n },
  activeVcpuSeconds: { quantity: 'activeVcpu', unit: 'vCPU-second', perUnit: VCPU_SECOND },
  idleVcpuSeconds: { quantity: 'idleVcpu', unit: 'vCPU-second', perUnit: VCPU_SECOND },
  activeMemoryGigabyteSeconds: { quantity: 'activeMemory', unit: 'GB-second', perUnit: GB_SECOND },
  idleMemoryGigabyteSeconds: { quantity: 'idleMemory', unit: 'GB-second', perUnit: GB_SECOND },
  diskGigabyteSeconds: { quantity: 'disk', unit: 'GB-second', perUnit: GB_SECOND },
  internetOutBytes: { quantity: 'outBytes', unit: 'GB', perUnit: GIGABYTE },
}

export const METER_NAMES = Object.keys(METERS) as MeterName[]

/** Exact, of any size. */
export type Totals = Record<keyof Quantities, bigint>

export const noTotals = (): Totals => Object.fromEntries(QUANTITY_NAMES.map((name) => [name, 0n])) as Totals

export function totalsOf(sums: Record<keyof Quantities, string | number>): Totals {
  return Object.fromEntries(QUANTITY_NAMES.map((name) => [name, BigInt(sums[name])])) as Totals
}

export function addTotals(a: Totals, b: Totals): Totals {
  return Object.fromEntries(QUANTITY_NAMES.map((name) => [name, a[name] + b[name]])) as Totals
}

/** In the units of the port; bytes stay bytes. */
export function usageOf(totals: Totals): Usage {
  return {
    invocations: Number(totals.invocations),
    activeVcpuSeconds: Number(totals.activeVcpu) / Number(VCPU_SECOND),
    idleVcpuSeconds: Number(totals.idleVcpu) / Number(VCPU_SECOND),
    activeMemoryGigabyteSeconds: Number(totals.activeMemory) / Number(GB_SECOND),
    idleMemoryGigabyteSeconds: Number(totals.idleMemory) / Number(GB_SECOND),
    diskGigabyteSeconds: Number(totals.disk) / Number(GB_SECOND),
    internetOutBytes: Number(totals.outBytes),
  }
}
