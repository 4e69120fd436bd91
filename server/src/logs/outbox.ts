/** What was appended and is not stored yet, by function and within bounds. */
import { blockOfLines, blockOfRecords } from './blocks.ts'
import type { Block } from './blocks.ts'
import type { InvocationRecord, LogLine } from './port.ts'

/** Lines that wait for the worker, all functions together; beyond it they are dropped. */
const LINES_BYTES_MAX = 32 * 1024 * 1024
/** The share of one function, so that one that floods drops its own lines and no others. */
const FUNCTION_LINES_BYTES_MAX = 8 * 1024 * 1024
/** Records have room of their own: they are lost last. */
const RECORDS_BYTES_MAX = 64 * 1024 * 1024
/** Rows of one block: many enough to share their cost, few enough for a query to read one quickly. */
const BLOCK_ROWS_MAX = 256
const BLOCK_LINES_BYTES_MAX = 64 * 1024
/** Blocks that are ready go to the worker at the latest when they hold this much. */
const BATCH_BYTES = 1024 * 1024
/** Blocks of so many functions are packed and sent in one turn of the event loop: about half a millisecond. */
const FUNCTIONS_PER_TURN = 32
/** What a line or record costs in memory beside its text, about. */
const LINE_OVERHEAD_BYTES = 100
const RECORD_OVERHEAD_BYTES = 400

interface Waiting {
  lines: LogLine[]
  lineBytes: number
  records: InvocationRecord[]
  recordBytes: number
  /** Of lines in blocks too, until the worker has stored them. */
  unstoredLineBytes: number
}

/** What a batch held, to be given back when it is stored. */
export interface Batch {
  blocks: Block[]
  lines: number
  records: number
  lineBytes: Map<string, number>
  recordBytes: number
}

export class Outbox {
  readonly #functions = new Map<string, Waiting>()
  #round: string[] = []
  #gathering = 0
  #batch = emptyBatch()
  #batchBytes = 0
  #lineBytes = 0
  #recordBytes = 0
  droppedLines = 0
  droppedRecords = 0

  /** False when it was dropped. */
  addLine(line: LogLine): boolean {
    const waiting = this.#waitingOf(line.functionKey)
    const bytes = line.text.length + LINE_OVERHEAD_BYTES
    if (waiting.unstoredLineBytes + bytes > FUNCTION_LINES_BYTES_MAX || this.#lineBytes + bytes > LINES_BYTES_MAX) {
      this.droppedLines++
      return false
    }
    waiting.lines.push(line)
    this.#gathering++
    waiting.lineBytes += bytes
    waiting.unstoredLineBytes += bytes
    this.#lineBytes += bytes
    if (waiting.lines.length >= BLOCK_ROWS_MAX || waiting.lineBytes >= BLOCK_LINES_BYTES_MAX) {
      this.#packLines(line.functionKey, waiting)
    }
    return true
  }

  /** False when it was dropped. */
  addRecord(record: InvocationRecord): boolean {
    const bytes = record.errorMessage.length + record.path.length + RECORD_OVERHEAD_BYTES
    if (this.#recordBytes + bytes > RECORDS_BYTES_MAX) {
      this.droppedRecords++
      return false
    }
    const waiting = this.#waitingOf(record.functionKey)
    waiting.records.push(record)
    this.#gathering++
    waiting.recordBytes += bytes
    this.#recordBytes += bytes
    if (waiting.records.length >= BLOCK_ROWS_MAX) this.#packRecords(waiting)
    return true
  }

  get batchIsFull(): boolean {
    return this.#batchBytes >= BATCH_BYTES
  }

  /** The blocks that are full; what is still gathering stays. */
  takeFull(): Batch {
    const batch = this.#batch
    this.#batch = emptyBatch()
    this.#batchBytes = 0
    return batch
  }

  /** Everything appended so far. */
  takeAll(): Batch {
    this.#round = []
    for (const [functionKey, waiting] of this.#functions) this.#pack(functionKey, waiting)
    return this.takeFull()
  }

  /** Begins to pack what has gathered, for `takeTurn` to go on with. */
  startRound(): void {
    this.#round = [...this.#functions.keys()]
  }

  /** What has gathered in the next functions of the round, few enough not to hold up the event loop. */
  takeTurn(): Batch {
    for (const functionKey of this.#round.splice(-FUNCTIONS_PER_TURN)) {
      const waiting = this.#functions.get(functionKey)
      if (waiting !== undefined) this.#pack(functionKey, waiting)
    }
    return this.takeFull()
  }

  get roundIsOver(): boolean {
    return this.#round.length === 0
  }

  /** Lines and records that are in no block yet. */
  get gathering(): number {
    return this.#gathering
  }

  /** The worker is done with the batch: its room is free again. */
  release(batch: Batch): void {
    this.#recordBytes -= batch.recordBytes
    for (const [functionKey, bytes] of batch.lineBytes) {
      this.#lineBytes -= bytes
      this.#functions.get(functionKey)!.unstoredLineBytes -= bytes
    }
  }

  drop(batch: Batch): void {
    this.droppedLines += batch.lines
    this.droppedRecords += batch.records
  }

  #waitingOf(functionKey: string): Waiting {
    let waiting = this.#functions.get(functionKey)
    if (waiting === undefined) {
      waiting = { lines: [], lineBytes: 0, records: [], recordBytes: 0, unstoredLineBytes: 0 }
      this.#functions.set(functionKey, waiting)
    }
    return waiting
  }

  #pack(functionKey: string, waiting: Waiting): void {
    if (waiting.lines.length > 0) this.#packLines(functionKey, waiting)
    if (waiting.records.length > 0) this.#packRecords(waiting)
    if (waiting.unstoredLineBytes === 0) this.#functions.delete(functionKey)
  }

  #packLines(functionKey: string, waiting: Waiting): void {
    const batch = this.#batch
    batch.blocks.push(blockOfLines(waiting.lines))
    batch.lines += waiting.lines.length
    this.#gathering -= waiting.lines.length
    batch.lineBytes.set(functionKey, (batch.lineBytes.get(functionKey) ?? 0) + waiting.lineBytes)
    this.#batchBytes += waiting.lineBytes
    waiting.lines = []
    waiting.lineBytes = 0
  }

  #packRecords(waiting: Waiting): void {
    const batch = this.#batch
    batch.blocks.push(blockOfRecords(waiting.records))
    batch.records += waiting.records.length
    this.#gathering -= waiting.records.length
    batch.recordBytes += waiting.recordBytes
    this.#batchBytes += waiting.recordBytes
    waiting.records = []
    waiting.recordBytes = 0
  }
}

function emptyBatch(): Batch {
  return { blocks: [], lines: 0, records: 0, lineBytes: new Map(), recordBytes: 0 }
}
