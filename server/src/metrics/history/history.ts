/** The history of metrics: the second that goes on, seconds in memory, minutes in a database. */
import type { Clock, Timer } from '../../clock.ts'
import type { InvocationRecord } from '../../logs/port.ts'
import type { FunctionKey } from '../../model.ts'
import type {
  AsyncEvent,
  FunctionSummary,
  GaugeReading,
  InstanceReading,
  MetricHistory,
  MetricRecorder,
  Series,
  SeriesQuery,
} from '../port.ts'
import { CATALOGUE } from './catalogue.ts'
import { mergeEncoded } from './codec.ts'
import type { MinuteStore } from './minute-store.ts'
import { checkPeriod, KEPT_MINUTES_MS, KEPT_SECONDS_MS, readQuery, stepOf, type SeriesPlan } from './read-query.ts'
import { RecentSeconds } from './recent.ts'
import { MINUTE_MS, Recorder, SECOND_MS, startOf } from './recorder.ts'
import { Sampler } from './sampler.ts'
import { isFunction, REGION } from './subjects.ts'
import { carry, seriesOf, Sums } from './series-of.ts'
import { summaryOf } from './summary.ts'
import { Tally } from './tally.ts'

/** Functions and instances told apart within a minute; functions beyond it are counted together, as `*`. */
const SUBJECTS_MAX = 20_000
/** Of the seconds in memory; beyond it they reach less far back. */
const SECONDS_BYTES_MAX = 64 * 1024 * 1024
/** Between two readings of gauges while nobody follows. */
const READING_MS = 10_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Between two rounds of forgetting minutes. */
const SWEEP_MS = 60 * MINUTE_MS

interface Period {
  fromMs: number
  toMs: number
}

export interface HistoryOptions {
  subjectsMax?: number
  secondsBytesMax?: number
}

export class History implements MetricHistory, MetricRecorder {
  readonly catalogue = CATALOGUE
  readonly #clock: Clock
  readonly #store: MinuteStore
  readonly #recent: RecentSeconds
  readonly #recorder: Recorder
  readonly #sampler: Sampler
  readonly #followers = new Set<(timeMs: number) => void>()
  /** Since then seconds were told to those who follow. */
  #toldMs = 0
  #timer: Timer | null = null
  #sweptMs: number
  #isClosed = false

  constructor(store: MinuteStore, clock: Clock, options: HistoryOptions = {}) {
    const { subjectsMax = SUBJECTS_MAX, secondsBytesMax = SECONDS_BYTES_MAX } = options
    const nowMs = clock.nowMs()
    this.#clock = clock
    this.#store = store
    this.#recent = new RecentSeconds(startOf(nowMs, SECOND_MS), secondsBytesMax)
    this.#recorder = new Recorder(nowMs, { subjectsMax }, this.#recent, (rows) => store.add(rows))
    this.#sampler = new Sampler(this.#recorder)
    this.#sweptMs = nowMs
    this.#setTimer()
  }

  observe(record: InvocationRecord): void {
    this.#recorder.observe(record, this.#clock.nowMs())
  }

  observeAsync(functionKey: FunctionKey, event: AsyncEvent, latencyMs?: number): void {
    this.#recorder.observeAsync(functionKey, event, latencyMs, this.#clock.nowMs())
  }

  addGauges(read: () => Iterable<GaugeReading>): void {
    this.#sampler.addGauges(read)
  }

  addInstances(read: () => Iterable<InstanceReading>): void {
    this.#sampler.addInstances(read)
  }

  get secondsFromMs(): number {
    this.#turn()
    return this.#recent.fromMs
  }

