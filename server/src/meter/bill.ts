/** A month's bill of sums, prices and groups. Computes only. */
import { addDays, DAY_MS, dayOf, daysOfMonth, startOfDayMs } from './calendar.ts'
import { amountNumber, shareOut } from './decimal.ts'
import { QUANTITY_NAMES } from './fold.ts'
import { forecastTotals, PACE_DAYS } from './forecast.ts'
import { addTotals, METERS, noTotals, totalsOf, usageOf, type Totals } from './meters.ts'
import type { Bill, BillGroup } from './port.ts'
import type { PriceBook } from './price-book.ts'
import { billLines, priceTotals } from './pricing.ts'
import { compareServers } from './servers.ts'
import type { MonthSums } from './usage-store.ts'

/** What has to be asked for the bill of a month. */
export function sumsQuery(month: string): { daysFrom: string; fromDay: string; toDay: string } {
  const days = daysOfMonth(month)
  // The forecast of a month that has just begun goes by the days before it.
  return { daysFrom: addDays(days[0]!, -PACE_DAYS), fromDay: days[0]!, toDay: days.at(-1)! }
}

export interface BillInput {
  month: string
  nowMs: number
  book: PriceBook
  sums: MonthSums
  /** In which group a function is. */
  groupOf: (functionKey: string) => string
}

export function makeBill({ month, nowMs, book, sums, groupOf }: BillInput): Bill {
  const { fromDay, toDay } = sumsQuery(month)
  const byDay = new Map(sums.days.map((sum) => [sum.day, totalsOf(sum)]))
  const used = [...byDay].filter(([day]) => day >= fromDay)
  const soFar = used.reduce((before, [, totals]) => addTotals(before, totals), noTotals())
  const today = dayOf(nowMs)
  const lastDay = toDay < today ? toDay : today
  const firstUsedDay = used[0]?.[0]
  return {
    month,
    currency: book.currency,
    lines: billLines(soFar, book),
    total: amountNumber(priceTotals(soFar, book).total),
    groups: groupsOf(sums, soFar, book, groupOf),
    days: daysOf(fromDay, lastDay, byDay, book),
    forecast: makeForecast({ fromDay, toDay, today, nowMs, book, sums, byDay, soFar }),
    servers:
      firstUsedDay === undefined
        ? null
        : compareServers(
            book.servers,
            sums.peaks,
            Math.min(nowMs, startOfDayMs(toDay) + DAY_MS) - startOfDayMs(firstUsedDay),
          ),
  }
}

/** What the tiers and the free quota of the month leave to pay is shared out by what each group used of a meter. */
function groupsOf(sums: MonthSums, soFar: Totals, book: PriceBook, groupOf: BillInput['groupOf']): BillGroup[] {
  const groups = new Map<string, Totals>()
  for (const sum of sums.functions) {
    const name = groupOf(sum.functionKey)
    const group = groups.get(name) ?? noTotals()
    groups.set(name, group)
    // In place: a bill may be of ten thousand functions.
    for (const quantity of QUANTITY_NAMES) group[quantity] += BigInt(sum[quantity])
  }
  const names = [...groups.keys()]
  const amounts = names.map(() => 0n)
  for (const { meter, amount } of priceTotals(soFar, book).meters) {
    const { quantity } = METERS[meter]
    const shares = shareOut(
      amount,
      [...groups.values()].map((totals) => totals[quantity]),
    )
    for (const [index, share] of shares.entries()) amounts[index]! += share
  }
  return names
    .map((name, index) => ({ name, amount: amounts[index]!, usage: usageOf(groups.get(name)!) }))
    .toSorted((a, b) => (a.amount === b.amount ? (a.name < b.name ? -1 : 1) : a.amount > b.amount ? -1 : 1))
    .map(({ name, amount, usage }) => ({ name, amount: amountNumber(amount), usage }))
}

/** A day costs what it adds to the month: so days after the free quota is used up cost more. */
function daysOf(fromDay: string, lastDay: string, byDay: ReadonlyMap<string, Totals>, book: PriceBook): Bill['days'] {
  const days: Bill['days'] = []
  let before = noTotals()
  let paid = 0n
  for (let day = fromDay; day <= lastDay; day = addDays(day, 1)) {
    before = addTotals(before, byDay.get(day) ?? noTotals())
    const { total } = priceTotals(before, book)
    days.push({ day, amount: amountNumber(total - paid) })
    paid = total
  }
  return days
}

function makeForecast(input: {
  fromDay: string
  toDay: string
  today: string
  nowMs: number
  book: PriceBook
  sums: MonthSums
  byDay: ReadonlyMap<string, Totals>
  soFar: Totals
}): Bill['forecast'] {
  const { fromDay, toDay, today, nowMs, book, sums, byDay, soFar } = input
  if (today < fromDay || today > toDay) return null
  const { totals, method } = forecastTotals({
    ...{ nowMs, today, lastDay: toDay, days: byDay, soFar },
    firstDay: sums.firstDay ?? today,
  })
  return { amount: amountNumber(priceTotals(totals, book).total), method }
}
