/** What functions used, to the millisecond, and what it costs by a price book. */
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionKey, FunctionVersion } from '../model.ts'

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
  version: FunctionVersion
  fromMs: number
  toMs: number
  /** It may run all the time (`alwaysAllocateCPU`): its vCPU counts as active. */
  isCpuAllocated: boolean
}

/** What instances tell of themselves. Never waits and never throws. */
export interface InstanceMeter {
  recordIdle(span: IdleSpan): void
  /** An instance begins (1) or ceases (-1) to work on requests. */
  observeBusy(version: FunctionVersion, change: 1 | -1): void
}

/** What is told of each invocation. Never waits and never throws. */
export interface InvocationMeter {
  /**
   * The function is given a request: from here on it counts, whatever becomes of the platform, once. Returns what
   * `recordInvocation` wants to know it by.
   */
  beginInvocation(version: FunctionVersion): number
  /** `run`: what `beginInvocation` returned; `NO_RUN`: no code ran, and nothing is counted. */
  recordInvocation(record: InvocationRecord, version: FunctionVersion, run: number): void
  /** A run of a lifecycle hook: its time counts like that of an invocation, without being one. */
  recordHook(record: InvocationRecord, version: FunctionVersion): void
}

/** Where no code of a function ran. */
export const NO_RUN = 0

/** Counts nothing. */
export const noMeter: InvocationMeter & InstanceMeter = {
  beginInvocation: () => NO_RUN,
  recordInvocation() {},
  recordHook() {},
  recordIdle() {},
  observeBusy() {},
}

export interface Meter extends InvocationMeter, InstanceMeter {
  /** Everything recorded before the call is in it. Rejects with FcError ServiceUnavailable. */
  usage(query: UsageQuery): Promise<UsageRow[]>
  close(): Promise<void>
}

export interface BillLine {
  meter: MeterName
  /** In `unit`, as are all quantities of the line. */
  quantity: number
  /** `invocation`, `vCPU-second`, `GB-second` or `GB`. */
  unit: string
  /** How many units a unit price is for, such as 10 000 invocations. */
  per: number
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
  /** At the pace so far; null for months that are over. `method`: how it was made, in words. */
  forecast: { amount: number; method: string } | null
  /**
   * The same work on servers that hold its peak, from the first use in the month until now; null: nothing was used, or
   * the price book names no server. `vcpu` and `memoryGB` are those of one server.
   */
  servers: {
    name: string
    count: number
    vcpu: number
    memoryGB: number
    pricePerHour: number
    hours: number
    amount: number
    /** Most of it at work at the same time. */
    peakVcpu: number
    peakMemoryGB: number
    /** The day of the peak that decided `count`. */
    peak: string
  } | null
}

export interface ShownPriceBook {
  currency: string
  /** The file it was read from. */
  source: string
  meters: Partial<
    Record<
      MeterName,
      {
        unit: string
        per: number
        freeQuantity: number
        /** `upTo` in `unit`; null: without end. */
        tiers: { upTo: number | null; unitPrice: number }[]
      }
    >
  >
  servers: { name: string; vcpu: number; memoryGB: number; pricePerHour: number }[]
}

export interface Billing {
  /** `tagKey`: which tag, for that grouping. Rejects with FcError InvalidArgument, ServiceUnavailable. */
  bill(query: { month: string; by: BillGrouping; tagKey?: string }): Promise<Bill>
  /** The price book in effect, as it is shown. */
  priceBook(): Promise<ShownPriceBook>
}
