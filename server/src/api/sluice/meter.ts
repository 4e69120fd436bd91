/** Sluice's own endpoints of the meter: what was used, the bill, and the prices. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Authorizer } from '../../auth/port.ts'
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { Bill, Billing, Meter, UsageRow } from '../../meter/port.ts'
import { splitFunctionKey } from '../../model.ts'
import { toCsv } from './csv.ts'
import { queryReader } from './query-reader.ts'

export interface MeterRoutesDeps {
  meter: Pick<Meter, 'usage'>
  billing: Billing
  authorizer: Authorizer
  clock: Clock
  /** `acs:fc:{region}:{account}:{resource}`. */
  arnOf: (resource: string) => string
}

const PREFIX = '/sluice/v1'
const DAY_MS = 86_400_000
/** Of one answer: a year, with the day it begins and ends on. */
const USAGE_DAYS_MAX = 367

const day = (description: string) =>
  Type.Optional(
    Type.String({ pattern: String.raw`^\d{4}-\d{2}-\d{2}$`, description: `a day such as 2026-01-31: ${description}` }),
  )
const format = Type.Optional(
  Type.Union([Type.Literal('json'), Type.Literal('csv')], { description: 'json (when it is left out) or csv' }),
)
const usageQuery = Type.Object({
  from: day('the first, in UTC; the first of this month when it is left out'),
  to: day('the last, in UTC; today when it is left out'),
  function: Type.Optional(
    Type.String({ minLength: 1, maxLength: 257, description: 'the name of a function, or service$function' }),
  ),
  format,
})
const billQuery = Type.Object({
  month: Type.Optional(
    Type.String({ pattern: String.raw`^\d{4}-(0[1-9]|1[0-2])$`, description: 'a month such as 2026-01, in UTC' }),
  ),
  by: Type.Optional(
    Type.Union([Type.Literal('service'), Type.Literal('function'), Type.Literal('tag')], {
      description: 'service, function or tag',
    }),
  ),
  tag: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'the key of a tag' })),
  format,
})

/** The app authenticates: `request.principal` says who asks. */
export function registerMeterRoutes(app: FastifyInstance, deps: MeterRoutesDeps): void {
  const { authorizer, clock, arnOf } = deps
  const today = () => new Date(clock.nowMs()).toISOString().slice(0, 10)

  const readUsage = queryReader(usageQuery)
  app.get(
    `${PREFIX}/usage`,
    {
      config: { operation: 'GetUsage' },
      schema: {
        operationId: 'GetUsage',
        summary: 'What was used per function, version and day',
        querystring: usageQuery,
      },
    },
    async (request, reply) => {
      const query = readUsage(request)
      const { function: functionKey } = query
      authorizer.authorize(request.principal, 'fc:GetUsage', arnOf(resourceOf(functionKey)))
      const fromDay = query.from ?? `${today().slice(0, 7)}-01`
      const toDay = query.to ?? today()
      checkPeriod(fromDay, toDay)
      const rows = await deps.meter.usage({ fromDay, toDay, ...(functionKey !== undefined && { functionKey }) })
      return query.format === 'csv' ? sendCsv(reply, `usage-${fromDay}-${toDay}`, usageCsv(rows)) : { rows }
    },
  )

  const readBill = queryReader(billQuery)
  app.get(
    `${PREFIX}/bill`,
    {
      config: { operation: 'GetBill' },
      schema: { operationId: 'GetBill', summary: 'What a month costs', querystring: billQuery },
    },
    async (request, reply) => {
      const query = readBill(request)
      authorizer.authorize(request.principal, 'fc:GetBill', arnOf('*'))
      const by = query.by ?? 'service'
      if (by === 'tag' && query.tag === undefined) {
        throw new FcError('InvalidArgument', 'tag is required with by=tag: the key of a tag')
      }
      const bill = await deps.billing.bill({
        month: query.month ?? today().slice(0, 7),
        by,
        ...(query.tag !== undefined && { tagKey: query.tag }),
      })
      return query.format === 'csv' ? sendCsv(reply, `bill-${bill.month}`, billCsv(bill, by)) : bill
    },
  )

  app.get(
    `${PREFIX}/price-book`,
    {
      config: { operation: 'GetPriceBook' },
      schema: {
        operationId: 'GetPriceBook',
        summary: 'The prices that bills are made with',
        querystring: Type.Object({}),
      },
    },
    async (request) => {
      authorizer.authorize(request.principal, 'fc:GetBill', arnOf('*'))
      return deps.billing.priceBook()
    },
  )
}

function resourceOf(functionKey: string | undefined): string {
  if (functionKey === undefined) return '*'
  const { service, name } = splitFunctionKey(functionKey)
  return service === null ? `functions/${name}` : `services/${service}/functions/${name}`
}

function checkPeriod(fromDay: string, toDay: string): void {
  for (const [name, text] of [
    ['from', fromDay],
    ['to', toDay],
  ] as const) {
    const timeMs = Date.parse(`${text}T00:00:00Z`)
    if (Number.isNaN(timeMs) || new Date(timeMs).toISOString().slice(0, 10) !== text) {
      throw new FcError('InvalidArgument', `${name} must be a day that there is, such as 2026-01-31`)
    }
  }
  const days = (Date.parse(toDay) - Date.parse(fromDay)) / DAY_MS + 1
  if (days < 1) throw new FcError('InvalidArgument', 'to must not be before from')
  if (days > USAGE_DAYS_MAX)
    throw new FcError('InvalidArgument', `from and to must span at most ${USAGE_DAYS_MAX} days`)
}

function sendCsv(reply: FastifyReply, name: string, csv: string): FastifyReply {
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(csv)
}

const USAGE_COLUMNS = [
  'day',
  'functionKey',
  'versionId',
  'invocations',
  'activeVcpuSeconds',
  'idleVcpuSeconds',
  'activeMemoryGigabyteSeconds',
  'idleMemoryGigabyteSeconds',
  'diskGigabyteSeconds',
  'internetOutBytes',
] as const satisfies readonly (keyof UsageRow)[]

const usageCsv = (rows: readonly UsageRow[]) =>
  toCsv(
    USAGE_COLUMNS,
    rows.map((row) => USAGE_COLUMNS.map((column) => row[column])),
  )

/** One table: what each row is of stands in its first column. */
function billCsv({ month, currency, lines, groups, days, total, forecast, servers }: Bill, by: string): string {
  const rows: (string | number)[][] = [
    ...lines.map(({ meter, quantity, unit, freeQuantity, amount }) => [
      'meter',
      meter,
      quantity,
      unit,
      freeQuantity,
      amount,
    ]),
    ...groups.map(({ name, amount }) => [by, name, '', '', '', amount]),
    ...days.map(({ day: name, amount }) => ['day', name, '', '', '', amount]),
    ['total', month, '', '', '', total],
    ...(forecast === null ? [] : [['forecast', month, '', '', '', forecast.amount]]),
    ...(servers === null ? [] : [['servers', servers.name, servers.count, 'server', '', servers.amount]]),
  ]
  return toCsv(
    ['of', 'name', 'quantity', 'unit', 'free', 'amount', 'currency'],
    rows.map((row) => [...row, currency]),
  )
}
