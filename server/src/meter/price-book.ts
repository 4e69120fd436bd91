/** What things cost. */
import { METERS } from './meters.ts'
import type { MeterName, ShownPriceBook } from './port.ts'

/** Whole units of a meter: invocations, vCPU-seconds, GB-seconds, GB. */
export interface Tier {
  /** Null: without end. */
  upTo: bigint | null
  /** In the parts of decimal.ts, for `per` units. */
  price: bigint
  /** As it was written. */
  unitPrice: number
}

export interface MeterPrice {
  per: bigint
  /** Of each month, for the whole account. */
  free: bigint
  tiers: Tier[]
}

export interface ServerPrice {
  name: string
  vcpu: number
  memoryGB: number
  price: bigint
  pricePerHour: number
}

export interface PriceBook {
  currency: string
  /** Meters without a price cost nothing. */
  meters: Map<MeterName, MeterPrice>
  servers: ServerPrice[]
}

/** For people and programs. */
export function showPriceBook({ currency, meters, servers }: PriceBook, source: string): ShownPriceBook {
  return {
    currency,
    source,
    meters: Object.fromEntries(
      [...meters].map(([name, { per, free, tiers }]) => [
        name,
        {
          unit: METERS[name].unit,
          per: Number(per),
          freeQuantity: Number(free),
          tiers: tiers.map(({ upTo, unitPrice }) => ({ upTo: upTo === null ? null : Number(upTo), unitPrice })),
        },
      ]),
    ),
    servers: servers.map(({ name, vcpu, memoryGB, pricePerHour }) => ({ name, vcpu, memoryGB, pricePerHour })),
  }
}
