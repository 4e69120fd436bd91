/** Adds up the journal: entries in, quantities per function, version and day out. Computes only. */
import { DAY_MS, dayOf, daysOf } from './calendar.ts'
import { ENTRY, ENTRY_NUMBERS, entryNumbers, FRAME, type Definition, type Frame } from './entries.ts'

/** Whole numbers, so that no sum depends on its order. */
export interface Quantities {
  invocations: number
  /** Thousandths of a vCPU × ms. */
  activeVcpu: number
  idleVcpu: number
  /** MB × ms. */
  activeMemory: number
  idleMemory: number
  disk: number
  outBytes: number
}

export const QUANTITY_NAMES = [
  'invocations',
  'activeVcpu',
  'idleVcpu',
  'activeMemory',
  'idleMemory',
  'disk',
  'outBytes',
] as const satisfies readonly (keyof Quantities)[]

export interface QuantityRow extends Quantities {
  day: string
  functionKey: string
  versionId: string
}

export const NOTHING: Readonly<Quantities> = {
  invocations: 0,
  activeVcpu: 0,
  idleVcpu: 0,
  activeMemory: 0,
  idleMemory: 0,
  disk: 0,
  outBytes: 0,
}

/** Most of it at work at the same time, as one platform saw it. */
export interface PeakRow {
  day: string
  memoryMB: number
  milliVcpu: number
}

/** An invocation that has begun and not ended. */
interface OpenRun {
  definition: Definition
  startedMs: number
}

/** What has to be known of the journal before a place to go on behind it; JSON. */
export interface Carry {
  open: [run: number, definition: Definition, startedMs: number][]
  /** The last time that the process is known to have lived. */
  lastMs: number
}

/** The largest date; no other number comes near. */
const NUMBER_MAX = 8.64e15

/** One number that is none, or a date that is none, would spoil every sum that it gets into. */
function isUsable(numbers: Float64Array, at: number): boolean {
  for (let place = at; place < at + ENTRY_NUMBERS; place++) {
    if (!(Math.abs(numbers[place]!) <= NUMBER_MAX)) return false
  }
  return true
}

export class Fold {
  #definitions: Definition[] = []
  #open: Map<number, OpenRun>
  #lastMs: number
  #rows = new Map<string, QuantityRow>()
  #dayStartMs = Number.NaN
  #rowsOfDay = new Map<Definition, QuantityRow>()
  #peaks = new Map<string, PeakRow>()
  #skippedEntries = 0

  constructor(carry: Carry) {
    this.#open = new Map(carry.open.map(([run, definition, startedMs]) => [run, { definition, startedMs }]))
    this.#lastMs = carry.lastMs
  }

  get carry(): Carry {
    const open = [...this.#open].map(([run, { definition, startedMs }]): Carry['open'][number] => [
      run,
      definition,
      startedMs,
    ])
    return { open, lastMs: this.#lastMs }
  }

  /** Another segment comes. */
  beginSegment(): void {
    this.#definitions = []
  }

  /** A frame that has been added up before: only what later ones of its segment refer to is taken in. */
  skip({ kind, payload }: Frame): void {
    if (kind === FRAME.definitions) this.#define(payload)
  }

  add(frame: Frame): void {
    if (frame.kind === FRAME.definitions) this.#define(frame.payload)
    else if (frame.kind === FRAME.start) this.#cutShort()
    else if (frame.kind === FRAME.entries) this.#addEntries(entryNumbers(frame.payload))
    else throw new Error(`a journal of the meter has a frame of kind ${frame.kind}, which this version does not know`)
  }

