/**
 * What was used, per function, version and day, in SQL, and how far the journal of each platform has been added up. Both
 * change in one transaction: so a stretch of journal counts once, however often it is tried.
 */
import { Kysely, sql, type Dialect, type Transaction } from 'kysely'
import { QUANTITY_NAMES, type Carry, type PeakRow, type Quantities, type QuantityRow } from './fold.ts'
import type { UsageQuery } from './port.ts'

interface UsageTable extends QuantityRow {}

interface Tables {
  meter_usage: UsageTable
  meter_peak: { day: string; journal: string; memoryMB: number; milliVcpu: number }
  meter_progress: { journal: string; segment: number; offset: number; carry: string }
  meter_schema: { version: number }
}

/** How far a journal has been added up. */
export interface Progress {
  segment: number
  /** In the segment, in bytes. */
  offset: number
  carry: Carry
}

export const BEGINNING: Progress = { segment: 0, offset: 0, carry: { open: [], lastMs: 0 } }

/** Of all functions together; as text, since sums of a month may be beyond what a number holds exactly. */
export type QuantitySums = Record<keyof Quantities, string>

export interface DaySums extends QuantitySums {
  day: string
}

export interface FunctionSums extends QuantitySums {
  functionKey: string
}

/** What is asked for a bill. */
export interface MonthSums {
  days: DaySums[]
  functions: FunctionSums[]
  /** Of all platforms together: none knows when the others had theirs. */
  peaks: PeakRow[]
  /** The first day on which anything was used; null: nothing was. */
  firstDay: string | null
}

export const NO_SUMS: MonthSums = { days: [], functions: [], peaks: [], firstDay: null }

export interface UsageStore {
  progress(journal: string): Promise<Progress>
  /** All or nothing, and nothing when the journal is not at `from` any more; false then. */
  add(journal: string, from: Progress, to: Progress, rows: QuantityRow[], peaks: PeakRow[]): Promise<boolean>
  rows(query: UsageQuery): Promise<QuantityRow[]>
  /** `days`: sums of these days; `functions` and `peaks`: of the days from `fromDay` on. Days are inclusive. */
  sums(query: { daysFrom: string; fromDay: string; toDay: string }): Promise<MonthSums>
  close(): Promise<void>
}

/** What differs between the databases. */
export interface UsageDatabase {
  dialect: Dialect
  /** The column type whose order is the order of the UTF-8 bytes. */
  keyType: string
  /** Keeps other processes from making the tables at the same time. */
  lockSchema: (transaction: Transaction<Tables>) => Promise<void>
}

const SCHEMA_VERSION = 1
/** Of one statement: databases bound the number of parameters. */
const ROWS_PER_STATEMENT_MAX = 500
/** Of one answer. */
const ROWS_MAX = 1_000_000

export async function openUsageStore({ dialect, keyType, lockSchema }: UsageDatabase): Promise<UsageStore> {
  const db = new Kysely<Tables>({ dialect })
  try {
    await db.transaction().execute(async (transaction) => {
      await lockSchema(transaction)
      await makeTables(transaction, keyType)
    })
  } catch (error) {
    await db.destroy()
    throw error
  }
  return new SqlUsageStore(db)
}

async function makeTables(transaction: Transaction<Tables>, keyType: string): Promise<void> {
  const text = sql.raw(keyType)
  const quantities = sql.raw(QUANTITY_NAMES.map((name) => `"${name}" bigint not null`).join(', '))
  await sql`create table if not exists meter_schema (version integer not null)`.execute(transaction)
  const known = await transaction.selectFrom('meter_schema').select('version').executeTakeFirst()
  if (known !== undefined && known.version !== SCHEMA_VERSION) {
    throw new Error(
      `the usage database has schema version ${known.version}, but this version of Sluice knows only ` +
        `${SCHEMA_VERSION}: start the version that wrote it`,
    )
  }
  if (known !== undefined) return
  await sql`create table meter_usage (day ${text} not null, "functionKey" ${text} not null, "versionId" ${text} not null,
    ${quantities}, primary key (day, "functionKey", "versionId"))`.execute(transaction)
  await sql`create table meter_peak (day ${text} not null, journal ${text} not null, "memoryMB" bigint not null,
    "milliVcpu" bigint not null, primary key (day, journal))`.execute(transaction)
  await sql`create table meter_progress (journal ${text} not null primary key, segment bigint not null,
    "offset" bigint not null, carry text not null)`.execute(transaction)
  await transaction.insertInto('meter_schema').values({ version: SCHEMA_VERSION }).execute()
}

class SqlUsageStore implements UsageStore {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  async progress(journal: string): Promise<Progress> {
    const row = await this.#db
      .selectFrom('meter_progress')
      .select(['segment', 'offset', 'carry'])
      .where('journal', '=', journal)
      .executeTakeFirst()
    return row === undefined ? BEGINNING : { ...row, carry: JSON.parse(row.carry) as Carry }
  }

