/** The meter: notes what ran in the journal, and has a thread add it up. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import { WorkerLane } from '../worker-lane.ts'
import type { Skipped } from './adder.ts'
import { DAY_MS } from './calendar.ts'
import type { UsageHome } from './databases.ts'
import { ENTRY } from './entries.ts'
import type { QuantityRow } from './fold.ts'
import { Journal } from './journal.ts'
import { totalsOf, usageOf } from './meters.ts'
import { NO_RUN, type IdleSpan, type Meter, type UsageQuery, type UsageRow } from './port.ts'
import { NO_SUMS, ROWS_MAX, type MonthSums, type UsageStore } from './usage-store.ts'
import type { MeterJob, MeterResults, Place } from './worker.ts'

/** From the first entry that is not added up to a look at it. */
const ADD_UP_MS = 5000
/** After the database could not be reached. */
const ADD_UP_AGAIN_MS = 30_000
/** While something runs, the journal tells so often that the process lives. */
const TICK_MS = 1000
/** Longest that an end waits for the database; the journal keeps what is not in it. */
const CLOSE_MS_MAX = 5000
const HEAP_MB_MAX = 256

export interface MeterDeps {
  clock: Clock
  random: Random
  /** Hears what an operator should read. */
  notify: (message: string) => void
}

/** Beside what the port offers, what a bill is made of. */
export interface MeterWithSums extends Meter {
  sums(query: Parameters<UsageStore['sums']>[0]): Promise<MonthSums>
  /** Grows when something was noted; what was asked at the same count would be answered the same. */
  readonly notedCount: number
}

/** `directory`: of the journal. Throws when it cannot be written. */
export function openMeter(directory: string, home: UsageHome, deps: MeterDeps): MeterWithSums {
  return new JournalMeter(directory, home, deps)
}

class JournalMeter implements MeterWithSums {
  readonly #clock: Clock
  readonly #notify: MeterDeps['notify']
  readonly #journal: Journal
  readonly #place: Place
  readonly #lane: WorkerLane<MeterJob, MeterResults, string>
  #lastRun = NO_RUN
  #openCount = 0
  #tick: Timer | null = null
  #addUp: Timer | null = null
  #isFailing = false
  #isClosed = false
  /** Nothing was ever noted: there is nothing to ask a thread for. */
  #isEmpty: boolean
  #busyMemoryMB = 0
  #busyMilliVcpu = 0
  #peakMemoryMB = 0
  #peakMilliVcpu = 0
  /** When the day ends that the peak is of. */
  #peakUntilMs = 0
  notedCount = 0

  constructor(directory: string, home: UsageHome, { clock, random, notify }: MeterDeps) {
    this.#clock = clock
    this.#notify = notify
    this.#journal = new Journal(directory, { clock, onWritten: () => this.#onWritten(), notify })
    this.#place = { directory, journal: nameOfJournal(directory, random), home }
    this.#lane = new WorkerLane(
      {
        script: new URL('worker.ts', import.meta.url),
        subject: 'usage',
        heapMBMax: HEAP_MB_MAX,
        // The client of PostgreSQL reads PGPASSWORD and the like, as it does for the metadata.
        hasEnvironment: true,
        toError: (reason: string) =>
          new FcError('ServiceUnavailable', `the usage database cannot be used now: ${reason}`, { 'Retry-After': '5' }),
      },
      clock,
    )
    this.#isEmpty = !this.#journal.isContinued && home.kind === 'sqlite' && !existsSync(home.file)
    // What an earlier process left.
    if (this.#journal.isContinued) this.#addUpIn(ADD_UP_MS)
  }

  beginInvocation(version: FunctionVersion): number {
    const run = ++this.#lastRun
    this.#journal.append(ENTRY.begin, this.#journal.reference(version), run, this.#clock.nowMs(), 0, 0)
    this.#openCount++
    this.#tick ??= this.#clock.setTimer(TICK_MS, this.#onTick)
    return run
  }

  recordInvocation(record: InvocationRecord, version: FunctionVersion, run: number): void {
    if (run === NO_RUN) return
    this.#openCount--
    const { startedMs, queuedMs, billedMs, responseBytes } = record
    const reference = this.#journal.reference(version)
    this.#journal.append(ENTRY.end, reference, run, Math.floor(startedMs + queuedMs), billedMs, responseBytes)
  }

  recordHook({ startedMs, billedMs }: InvocationRecord, version: FunctionVersion): void {
    this.#journal.append(ENTRY.hook, this.#journal.reference(version), startedMs, billedMs, 0, 0)
  }

