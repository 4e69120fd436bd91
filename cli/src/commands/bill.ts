import { formatMoney, formatNumber } from '../amounts.ts'
import type { Client } from '../client.ts'
import { type AddCommand } from '../context.ts'
import { usageError } from '../errors.ts'
import { isObject, type Json, numberOf, objectsOf, textOf } from '../json.ts'
import { formatTable, printable } from '../output.ts'
import { sparkline } from '../sparkline.ts'

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/
const GROUPINGS = ['service', 'function', 'tag']

interface BillOptions {
  month?: string
  by?: string
  tag?: string
  csv?: boolean
}

export const addBill: AddCommand = (program, contextOf) => {
  program
    .command('bill')
    .description('what a month costs, by the millisecond')
    .option('--month <month>', 'such as 2026-01 (this one, in UTC)')
    .option('--by <what>', `shares of each ${GROUPINGS.join(', ')} (function)`)
    .option('--tag <key>', 'shares of each value of this tag')
    .option('--csv', 'as CSV')
    .action(async ({ month, by, tag, csv }: BillOptions, command) => {
      const { client, output, terminal } = contextOf(command)
      if (month !== undefined && !MONTH.test(month)) throw usageError(`--month: '${month}' is no month such as 2026-01`)
      const grouping = by ?? (tag === undefined ? 'function' : 'tag')
      if (!GROUPINGS.includes(grouping)) throw usageError(`--by: '${grouping}' is none of ${GROUPINGS.join(', ')}`)
      if ((grouping === 'tag') !== (tag !== undefined)) throw usageError('--by tag and --tag <key> go together')
      if (csv && output.json) throw usageError('--csv and --json cannot both be')
      const query = { month, by: grouping, tag }
      if (csv) return output.raw(await billCsv(client(), query))
      const bill = await client().json({ action: 'GetBill', path: '/sluice/v1/bill', query })
      output.result(bill, describe(bill, grouping, terminal.stdout.isTTY === true))
    })
}

async function billCsv(client: Client, query: Record<string, string | undefined>): Promise<Buffer> {
  const call = { action: 'GetBill', path: '/sluice/v1/bill', query: { ...query, format: 'csv' } }
  return (await client.send(call)).body
}

function describe(bill: Json, grouping: string, isTerminal: boolean): string {
  const currency = textOf(bill['currency'])
  const money = (amount: unknown) => formatMoney(numberOf(amount), currency)
  const lines = objectsOf(bill['lines']).map(({ meter, quantity, unit, freeQuantity, amount }) => [
    textOf(meter),
    `${formatNumber(numberOf(quantity))} ${textOf(unit)}`,
    numberOf(freeQuantity) === 0 ? '-' : `${formatNumber(numberOf(freeQuantity))} free`,
    money(amount),
  ])
  const groups = objectsOf(bill['groups']).map(({ name, amount, usage }) => [
    textOf(name).replace('$', '/') || `(no ${grouping})`,
    `${formatNumber(isObject(usage) ? numberOf(usage['invocations']) : 0)} calls`,
    '',
    money(amount),
  ])
  const total = [['total', '', '', money(bill['total'])]]
  // One table, so that the amounts of all stand below each other.
  const table = formatTable([...lines, ...groups, ...total], isTerminal)
    .split('\n')
    .map((line) => printable(line, false))
  const usage = table.slice(0, lines.length)
  const shares = table.slice(lines.length, -1)
  const head = [`bill of ${textOf(bill['month'])} (UTC)`, ...usage]
  const below = shares.length === 0 ? [] : ['', `by ${grouping}`, ...shares]
  return [...head, ...below, '', table.at(-1)!, ...rest(bill, money)].join('\n')
}

/** How the month goes on, and what it would have been otherwise. */
function rest(bill: Json, money: (amount: unknown) => string): string[] {
  const { forecast, servers } = bill
  const days = objectsOf(bill['days']).map(({ amount }) => numberOf(amount))
  return [
    ...(days.length > 1 ? [`days      ${sparkline(days, days.length)}  ${money(days.at(-1))} on the last`] : []),
    ...(isObject(forecast) ? [`forecast  ${money(forecast['amount'])} at the end of the month`] : []),
    ...(isObject(servers) ? [serversLine(servers, money)] : []),
  ].map((line) => printable(line, false))
}

function serversLine({ name, count, amount, hours }: Json, money: (amount: unknown) => string): string {
  const machines = `${numberOf(count)} × ${textOf(name)}`
  return `servers   ${money(amount)} for ${machines}, sized for the peak, in the same ${formatNumber(numberOf(hours))} h`
}