  async query(query: SeriesQuery): Promise<Series> {
    this.#turn()
    const plan = readQuery(query, this.#clock.nowMs(), this.#recent.fromMs)
    if (plan.metric.gauge !== null || plan.metric.info.level === 'instance') this.#sampler.sample()
    return plan.resolution === 'seconds' ? this.#seconds(plan) : this.#minutes(plan)
  }

  async summary(period: Period): Promise<{ functions: FunctionSummary[]; total: FunctionSummary }> {
    checkPeriod(period)
    this.#turn()
    const sums = new Sums<string>()
    const { fromMs } = period
    if (fromMs >= this.#recorder.minuteMs && fromMs >= this.#recent.fromMs) this.#sumSeconds(fromMs, sums)
    else await this.#sumMinutes(period, sums)
    const functions = [...sums.all]
      .filter(([subject]) => isFunction(subject))
      .map(([functionKey, tally]) => summaryOf(functionKey, tally))
      .filter(({ invocations, billedMs }) => invocations > 0 || billedMs > 0)
      .toSorted((a, b) => b.invocations - a.invocations || (a.functionKey < b.functionKey ? -1 : 1))
    return { functions, total: summaryOf(REGION, sums.of(REGION)) }
  }

  follow(onSecond: (timeMs: number) => void): { stop(): void } {
    this.#turn()
    if (this.#followers.size === 0) this.#toldMs = this.#recorder.secondMs
    // So that one who comes twice is heard twice.
    const follower = (timeMs: number) => onSecond(timeMs)
    this.#followers.add(follower)
    this.#setTimer()
    return {
      stop: () => {
        if (this.#followers.delete(follower) && this.#followers.size === 0) this.#setTimer()
      },
    }
  }

  stats(): { lostMinutes: number } {
    return { lostMinutes: this.#store.lostMinutes }
  }

  /** The minute that goes on is stored as it is. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    this.#turn()
    this.#recorder.endMinute()
    await this.#store.close()
  }

  // ---- time ----

  #turn(): void {
    const nowMs = this.#clock.nowMs()
    this.#recorder.turn(nowMs)
    this.#recent.dropBefore(startOf(nowMs, SECOND_MS) - KEPT_SECONDS_MS)
  }

  #setTimer(): void {
    if (this.#isClosed) return
    this.#timer?.cancel()
    const everyMs = this.#followers.size > 0 ? SECOND_MS : READING_MS
    const nowMs = this.#clock.nowMs()
    this.#timer = this.#clock.setTimer(startOf(nowMs, everyMs) + everyMs - nowMs, () => this.#onTime())
  }

  #onTime(): void {
    this.#setTimer()
    this.#turn()
    const nowMs = this.#recorder.secondMs
    // Told before the next reading: each second has its own.
    if (this.#followers.size > 0) this.#tellSeconds(nowMs)
    this.#sampler.sample()
    if (Math.abs(nowMs - this.#sweptMs) < SWEEP_MS) return
    this.#sweptMs = nowMs
    this.#store.sweep(nowMs - KEPT_MINUTES_MS)
  }

  /** Only the last ones, when a stopped clock or a busy process has skipped some. */
  #tellSeconds(nowMs: number): void {
    const fromMs = this.#toldMs > nowMs ? nowMs : Math.max(this.#toldMs, nowMs - 10 * SECOND_MS)
    this.#toldMs = nowMs
    for (let secondMs = fromMs; secondMs < nowMs; secondMs += SECOND_MS) {
      for (const follower of [...this.#followers]) follower(secondMs)
    }
  }

  // ---- series ----

  /** Gauges stand between two readings. */
  #seconds(plan: SeriesPlan): Series {
    if (plan.metric.gauge === null) return this.#knownSeconds(plan)
    const steps = Math.ceil(READING_MS / plan.stepMs)
    const series = this.#knownSeconds({ ...plan, fromMs: plan.fromMs - steps * plan.stepMs })
    return { ...series, points: carry(series.points, steps).slice(steps) }
  }

  #knownSeconds(plan: SeriesPlan): Series {
    const { subject, fromMs, toMs, stepMs } = plan
    const sums = new Sums<number>()
    const read = new Set<number>()
    const noteRead = (timeMs: number) => void read.add(stepOf(plan, timeMs))
    const sumAt = (timeMs: number) => sums.of(stepOf(plan, timeMs))
    this.#recent.merge(subject, fromMs, toMs, sumAt, noteRead)
    const { secondMs, wasRead } = this.#recorder
    if (secondMs >= fromMs && secondMs < toMs) {
      this.#recorder.mergeSecond(subject, sumAt(secondMs))
      if (wasRead) noteRead(secondMs)
    }
    const isKnown = (timeMs: number) => timeMs + stepMs > this.#recent.fromMs
    return seriesOf(plan, sums.all, isKnown, (timeMs) => read.has(timeMs))
  }

  async #minutes(plan: SeriesPlan): Promise<Series> {
    const { subject, fromMs, toMs, stepMs } = plan
    const sums = new Sums<number>()
    const keptFromMs = this.#clock.nowMs() - KEPT_MINUTES_MS
    const [from, to, step] = [fromMs / MINUTE_MS, toMs / MINUTE_MS, stepMs / MINUTE_MS]
    const stored = this.#store.series({ subject, from, to, step })
    // Of the same moment as the question, before the minute can end.
    const latest = new Tally()
    const { minuteMs } = this.#recorder
    if (minuteMs >= fromMs && minuteMs < toMs) this.#recorder.mergeMinute(subject, latest)
    for (const { minute, tally } of await stored) mergeEncoded(sums.of(minute * MINUTE_MS), tally)
    sums.of(stepOf(plan, minuteMs)).merge(latest)
    const isKnown = (timeMs: number) => timeMs + stepMs > keptFromMs
    return seriesOf(plan, sums.all, isKnown, () => true)
  }

  // ---- summary ----

  /** Begins within the current minute, and every second since is known. */
  #sumSeconds(fromMs: number, sums: Sums<string>): void {
    this.#recent.mergeAll(startOf(fromMs, SECOND_MS), Infinity, (subject) => sums.of(subject))
    for (const subject of this.#recorder.subjects('second')) this.#recorder.mergeSecond(subject, sums.of(subject))
  }

  /** Whole minutes, but for a start whose seconds are known. */
  async #sumMinutes({ fromMs, toMs }: Period, sums: Sums<string>): Promise<void> {
    const { minuteMs } = this.#recorder
    let firstMs = startOf(fromMs, MINUTE_MS)
    if (firstMs < fromMs && fromMs >= this.#recent.fromMs) {
      firstMs += MINUTE_MS
      this.#recent.mergeAll(startOf(fromMs, SECOND_MS), firstMs, (subject) => sums.of(subject))
    }
    const isCurrent = toMs > minuteMs
    // There is nothing after the current minute, and the sum of a whole day is one row.
    const lastMs = isCurrent ? startOf(minuteMs, DAY_MS) + DAY_MS : startOf(toMs + MINUTE_MS - 1, MINUTE_MS)
    const stored = this.#store.totals({ from: firstMs / MINUTE_MS, to: lastMs / MINUTE_MS })
    if (isCurrent) {
      for (const subject of this.#recorder.subjects('minute')) this.#recorder.mergeMinute(subject, sums.of(subject))
    }
    for (const { subject, tally } of await stored) mergeEncoded(sums.of(subject), tally)
  }
}
