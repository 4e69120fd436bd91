/** What the same work would have cost on servers that are always on. Computes only. */
import { AMOUNT_SCALE, amountNumber, divideRounded, PRICE_SCALE } from './decimal.ts'
import type { PeakRow } from './fold.ts'
import type { Bill } from './port.ts'
import type { ServerPrice } from './price-book.ts'

const HOUR_MS = 3_600_000
const MILLI = 1000
const GB = 1024

/**
 * As many of one size as hold the most that was at work at the same time, for as long as they would have been needed:
 * of the sizes that the price book names, the one that comes out cheapest.
 */
export function compareServers(
  servers: readonly ServerPrice[],
  peaks: readonly PeakRow[],
  durationMs: number,
): Bill['servers'] {
  if (peaks.length === 0) return null
  const offers = servers.map((server) => {
    const sized = peaks.map((peak) => ({ peak, count: serversFor(server, peak) }))
    const { peak, count } = sized.reduce((most, each) => (each.count > most.count ? each : most))
    const amount = divideRounded(
      server.price * BigInt(count) * BigInt(durationMs) * AMOUNT_SCALE,
      PRICE_SCALE * BigInt(HOUR_MS),
    )
    return { server, peak, count, amount }
  })
  if (offers.length === 0) return null
  const { server, peak, count, amount } = offers.reduce((best, each) => (each.amount < best.amount ? each : best))
  return {
    name: server.name,
    count,
    vcpu: server.vcpu,
    memoryGB: server.memoryGB,
    pricePerHour: server.pricePerHour,
    hours: durationMs / HOUR_MS,
    amount: amountNumber(amount),
    peakVcpu: Math.max(...peaks.map(({ milliVcpu }) => milliVcpu)) / MILLI,
    peakMemoryGB: Math.max(...peaks.map(({ memoryMB }) => memoryMB)) / GB,
    peak: peak.day,
  }
}

function serversFor({ vcpu, memoryGB }: ServerPrice, { milliVcpu, memoryMB }: PeakRow): number {
  return Math.max(1, Math.ceil(milliVcpu / MILLI / vcpu), Math.ceil(memoryMB / GB / memoryGB))
}
