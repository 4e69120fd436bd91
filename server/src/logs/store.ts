/** The embedded log store: batches on this side, SQLite in a worker thread on the other. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import { decodeCursor } from './cursor.ts'
import type { StorageBounds } from './database.ts'
import { Followers } from './followers.ts'
import { cutLine } from './line-splitter.ts'
import { horizonsAt, type FunctionBounds, type Horizons } from './horizons.ts'
import type { Asks, Reply, Request, WorkerData } from './messages.ts'
import { Outbox } from './outbox.ts'
import type { Batch } from './outbox.ts'
import type { InvocationRecord, LogLine, LogPage, LogQuery, LogStore, RecordQuery } from './port.ts'

/** Most lines or records of one answer. */
const QUERY_LIMIT_MAX = 10_000
const FLUSH_INTERVAL_MS = 200
/** Between the turns of a flush of many functions. */
const TURN_INTERVAL_MS = 1

export interface LogStoreOptions extends StorageBounds {
  /** Longest that something appended waits before it is stored, and so what the death of the process can lose. */
  flushIntervalMs?: number
}

export interface LogStoreDeps {
  clock: Clock
  /** Hears what an operator should read: a damaged database, a full disk. Default: a process warning. */
  notify?: (message: string) => void
}

/**
 * Rejects when the directory cannot be used; a damaged database file is moved aside instead. What was flushed survives
 * kill -9; what came in the last flush interval does not. Its thread keeps the process alive until `close`.
 */
export async function openEmbeddedStore(options: LogStoreOptions, deps: LogStoreDeps): Promise<EmbeddedStore> {
  const notify = deps.notify ?? ((message) => process.emitWarning(message))
  const store = new EmbeddedStore(options, deps.clock, notify)
  await store.open()
  return store
}

interface Pending {
  resolve: (answer: Asks[keyof Asks]['answer']) => void
  reject: (error: Error) => void
}

export class EmbeddedStore implements LogStore {
  readonly followers: Followers
  readonly #options: LogStoreOptions
  readonly #flushIntervalMs: number
  readonly #clock: Clock
  readonly #notify: (message: string) => void
  readonly #outbox = new Outbox()
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | null = null
  #nextId = 1
  #timer: Timer | null = null
  #storedBytes = 0
  #functionBounds: FunctionBounds = new Map()
  /** So that a full disk is told once and not with each batch. */
  #failing = false
  #closed = false

  constructor(options: LogStoreOptions, clock: Clock, notify: (message: string) => void) {
    this.#options = options
    this.#flushIntervalMs = options.flushIntervalMs ?? FLUSH_INTERVAL_MS
    this.#clock = clock
    this.#notify = notify
    this.followers = new Followers(notify)
  }

