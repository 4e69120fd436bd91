/** A bill as it is shown: shares, complete months of days, and what servers would have cost in comparison. */
import type { Bill, BillGroup } from '../../../../server/src/meter/port.ts'

export interface SharedGroup extends BillGroup {
  /** Of the sum of all groups, 0 to 1. */
  share: number
}

/** Dearest first. Groups that cost nothing come last, by name. */
export function groupsWithShares(groups: readonly BillGroup[]): SharedGroup[] {
  const sum = groups.reduce((sum, { amount }) => sum + amount, 0)
  return groups
    .map((group) => ({ ...group, share: sum > 0 ? group.amount / sum : 0 }))
    .sort((a, b) => b.amount - a.amount || a.name.localeCompare(b.name))
}

export interface DayBar {
  day: string
  /** Null: the day is still to come. */
  amount: number | null
}

/** Every day of the month, so that quiet days and those to come keep their place in a chart. */
export function daysOfMonth({ month, days }: Pick<Bill, 'month' | 'days'>, todayUtc: string): DayBar[] {
  const amounts = new Map(days.map(({ day, amount }) => [day, amount]))
  return Array.from({ length: lengthOfMonth(month) }, (_, index) => {
    const day = `${month}-${String(index + 1).padStart(2, '0')}`
    return { day, amount: amounts.get(day) ?? (day > todayUtc ? null : 0) }
  })
}

function lengthOfMonth(month: string): number {
  // The day before the first of the next month; months count from 0 here.
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate()
}

/** `2026-01`, as bills are asked for. */
export const monthOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 7)

/** This month and those before it, newest first. */
export function recentMonths(nowMs: number, count: number): string[] {
  const now = new Date(nowMs)
  return Array.from({ length: count }, (_, back) =>
    monthOf(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)),
  )
}

export interface Comparison {
  /** Which is cheaper. */
  cheaper: 'functions' | 'servers' | 'equal'
  /** How much cheaper than the other, 0 to 1. */
  saving: number
  /** Lengths of two bars, 0 to 1. */
  functionsShare: number
  serversShare: number
}

type Servers = NonNullable<Bill['servers']>

/** Null when there is nothing to compare. */
export function compareWithServers({
  total,
  servers,
}: Pick<Bill, 'total'> & { servers: Pick<Servers, 'amount'> | null }): Comparison | null {
  if (servers === null) return null
  const dearer = Math.max(total, servers.amount)
  if (dearer <= 0) return null
  const cheaper = total < servers.amount ? 'functions' : total > servers.amount ? 'servers' : 'equal'
  return {
    cheaper,
    saving: 1 - Math.min(total, servers.amount) / dearer,
    functionsShare: total / dearer,
    serversShare: servers.amount / dearer,
  }
}

/** Something was used, and nothing of it is beyond what is free each month. */
export function isWithinFreeQuota({ total, lines }: Pick<Bill, 'total' | 'lines'>): boolean {
  return total === 0 && lines.some(({ quantity, freeQuantity }) => quantity > 0 && quantity <= freeQuantity)
}

/** A quantity of a meter: whole where it is large, with as many digits as say something where it is small. */
export function formatQuantity(quantity: number, locale: string): string {
  const options: Intl.NumberFormatOptions =
    Math.abs(quantity) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return new Intl.NumberFormat(locale, options).format(quantity)
}