  async add(journal: string, from: Progress, to: Progress, rows: QuantityRow[], peaks: PeakRow[]): Promise<boolean> {
    return await this.#db.transaction().execute(async (transaction) => {
      if (!(await advance(transaction, journal, from, to))) return false
      // In one order for all, so that two platforms never wait for each other.
      const sorted = rows.toSorted((a, b) => (rowId(a) < rowId(b) ? -1 : 1))
      for (let at = 0; at < sorted.length; at += ROWS_PER_STATEMENT_MAX) {
        await addRows(transaction, sorted.slice(at, at + ROWS_PER_STATEMENT_MAX))
      }
      for (const { day, memoryMB, milliVcpu } of peaks) {
        await transaction
          .insertInto('meter_peak')
          .values({ day, journal, memoryMB, milliVcpu })
          .onConflict((conflict) =>
            conflict.columns(['day', 'journal']).doUpdateSet({
              memoryMB: largerOf('memoryMB'),
              milliVcpu: largerOf('milliVcpu'),
            }),
          )
          .execute()
      }
      return true
    })
  }

  async rows({ fromDay, toDay, functionKey }: UsageQuery): Promise<QuantityRow[]> {
    let query = this.#db
      .selectFrom('meter_usage')
      .selectAll()
      .where('day', '>=', fromDay)
      .where('day', '<=', toDay)
      .orderBy('day')
      .orderBy('functionKey')
      .orderBy('versionId')
      .limit(ROWS_MAX)
    if (functionKey !== undefined) query = query.where('functionKey', '=', functionKey)
    return await query.execute()
  }

  async sums({ daysFrom, fromDay, toDay }: { daysFrom: string; fromDay: string; toDay: string }): Promise<MonthSums> {
    const usage = this.#db.selectFrom('meter_usage').where('day', '<=', toDay)
    const [days, functions, peaks, first] = await Promise.all([
      usage
        .where('day', '>=', daysFrom)
        .select(['day', ...QUANTITY_SUMS])
        .groupBy('day')
        .orderBy('day')
        .execute(),
      usage
        .where('day', '>=', fromDay)
        .select(['functionKey', ...QUANTITY_SUMS])
        .groupBy('functionKey')
        .orderBy('functionKey')
        .execute(),
      this.#db
        .selectFrom('meter_peak')
        .where('day', '>=', fromDay)
        .where('day', '<=', toDay)
        .select(['day', numberSum('memoryMB').as('memoryMB'), numberSum('milliVcpu').as('milliVcpu')])
        .groupBy('day')
        .orderBy('day')
        .execute(),
      this.#db.selectFrom('meter_usage').select('day').orderBy('day').limit(1).executeTakeFirst(),
    ])
    return { days, functions, peaks, firstDay: first?.day ?? null }
  }

  close(): Promise<void> {
    return this.#db.destroy()
  }
}

const rowId = ({ day, functionKey, versionId }: QuantityRow) => `${day} ${functionKey} ${versionId}`

async function advance(
  transaction: Transaction<Tables>,
  journal: string,
  from: Progress,
  to: Progress,
): Promise<boolean> {
  const carry = JSON.stringify(to.carry)
  if (from === BEGINNING) {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('meter_progress')
      .values({ journal, segment: to.segment, offset: to.offset, carry })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }
  const { numUpdatedRows } = await transaction
    .updateTable('meter_progress')
    .set({ segment: to.segment, offset: to.offset, carry })
    .where('journal', '=', journal)
    .where('segment', '=', from.segment)
    .where('offset', '=', from.offset)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

async function addRows(transaction: Transaction<Tables>, rows: QuantityRow[]): Promise<void> {
  await transaction
    .insertInto('meter_usage')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['day', 'functionKey', 'versionId'])
        .doUpdateSet(
          Object.fromEntries(
            QUANTITY_NAMES.map((name) => [
              name,
              sql<number>`${sql.ref(`meter_usage.${name}`)} + ${sql.ref(`excluded.${name}`)}`,
            ]),
          ),
        ),
    )
    .execute()
}

const largerOf = (name: 'memoryMB' | 'milliVcpu') => {
  const [before, now] = [sql.ref(`meter_peak.${name}`), sql.ref(`excluded.${name}`)]
  return sql<number>`case when ${before} > ${now} then ${before} else ${now} end`
}

const QUANTITY_SUMS = QUANTITY_NAMES.map((name) => sql<string>`cast(sum(${sql.ref(name)}) as text)`.as(name))
const numberSum = (name: string) => sql<number>`cast(sum(${sql.ref(name)}) as bigint)`
