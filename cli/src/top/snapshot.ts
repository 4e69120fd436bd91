/** What `sluice top` shows, at one moment. */
import type { Client } from '../client.ts'
import { ApiError } from '../errors.ts'
import { type Json, numberOf, objectOf, objectsOf, textOf } from '../json.ts'

export interface FunctionRow {
  /** As people write it. */
  name: string
  perSecond: number
  /** Percent of all calls that failed, whoever's fault it was. */
  errors: number | null
  p50Ms: number | null
  p99Ms: number | null
  instances: number
  inFlight: number
  /** Of this month so far; null: not known. */
  cost: number | null
}

export interface Costs {
  currency: string
  total: number
  forecast: number | null
  /** By function key. */
  functions: ReadonlyMap<string, number>
}

export interface Snapshot {
  timeMs: number
  windowMs: number
  total: FunctionRow
  functions: FunctionRow[]
  host: { sandbox: string; cpus: number; memoryMB: number; usedMB: number; instancesMax: number; stems: number }
  costs: Costs | null
}

export interface At {
  timeMs: number
  windowMs: number
  costs: Costs | null
}

export async function takeSnapshot(
  client: Client,
  { timeMs, windowMs, costs }: At,
  signal: AbortSignal,
): Promise<Snapshot> {
  const [summary, running] = await Promise.all([
    client.json({
      action: 'SummariseMetrics',
      path: '/sluice/v1/metrics/summary',
      query: { from: timeMs - windowMs, to: timeMs },
      signal,
    }),
    client.json({ action: 'ListAllInstances', path: '/sluice/v1/instances', signal }),
  ])
  return combine(summary, running, { timeMs, windowMs, costs })
}

/** Null where the platform does not tell, or not this caller. */
export async function readCosts(client: Client, signal: AbortSignal): Promise<Costs | null> {
  const call = { action: 'GetBill', path: '/sluice/v1/bill', query: { by: 'function' }, signal }
  try {
    const bill = await client.json(call)
    const forecast = objectOf(bill['forecast'])['amount']
    return {
      currency: textOf(bill['currency']),
      total: numberOf(bill['total']),
      forecast: typeof forecast === 'number' ? forecast : null,
      functions: new Map(objectsOf(bill['groups']).map(({ name, amount }) => [textOf(name), numberOf(amount)])),
    }
  } catch (error) {
    if (error instanceof ApiError) return null
    throw error
  }
}

/** Functions that did something in the window, or have instances. */
export function combine(summary: Json, running: Json, { timeMs, windowMs, costs }: At): Snapshot {
  const instances = Map.groupBy(objectsOf(running['instances']), ({ functionKey }) => textOf(functionKey))
  const summaries = new Map(objectsOf(summary['functions']).map((one) => [textOf(one['functionKey']), one]))
  const rowOf = (name: string, of: Json, own: readonly Json[], cost: number | null): FunctionRow => {
    const invocations = numberOf(of['invocations'])
    const failed =
      numberOf(of['functionErrors']) +
      numberOf(of['serverErrors']) +
      numberOf(of['clientErrors']) +
      numberOf(of['throttles'])
    return {
      name,
      perSecond: (invocations * 1000) / windowMs,
      errors: invocations === 0 ? null : (failed / invocations) * 100,
      p50Ms: maybe(of['p50Ms']),
      p99Ms: maybe(of['p99Ms']),
      instances: own.length,
      inFlight: own.reduce((sum, { inFlight }) => sum + numberOf(inFlight), 0),
      cost,
    }
  }
  const host = objectOf(running['host'])
  const stems = objectsOf(running['stems']).reduce((sum, { waiting }) => sum + numberOf(waiting), 0)
  return {
    timeMs,
    windowMs,
    total: rowOf('', objectOf(summary['total']), [...instances.values()].flat(), costs?.total ?? null),
    functions: [...new Set([...summaries.keys(), ...instances.keys()])].map((key) =>
      rowOf(
        key.replace('$', '/'),
        summaries.get(key) ?? {},
        instances.get(key) ?? [],
        costs === null ? null : (costs.functions.get(key) ?? 0),
      ),
    ),
    host: {
      sandbox: textOf(host['sandbox']),
      cpus: numberOf(host['cpus']),
      memoryMB: numberOf(host['memoryMB']),
      usedMB: numberOf(host['usedMB']),
      instancesMax: numberOf(host['instancesMax']),
      stems,
    },
    costs,
  }
}

const maybe = (value: unknown) => (typeof value === 'number' ? value : null)
