/** What functions used, to the millisecond, and what it costs by a price book. */
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionKey } from '../model.ts'

/** What is counted per function, version and day (UTC); the names are those of the vendor's usage meters. */
export interface Usage {
  invocations: number
  /** vCPU × seconds of execution, each rounded up to 1 ms. */
  activeVcpuSeconds: number
  /** vCPU × seconds in which a provisioned instance had nothing to do. */
  idleVcpuSeconds: number
  /** Memory size in GB × seconds of execution. */
  activeMemoryGigabyteSeconds: number
  idleMemoryGigabyteSeconds: number
  /** Disk beyond the free 512 MB × seconds of execution and idleness. */
  diskGigabyteSeconds: number
  /** Bytes of answers. */
  internetOutBytes: number
}

export type MeterName = keyof Usage

export interface UsageRow extends Usage {
  functionKey: FunctionKey
  versionId: string
  /** `2026-01-31`, UTC. */
  day: string
}

export interface UsageQuery {
  /** Inclusive days, UTC. */
  fromDay: string
  toDay: string
  functionKey?: FunctionKey
}

/** A time in which a provisioned instance was ready and nobody's. */
export interface IdleSpan {
  functionKey: FunctionKey
  versionId: string
  instanceId: string
  fromMs: number
  toMs: number
  memoryMB: number
  cpu: number
  diskMB: number
}

export interface Meter {
  /** Never waits and never throws. Each record counts once, also over kill -9 at any moment. */
  recordInvocation(record: InvocationRecord): void
  recordIdle(span: IdleSpan): void
  /** Everything recorded before the call is in it. */
  usage(query: UsageQuery): Promise<UsageRow[]>
  close(): Promise<void>
}

export interface BillLine {
  meter: MeterName
  /** In the unit of the price book: invocations in 10 000, and so on as it says. */
  quantity: number
  unit: string
  freeQuantity: number
  tiers: { upTo: number | null; unitPrice: number; quantity: number; amount: number }[]
  amount: number
}

export type BillGrouping = 'service' | 'function' | 'tag'

export interface BillGroup {
  /** Service, function key, or value of the tag; empty: without one. */
  name: string
  amount: number
  usage: Usage
}

export interface Bill {
  /** `2026-01`, UTC. */
  month: string
  currency: string
  lines: BillLine[]
  total: number
  groups: BillGroup[]
  /** Amounts of each day so far. */
  days: { day: string; amount: number }[]
  /** At the pace so far; null for months that are over. */
  forecast: { amount: number; method: string } | null
  /** The same work on servers that hold its peak. */
  servers: { count: number; vcpu: number; memoryGB: number; amount: number; peak: string } | null
}

export interface Billing {
  /** Rejects with FcError InvalidArgument. `tagKey`: which tag, for that grouping. */
  bill(query: { month: string; by: BillGrouping; tagKey?: string }): Promise<Bill>
  /** The price book in effect, as it is shown. */
  priceBook(): object
}