  /** What was added since the last time, and how many entries were left out because nothing can be computed with them. */
  take(): { rows: QuantityRow[]; peaks: PeakRow[]; skippedEntries: number } {
    const taken = {
      rows: [...this.#rows.values()],
      peaks: [...this.#peaks.values()],
      skippedEntries: this.#skippedEntries,
    }
    this.#skippedEntries = 0
    this.#rows = new Map()
    this.#rowsOfDay = new Map()
    this.#peaks = new Map()
    return taken
  }

  #define(payload: Buffer): void {
    this.#definitions.push(...(JSON.parse(payload.toString()) as Definition[]))
  }

  #addEntries(numbers: Float64Array): void {
    for (let at = 0; at + ENTRY_NUMBERS <= numbers.length; at += ENTRY_NUMBERS) {
      if (!isUsable(numbers, at)) {
        this.#skippedEntries++
        continue
      }
      const a = numbers[at + 1]!
      const b = numbers[at + 2]!
      const c = numbers[at + 3]!
      const d = numbers[at + 4]!
      switch (numbers[at]) {
        case ENTRY.begin:
          this.#begin(this.#definition(a), b, c)
          break
        case ENTRY.end:
          this.#end(this.#definition(a), b, c, d, numbers[at + 5]!)
          break
        case ENTRY.hook:
          this.#run(this.#definition(a), b, c)
          break
        case ENTRY.idle:
          this.#idle(this.#definition(a), b, c, d === 1)
          break
        case ENTRY.peak:
          this.#peak(a, b, c)
          break
        case ENTRY.tick:
          this.#lives(a)
          break
        default:
          throw new Error(
            `a journal of the meter has an entry of kind ${numbers[at]}, which this version does not know`,
          )
      }
    }
  }

  #begin(definition: Definition, run: number, startedMs: number): void {
    this.#lives(startedMs)
    this.#open.set(run, { definition, startedMs })
    this.#rowAt(definition, startedMs).invocations++
  }

  #end(definition: Definition, run: number, startedMs: number, billedMs: number, outBytes: number): void {
    this.#lives(startedMs + billedMs)
    // Of one day, to the ms: that on which it was counted.
    const begunMs = this.#open.get(run)?.startedMs ?? startedMs
    this.#open.delete(run)
    this.#run(definition, begunMs, billedMs)
    this.#rowAt(definition, begunMs).outBytes += outBytes
  }

  /** All of it counts for the day on which it began. */
  #run(definition: Definition, startedMs: number, billedMs: number): void {
    const row = this.#rowAt(definition, startedMs)
    row.activeVcpu += definition.milliVcpu * billedMs
    row.activeMemory += definition.memoryMB * billedMs
    row.disk += definition.diskMB * billedMs
  }

  #idle(definition: Definition, fromMs: number, toMs: number, isCpuAllocated: boolean): void {
    for (const { day, ms } of daysOf(fromMs, toMs)) {
      const row = this.#row(definition, day)
      row[isCpuAllocated ? 'activeVcpu' : 'idleVcpu'] += definition.milliVcpu * ms
      row.idleMemory += definition.memoryMB * ms
      row.disk += definition.diskMB * ms
    }
  }

  #peak(timeMs: number, memoryMB: number, milliVcpu: number): void {
    const day = dayOf(timeMs)
    const peak = this.#peaks.get(day) ?? { day, memoryMB: 0, milliVcpu: 0 }
    peak.memoryMB = Math.max(peak.memoryMB, memoryMB)
    peak.milliVcpu = Math.max(peak.milliVcpu, milliVcpu)
    this.#peaks.set(day, peak)
  }

  #lives(timeMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, timeMs)
  }

  /**
   * The process ended while these ran, by kill -9 or with its machine: they are paid for as long as it is known to have
   * lived, at least 1 ms, at most what their timeout allows.
   */
  #cutShort(): void {
    for (const { definition, startedMs } of this.#open.values()) {
      const livedMs = Math.ceil(this.#lastMs - startedMs)
      this.#run(definition, startedMs, Math.min(Math.max(1, livedMs), Math.max(1, definition.timeoutMs)))
    }
    this.#open = new Map()
    this.#lastMs = 0
  }

  #definition(reference: number): Definition {
    const definition = this.#definitions[reference]
    if (definition === undefined) throw new Error(`a journal of the meter names function ${reference}, which it lacks`)
    return definition
  }

  /** The row of the day of this time. Most are asked for again and again: that day is remembered. */
  #rowAt(definition: Definition, timeMs: number): QuantityRow {
    const dayStartMs = timeMs - (timeMs % DAY_MS)
    if (dayStartMs !== this.#dayStartMs) {
      this.#dayStartMs = dayStartMs
      this.#rowsOfDay = new Map()
    }
    let row = this.#rowsOfDay.get(definition)
    if (row === undefined) {
      row = this.#row(definition, dayOf(timeMs))
      this.#rowsOfDay.set(definition, row)
    }
    return row
  }

  #row({ functionKey, versionId }: Definition, day: string): QuantityRow {
    const id = `${day} ${versionId} ${functionKey}`
    let row = this.#rows.get(id)
    if (row === undefined) {
      row = { day, functionKey, versionId, ...NOTHING }
      this.#rows.set(id, row)
    }
    return row
  }
}
