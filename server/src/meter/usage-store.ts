/**
 * What was used, per function, version and day, in SQL, and how far the journal of each platform has been added up. Both
 * change in one transaction: so a stretch of journal counts once, however often it is tried.
 */
import { QUANTITY_NAMES, type Carry, type PeakRow, type Quantities, type QuantityRow } from './fold.ts'
import type { UsageQuery } from './port.ts'
import type { Sql, Statements } from './sql.ts'

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
  /** More than `ROWS_MAX` rows stand for too many. */
  rows(query: UsageQuery): Promise<QuantityRow[]>
  /** `days`: sums of these days; `functions` and `peaks`: of the days from `fromDay` on. Days are inclusive. */
  sums(query: { daysFrom: string; fromDay: string; toDay: string }): Promise<MonthSums>
  close(): Promise<void>
}

const SCHEMA_VERSION = 1
/** Of one statement: databases bound the number of values. */
const ROWS_PER_STATEMENT_MAX = 500
/** Of one answer; with one more, it is too long. */
export const ROWS_MAX = 100_000

/** Makes the tables where there are none. */
export async function openUsageStore(sql: Sql): Promise<UsageStore> {
  try {
    await sql.schemaTransaction((statements) => makeTables(statements, sql.keyType))
  } catch (error) {
    await sql.close()
    throw error
  }
  return new SqlUsageStore(sql)
}

async function makeTables(statements: Statements, text: string): Promise<void> {
  await statements.change('create table if not exists meter_schema (version integer not null)')
  const [known] = await statements.query<{ version: number }>('select version from meter_schema')
  if (known !== undefined && known.version !== SCHEMA_VERSION) {
    throw new Error(
      `the usage database has schema version ${known.version}, but this version of Sluice knows only ` +
        `${SCHEMA_VERSION}: start the version that wrote it`,
    )
  }
  if (known !== undefined) return
  const quantities = QUANTITY_NAMES.map((name) => `"${name}" bigint not null`).join(', ')
  await statements.change(`create table meter_usage (
    day ${text} not null, "functionKey" ${text} not null, "versionId" ${text} not null, ${quantities},
    primary key (day, "functionKey", "versionId"))`)
  await statements.change(`create table meter_peak (
    day ${text} not null, journal ${text} not null, "memoryMB" bigint not null, "milliVcpu" bigint not null,
    primary key (day, journal))`)
  await statements.change(`create table meter_progress (
    journal ${text} not null primary key, segment bigint not null, "offset" bigint not null, carry text not null)`)
  await statements.change('insert into meter_schema values (?)', [SCHEMA_VERSION])
}

const QUANTITIES = QUANTITY_NAMES.map((name) => `"${name}"`).join(', ')
const QUANTITY_SUMS = QUANTITY_NAMES.map((name) => `cast(sum("${name}") as text) as "${name}"`).join(', ')
const ADDED = QUANTITY_NAMES.map((name) => `"${name}" = meter_usage."${name}" + excluded."${name}"`).join(', ')
const LARGER = ['memoryMB', 'milliVcpu']
  .map((name) => [name, `meter_peak."${name}"`, `excluded."${name}"`])
  .map(([name, before, now]) => `"${name}" = case when ${before} > ${now} then ${before} else ${now} end`)
  .join(', ')

class SqlUsageStore implements UsageStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async progress(journal: string): Promise<Progress> {
    const [row] = await this.#sql.query<{ segment: number; offset: number; carry: string }>(
      'select segment, "offset", carry from meter_progress where journal = ?',
      [journal],
    )
    return row === undefined ? BEGINNING : { ...row, carry: JSON.parse(row.carry) as Carry }
  }

  async add(journal: string, from: Progress, to: Progress, rows: QuantityRow[], peaks: PeakRow[]): Promise<boolean> {
    return await this.#sql.transaction(async (statements) => {
      if (!(await advance(statements, journal, from, to))) return false
      // In one order for all, so that two platforms never wait for each other.
      const sorted = rows.toSorted((a, b) => (rowId(a) < rowId(b) ? -1 : 1))
      for (let at = 0; at < sorted.length; at += ROWS_PER_STATEMENT_MAX) {
        await addRows(statements, sorted.slice(at, at + ROWS_PER_STATEMENT_MAX))
      }
      for (const { day, memoryMB, milliVcpu } of peaks) {
        await statements.change(
          `insert into meter_peak (day, journal, "memoryMB", "milliVcpu") values (?, ?, ?, ?)
            on conflict (day, journal) do update set ${LARGER}`,
          [day, journal, memoryMB, milliVcpu],
        )
      }
      return true
    })
  }

  rows({ fromDay, toDay, functionKey }: UsageQuery): Promise<QuantityRow[]> {
    return this.#sql.query(
      `select day, "functionKey", "versionId", ${QUANTITIES} from meter_usage
        where day >= ? and day <= ? ${functionKey === undefined ? '' : 'and "functionKey" = ?'}
        order by day, "functionKey", "versionId" limit ${ROWS_MAX + 1}`,
      [fromDay, toDay, ...(functionKey === undefined ? [] : [functionKey])],
    )
  }

  async sums({ daysFrom, fromDay, toDay }: { daysFrom: string; fromDay: string; toDay: string }): Promise<MonthSums> {
    const days = await this.#sql.query<DaySums>(
      `select day, ${QUANTITY_SUMS} from meter_usage where day >= ? and day <= ? group by day order by day`,
      [daysFrom, toDay],
    )
    const functions = await this.#sql.query<FunctionSums>(
      `select "functionKey", ${QUANTITY_SUMS} from meter_usage where day >= ? and day <= ?
        group by "functionKey" order by "functionKey"`,
      [fromDay, toDay],
    )
    const peaks = await this.#sql.query<PeakRow>(
      `select day, cast(sum("memoryMB") as bigint) as "memoryMB", cast(sum("milliVcpu") as bigint) as "milliVcpu"
        from meter_peak where day >= ? and day <= ? group by day order by day`,
      [fromDay, toDay],
    )
    const [first] = await this.#sql.query<{ day: string }>('select day from meter_usage order by day limit 1')
    return { days, functions, peaks, firstDay: first?.day ?? null }
  }

  close(): Promise<void> {
    return this.#sql.close()
  }
}

const rowId = ({ day, functionKey, versionId }: QuantityRow) => `${day} ${functionKey} ${versionId}`

async function advance(statements: Statements, journal: string, from: Progress, to: Progress): Promise<boolean> {
  const place = [to.segment, to.offset, JSON.stringify(to.carry)]
  const changed =
    from === BEGINNING
      ? await statements.change(
          `insert into meter_progress (segment, "offset", carry, journal) values (?, ?, ?, ?) on conflict do nothing`,
          [...place, journal],
        )
      : await statements.change(
          `update meter_progress set segment = ?, "offset" = ?, carry = ?
            where journal = ? and segment = ? and "offset" = ?`,
          [...place, journal, from.segment, from.offset],
        )
  return changed === 1
}

async function addRows(statements: Statements, rows: readonly QuantityRow[]): Promise<void> {
  const row = `(?, ?, ?${', ?'.repeat(QUANTITY_NAMES.length)})`
  await statements.change(
    `insert into meter_usage (day, "functionKey", "versionId", ${QUANTITIES}) values ${rows.map(() => row).join(', ')}
      on conflict (day, "functionKey", "versionId") do update set ${ADDED}`,
    rows.flatMap((each) => [each.day, each.functionKey, each.versionId, ...QUANTITY_NAMES.map((name) => each[name])]),
  )
}