  recordIdle({ version, fromMs, toMs, isCpuAllocated }: IdleSpan): void {
    if (toMs <= fromMs) return
    this.#journal.append(ENTRY.idle, this.#journal.reference(version), fromMs, toMs, isCpuAllocated ? 1 : 0, 0)
  }

  observeBusy({ function: { config } }: FunctionVersion, change: 1 | -1): void {
    this.#busyMemoryMB += change * config.memoryMB
    this.#busyMilliVcpu += change * Math.round(config.cpu * 1000)
    if (change > 0) this.#observePeak(this.#clock.nowMs())
  }

  async usage(query: UsageQuery): Promise<UsageRow[]> {
    this.#journal.flush()
    if (this.#isEmpty) return []
    const rows = await this.#lane.run({ kind: 'rows', place: this.#place, query })
    if (rows.length > ROWS_MAX) {
      throw new FcError('InvalidArgument', `more than ${ROWS_MAX} rows: ask for fewer days, or for one function`)
    }
    return rows.map(usageRowOf)
  }

  async sums(query: Parameters<UsageStore['sums']>[0]): Promise<MonthSums> {
    this.#journal.flush()
    if (this.#isEmpty) return NO_SUMS
    return await this.#lane.run({ kind: 'sums', place: this.#place, query })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#tick?.cancel()
    this.#addUp?.cancel()
    this.#journal.close()
    if (this.#isEmpty) return
    const timeout = Promise.withResolvers<never>()
    const timer = this.#clock.setTimer(CLOSE_MS_MAX, () => timeout.reject(new Error('the usage database is slow')))
    try {
      this.#tellSkipped(await Promise.race([this.#lane.run({ kind: 'close', place: this.#place }), timeout.promise]))
      this.#journal.empty()
    } catch (error) {
      this.#notify(`${(error as Error).message}; what was used is added up after the next start`)
    } finally {
      timer.cancel()
    }
  }

  readonly #onTick = (): void => {
    this.#tick = null
    if (this.#openCount === 0) return
    const nowMs = this.#clock.nowMs()
    this.#journal.append(ENTRY.tick, nowMs, 0, 0, 0, 0)
    // Of a day that begins with instances at work.
    this.#observePeak(nowMs)
    this.#tick = this.#clock.setTimer(TICK_MS, this.#onTick)
  }

  #observePeak(nowMs: number): void {
    if (nowMs >= this.#peakUntilMs) {
      this.#peakUntilMs = nowMs - (nowMs % DAY_MS) + DAY_MS
      this.#peakMemoryMB = this.#peakMilliVcpu = 0
    }
    if (this.#busyMemoryMB <= this.#peakMemoryMB && this.#busyMilliVcpu <= this.#peakMilliVcpu) return
    this.#peakMemoryMB = Math.max(this.#peakMemoryMB, this.#busyMemoryMB)
    this.#peakMilliVcpu = Math.max(this.#peakMilliVcpu, this.#busyMilliVcpu)
    this.#journal.append(ENTRY.peak, nowMs, this.#peakMemoryMB, this.#peakMilliVcpu, 0, 0)
  }

  #onWritten(): void {
    this.#isEmpty = false
    this.notedCount++
    this.#addUpIn(ADD_UP_MS)
  }

  #addUpIn(delayMs: number): void {
    if (this.#isClosed) return
    this.#addUp ??= this.#clock.setTimer(delayMs, () => void this.#addUpNow())
  }

  async #addUpNow(): Promise<void> {
    try {
      this.#tellSkipped(await this.#lane.run({ kind: 'addUp', place: this.#place }))
      this.#isFailing = false
      this.#addUp = null
    } catch (error) {
      if (!this.#isFailing) this.#notify(`${(error as Error).message}; what was used is kept until it can`)
      this.#isFailing = true
      this.#addUp = null
      this.#addUpIn(ADD_UP_AGAIN_MS)
    }
  }

  #tellSkipped({ bytes, entries }: Skipped): void {
    if (bytes > 0) {
      this.#notify(
        `${bytes} bytes of the meter's journal are damaged or were cut short: what they noted is not counted`,
      )
    }
    if (entries > 0) {
      this.#notify(
        `${entries} entries of the meter's journal have numbers that are none: what they noted is not counted`,
      )
    }
  }
}

/** Tells this journal from those of other platforms in a database that they share; made once. */
function nameOfJournal(directory: string, random: Random): string {
  const file = join(directory, 'name')
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const name = random.bytes(16).toString('hex')
    writeFileSync(file, name, { mode: 0o600 })
    return name
  }
}

function usageRowOf({ functionKey, versionId, day, ...quantities }: QuantityRow): UsageRow {
  return { functionKey, versionId, day, ...usageOf(totalsOf(quantities)) }
}