  /** Resolves when the database is open. */
  open(): Promise<void> {
    const { directory, retentionDays, functionBytesMax, totalBytesMax } = this.#options
    const bounds = { directory, retentionDays, functionBytesMax, totalBytesMax }
    const workerData: WorkerData = { ...bounds, functions: this.#functionBounds }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData, name: 'logs', execArgv: [] })
    this.#worker = worker
    return new Promise((resolve, reject) => {
      let failure = new Error('the log worker ended')
      worker.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') {
          this.#storedBytes = reply.storedBytes
          resolve()
        } else {
          this.#receive(reply)
        }
      })
      worker.on('error', (error: Error) => (failure = error))
      worker.on('exit', () => {
        this.#workerEnded(worker, failure)
        reject(failure)
      })
    })
  }

  appendLine(line: LogLine): void {
    if (this.#closed) return
    const text = cutLine(line.text)
    const kept = text === line.text ? line : { ...line, text }
    this.followers.line(kept)
    if (this.#outbox.addLine(kept)) this.#flushSoon()
  }

  appendRecord(record: InvocationRecord): void {
    if (this.#closed) return
    const errorMessage = cutLine(record.errorMessage)
    const kept = errorMessage === record.errorMessage ? record : { ...record, errorMessage }
    this.followers.record(kept)
    if (this.#outbox.addRecord(kept)) this.#flushSoon()
  }

  async queryLines(query: LogQuery): Promise<LogPage> {
    if (query.cursor !== undefined) decodeCursor(query.cursor)
    const limited = { ...query, limit: checkedLimit(query.limit) }
    this.#flush()
    return this.#ask('lines', { query: limited, nowMs: this.#clock.nowMs() })
  }

  async queryRecords(query: RecordQuery): Promise<InvocationRecord[]> {
    const limited = { ...query, limit: checkedLimit(query.limit) }
    this.#flush()
    return this.#ask('records', { query: limited, nowMs: this.#clock.nowMs() })
  }

  follow(query: LogQuery, onLine: (line: LogLine) => void): { stop(): void } {
    return this.followers.followLines(query, onLine)
  }

  followRecords(functionKey: string | undefined, onRecord: (record: InvocationRecord) => void): { stop(): void } {
    return this.followers.followRecords(functionKey, onRecord)
  }

  /** Resolves when everything appended so far is stored, or could not be. */
  async settled(): Promise<void> {
    this.#flush()
    await this.#ask('settle', null)
  }

  /** What functions have of their own, all of them. */
  bound(functions: FunctionBounds): void {
    this.#functionBounds = functions
    if (!this.#closed) this.#ask('bound', functions).catch((error: Error) => this.#notify(error.message))
  }

  horizons(): Horizons {
    return horizonsAt(this.#clock.nowMs(), this.#options.retentionDays, this.#functionBounds)
  }

  stats(): { droppedLines: number; droppedRecords: number; storedBytes: number } {
    const { droppedLines, droppedRecords } = this.#outbox
    return { droppedLines, droppedRecords, storedBytes: this.#storedBytes }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#flush()
    this.#closed = true
    this.followers.clear()
    const worker = this.#worker
    if (worker === null) return
    const ended = once(worker, 'exit')
    await this.#ask('close', null)
    await ended
  }

  #flushSoon(): void {
    if (this.#outbox.batchIsFull) this.#send(this.#outbox.takeFull())
    this.#timer ??= this.#clock.setTimer(this.#flushIntervalMs, () => this.#startRound())
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#send(this.#outbox.takeAll())
  }

  /** With many functions a round takes several turns of the event loop, so that no request waits for all of it. */
  #startRound(): void {
    const startedMs = this.#clock.monotonicMs()
    this.#outbox.startRound()
    const turn = (): void => {
      this.#timer = null
      this.#send(this.#outbox.takeTurn())
      if (!this.#outbox.roundIsOver) {
        this.#timer = this.#clock.setTimer(TURN_INTERVAL_MS, turn)
      } else if (this.#outbox.gathering > 0) {
        const leftMs = startedMs + this.#flushIntervalMs - this.#clock.monotonicMs()
        this.#timer = this.#clock.setTimer(Math.max(leftMs, 0), () => this.#startRound())
      }
    }
    turn()
  }

  #send(batch: Batch): void {
    if (batch.blocks.length > 0) void this.#store(batch)
  }

  async #store(batch: Batch): Promise<void> {
    try {
      const result = await this.#ask('store', { blocks: batch.blocks, nowMs: this.#clock.nowMs() })
      this.#storedBytes = result.storedBytes
      if (result.failure !== '') throw new Error(result.failure)
      this.#failing = false
    } catch (error) {
      this.#outbox.drop(batch)
      if (!this.#failing) this.#notify(`logs cannot be stored and are dropped: ${(error as Error).message}`)
      this.#failing = true
    }
    this.#outbox.release(batch)
  }

  async #ask<Kind extends keyof Asks>(kind: Kind, ask: Asks[Kind]['ask']): Promise<Asks[Kind]['answer']> {
    if (this.#closed && kind !== 'close') throw new Error('the log store is closed')
    // A worker that died starts again with the next request; its ready message is not waited for.
    if (this.#worker === null) this.open().catch(() => {})
    const request = { kind, id: this.#nextId++, ask } as Request
    const transfer = request.kind === 'store' ? request.ask.blocks.map(({ numbers }) => numbers.buffer) : []
    return new Promise((resolve, reject) => {
      this.#worker!.postMessage(request, transfer)
      this.#pending.set(request.id, { resolve, reject })
    })
  }

  #receive(reply: Exclude<Reply, { kind: 'ready' }>): void {
    if (reply.kind === 'notice') return this.#notify(reply.message)
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'answer') pending?.resolve(reply.answer)
    else pending?.reject(new Error(reply.message))
  }

  #workerEnded(worker: Worker, failure: Error): void {
    if (this.#worker === worker) this.#worker = null
    for (const { reject } of this.#pending.values()) reject(failure)
    this.#pending.clear()
  }
}

function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new FcError('InvalidArgument', 'limit is invalid: it must be a whole number of at least 1')
  }
  return Math.min(limit, QUERY_LIMIT_MAX)
}
