/** The second and the minute that are going on: what happens is counted here, and handed on when they are over. */
import type { InvocationRecord } from '../../logs/port.ts'
import type { FunctionKey } from '../../model.ts'
import type { AsyncEvent } from '../port.ts'
import { TallyWriter } from './codec.ts'
import type { FieldName } from './fields.ts'
import type { RecentSeconds } from './recent.ts'
import { isFunction, OTHER_FUNCTIONS, REGION, serviceOf } from './subjects.ts'
import { Tally } from './tally.ts'

export const SECOND_MS = 1000
export const MINUTE_MS = 60_000

/** Tallies kept for use again. */
const SPARE_MAX = 256

/** Rows of one minute, packed. */
export interface MinuteRows {
  startMs: number
  subjects: string[]
  sizes: number[]
  bytes: Uint8Array<ArrayBuffer>
}

export interface RecorderOptions {
  /** Subjects told apart within one minute; functions beyond it are counted together. */
  subjectsMax: number
}

export class Recorder {
  readonly #options: RecorderOptions
  readonly #recent: RecentSeconds
  readonly #onMinute: (rows: MinuteRows) => void
  readonly #writer = new TallyWriter()
  /** Of the second: functions, and instances while they are read. The rest follows from them when it is over. */
  #second = new Map<string, Tally>()
  /** Of the minute without that second: everything. */
  #minute = new Map<string, Tally>()
  readonly #spare: Tally[] = []
  #secondMs: number
  #wasRead = false

  constructor(nowMs: number, options: RecorderOptions, recent: RecentSeconds, onMinute: (rows: MinuteRows) => void) {
    this.#secondMs = startOf(nowMs, SECOND_MS)
    this.#options = options
    this.#recent = recent
    this.#onMinute = onMinute
  }

  /** Start of the second that goes on. */
  get secondMs(): number {
    return this.#secondMs
  }

  get minuteMs(): number {
    return startOf(this.#secondMs, MINUTE_MS)
  }

  get wasRead(): boolean {
    return this.#wasRead
  }

  /** An invocation counts in the second in which it ended. */
  observe(record: InvocationRecord, nowMs: number): void {
    this.#tallyAt(record.functionKey, nowMs).observe(record)
  }

  observeAsync(functionKey: FunctionKey, event: AsyncEvent, latencyMs: number | undefined, nowMs: number): void {
    this.#tallyAt(functionKey, nowMs).observeAsync(event, latencyMs)
  }

  /** Adds a value to a field of any subject, now. */
  add(subject: string, field: FieldName, value: number): void {
    this.#tallyOf(subject).add(field, value)
  }

  /** Gauges were read just now. */
  noteRead(): void {
    this.#wasRead = true
  }

  /** Ends what is over by now. */
  turn(nowMs: number): void {
    const secondMs = startOf(nowMs, SECOND_MS)
    if (secondMs === this.#secondMs) return
    this.#endSecond()
    if (secondMs < this.#secondMs) this.#recent.setBack(secondMs)
    const isNewMinute = startOf(secondMs, MINUTE_MS) !== this.minuteMs
    if (isNewMinute) this.endMinute()
    this.#secondMs = secondMs
  }

  /** Hands on what there is of the minute. */
  endMinute(): void {
    this.#endSecond()
    const rows: MinuteRows = { startMs: this.minuteMs, subjects: [], sizes: [], bytes: new Uint8Array() }
    for (const [subject, tally] of this.#minute) {
      if (!tally.isEmpty) {
        rows.subjects.push(subject)
        rows.sizes.push(this.#writer.write(tally))
      }
      this.#giveBack(tally)
    }
    this.#minute.clear()
    rows.bytes = this.#writer.take()
    if (rows.subjects.length > 0) this.#onMinute(rows)
  }

  /** Adds what the second that goes on has of a subject. */
  mergeSecond(subject: string, into: Tally): void {
    const service = subject.endsWith('$') ? subject : null
    const only = this.#second.get(subject)
    if (only !== undefined) into.merge(only)
    if (subject !== REGION && service === null) return
    for (const [one, tally] of this.#second) {
      if (isFunction(one) && (service === null || serviceOf(one) === service)) into.merge(tally)
    }
  }

  /** Adds what the minute that goes on has of a subject, this second included. */
  mergeMinute(subject: string, into: Tally): void {
    const known = this.#minute.get(subject)
    if (known !== undefined) into.merge(known)
    this.mergeSecond(subject, into)
  }

  /** Of whom something is known in the second, or in the whole minute. */
  subjects(stretch: 'second' | 'minute'): Iterable<string> {
    const all = new Set([REGION, ...this.#second.keys()])
    if (stretch === 'minute') for (const subject of this.#minute.keys()) all.add(subject)
    return all
  }

  #tallyAt(functionKey: FunctionKey, nowMs: number): Tally {
    if (nowMs - this.#secondMs >= SECOND_MS || nowMs < this.#secondMs) this.turn(nowMs)
    return this.#second.get(functionKey) ?? this.#tallyOf(functionKey)
  }

  #tallyOf(subject: string): Tally {
    const known = this.#second.get(subject)
    if (known !== undefined) return known
    const isFull = this.#minute.size + this.#second.size >= this.#options.subjectsMax
    if (isFull && subject !== REGION && subject !== OTHER_FUNCTIONS && !this.#minute.has(subject)) {
      return this.#tallyOf(OTHER_FUNCTIONS)
    }
    const added = this.#take()
    this.#second.set(subject, added)
    return added
  }

  #endSecond(): void {
    if (this.#second.size === 0) return this.#endEmptySecond()
    const totals = this.#totals()
    const rows = [...totals, ...[...this.#second].filter(([subject]) => !totals.has(subject))]
    const sizes = rows.map(([, tally]) => this.#writer.write(tally))
    this.#recent.add(
      this.#secondMs,
      rows.map(([subject]) => subject),
      sizes,
      this.#writer,
      this.#wasRead,
    )
    for (const [subject, tally] of rows) {
      const minute = this.#minute.get(subject)
      if (minute === undefined) {
        this.#minute.set(subject, tally)
      } else {
        minute.merge(tally)
        this.#giveBack(tally)
      }
    }
    this.#second.clear()
    this.#wasRead = false
  }

  #endEmptySecond(): void {
    if (!this.#wasRead) return
    this.#recent.add(this.#secondMs, [], [], this.#writer, true)
    this.#wasRead = false
  }

  /** Everything, and each service: what its functions have, with what was read of itself. */
  #totals(): Map<string, Tally> {
    const totals = new Map<string, Tally>()
    const totalOf = (subject: string) => {
      const known = totals.get(subject) ?? this.#second.get(subject) ?? this.#take()
      totals.set(subject, known)
      return known
    }
    const region = totalOf(REGION)
    for (const [subject, tally] of this.#second) {
      if (!isFunction(subject)) continue
      region.merge(tally)
      const service = serviceOf(subject)
      if (service !== null) totalOf(service).merge(tally)
    }
    return totals
  }

  #take(): Tally {
    return this.#spare.pop() ?? new Tally()
  }

  #giveBack(tally: Tally): void {
    tally.reset()
    if (this.#spare.length < SPARE_MAX) this.#spare.push(tally)
  }
}

export function startOf(timeMs: number, stretchMs: number): number {
  return Math.floor(timeMs / stretchMs) * stretchMs
}
