/**
 * A thread that owns one database, seen from the main thread. What is asked while it is busy goes to it as one message,
 * is committed in one transaction with one sync, and is answered by one message: with many callers the sync and the
 * messages are shared, with one caller nothing waits for company.
 */
import { Worker } from 'node:worker_threads'

/** Asks that wait or are with the thread, and the bytes that come with them. */
const PENDING_ASKS_MAX = 20_000
const PENDING_BYTES_MAX = 64 * 1024 * 1024
/** Of one transaction, so that no ask waits long for its neighbours. */
const BATCH_ASKS_MAX = 1000
const BATCH_BYTES_MAX = 8 * 1024 * 1024

/** What can be asked, by kind: `interface ListAsks { list: { ask: Query; answer: Page } }`. */
export type AskTable<Asks> = { [Kind in keyof Asks]: { ask: unknown; answer: unknown } }

/** Asks of one transaction, in order; `sizes` says how much of `bytes` each brought. */
export interface Batch {
  kinds: string[]
  asks: unknown[]
  sizes: number[]
  bytes: Uint8Array
}

export type Failure =
  /** The handler said no: its refusal. */
  | { refused: unknown }
  /** A defect of the handler; its neighbours are not affected. */
  | { failed: string }
  /** The database cannot be written or read now. */
  | { unavailable: string }

export type FromThread =
  | { kind: 'opened'; opened: unknown }
  /** `failures` by index: there `answers` has null. `storageFailure`: why nothing could be committed; else empty. */
  | { kind: 'answers'; answers: unknown[]; failures: [number, Failure][]; storageFailure: string }

export type ToThread = { kind: 'batch'; batch: Batch } | { kind: 'close' }

/**
 * Nothing can be stored or read now. `busy`: too many asks wait, nothing was done. `unavailable`: the disk, the database
 * or the thread; nothing was done, but where the thread died the ask may have been carried out.
 */
export class StorageError extends Error {
  readonly reason: 'busy' | 'unavailable'

  constructor(reason: 'busy' | 'unavailable', message: string) {
    super(message)
    this.name = 'StorageError'
    this.reason = reason
  }
}

export interface StorageThreadOptions<Opened, Refusal> {
  /** The module that the thread runs: it calls `serveStorage`. */
  script: URL
  /** Passed on to it. */
  data: unknown
  /** Which database it is, or what else the thread does, for messages: `queue database`. */
  subject: string
  /** Hears, each time the thread has opened its database, what it says of it; before any answer. */
  onOpened?: (opened: Opened) => void
  /** The error for an ask that was refused. */
  toError: (refusal: Refusal) => Error
  pendingAsksMax?: number
  pendingBytesMax?: number
}

interface Pending {
  kind: string
  ask: unknown
  bytes: Uint8Array | null
  resolve: (answer: never) => void
  reject: (error: Error) => void
}

export class StorageThread<Asks extends AskTable<Asks>, Opened = null, Refusal = never> {
  readonly #options: StorageThreadOptions<Opened, Refusal>
  readonly #notify: (message: string) => void
  readonly #pendingAsksMax: number
  readonly #pendingBytesMax: number
  #worker: Worker | null = null
  #isOpened = false
  #waiting: Pending[] = []
  /** With the thread. */
  #sent: Pending[] = []
  #pendingBytes = 0
  #sendsSoon = false
  /** So that a full disk is told once and not with each batch. */
  #isFailing = false
  #closed = false

  /** `notify` hears what an operator should read: a full disk, a thread that died. */
  constructor(options: StorageThreadOptions<Opened, Refusal>, notify: (message: string) => void) {
    this.#options = options
    this.#notify = notify
    this.#pendingAsksMax = options.pendingAsksMax ?? PENDING_ASKS_MAX
    this.#pendingBytesMax = options.pendingBytesMax ?? PENDING_BYTES_MAX
  }

  /** Resolves when the database is open; rejects with what is wrong with it. The thread keeps the process alive until `close`. */
  open(): Promise<void> {
    const { script, data, subject } = this.#options
    const worker = new Worker(script, { workerData: data, name: subject, execArgv: [] })
    this.#worker = worker
    this.#isOpened = false
    return new Promise((resolve, reject) => {
      let failure = new Error(`the thread of the ${subject} ended`)
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'opened') {
          this.#opened(message.opened as Opened)
          resolve()
        } else if (message.kind === 'answers') {
          this.#receive(message)
        }
      })
      worker.on('error', (error: Error) => (failure = error))
      worker.on('exit', () => {
        this.#ended(failure.message)
        reject(failure)
      })
    })
  }

  /**
   * Resolves when it is committed, and with it everything asked before. `bytes` are copied, once, and must not change
   * until then. Rejects with what `toError` makes of a refusal, or with StorageError. A thread that died starts again.
   */
  ask<Kind extends keyof Asks & string>(
    kind: Kind,
    ask: Asks[Kind]['ask'],
    bytes: Uint8Array | null = null,
  ): Promise<Asks[Kind]['answer']> {
    const size = bytes?.length ?? 0
    const refusal = this.#refusal(size)
    if (refusal !== undefined) return Promise.reject(refusal)
    // What is wrong when it cannot start is told by those that wait for it.
    if (this.#worker === null) this.open().catch(() => {})
    this.#pendingBytes += size
    return new Promise((resolve, reject) => {
      this.#waiting.push({ kind, ask, bytes, resolve, reject })
      this.#sendSoon()
    })
  }

  /** After what was asked has been answered. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const worker = this.#worker
    if (worker === null) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    if (this.#isOpened && this.#sent.length === 0) this.#send()
    this.#closeWhenIdle()
    await ended
  }

  #refusal(size: number): StorageError | undefined {
    const { subject } = this.#options
    if (this.#closed) return new StorageError('unavailable', `the ${subject} is closed`)
    const isFull =
      this.#waiting.length + this.#sent.length >= this.#pendingAsksMax ||
      this.#pendingBytes + size > this.#pendingBytesMax
    return isFull ? new StorageError('busy', `too much waits for the ${subject}; try again`) : undefined
  }

  #opened(opened: Opened): void {
    this.#isOpened = true
    this.#options.onOpened?.(opened)
    this.#send()
    this.#closeWhenIdle()
  }

  /** At the end of this turn of the event loop, so that what came in it goes together. */
  #sendSoon(): void {
    if (this.#sendsSoon || !this.#isOpened || this.#sent.length > 0) return
    this.#sendsSoon = true
    setImmediate(() => {
      this.#sendsSoon = false
      if (this.#isOpened && this.#sent.length === 0) this.#send()
    })
  }

  #send(): void {
    if (this.#waiting.length === 0) return
    this.#sent = takeBatch(this.#waiting)
    this.#waiting = this.#waiting.slice(this.#sent.length)
    const batch = packBatch(this.#sent)
    this.#post({ kind: 'batch', batch }, [batch.bytes.buffer as ArrayBuffer])
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#worker!.postMessage(message, transfer)
  }

  #receive({ answers, failures, storageFailure }: FromThread & { kind: 'answers' }): void {
    const answered = this.#sent
    this.#sent = []
    for (const { bytes } of answered) this.#pendingBytes -= bytes?.length ?? 0
    this.#tell(storageFailure)
    const failed = new Map(failures)
    for (const [index, { resolve, reject }] of answered.entries()) {
      const failure = failed.get(index)
      if (failure === undefined) resolve(answers[index] as never)
      else reject(this.#toError(failure))
    }
    // At the end of this turn: what those that were answered ask next shares the sync with what waits.
    if (this.#waiting.length > 0) this.#sendSoon()
    this.#closeWhenIdle()
  }

  #toError(failure: Failure): Error {
    const { subject, toError } = this.#options
    if ('refused' in failure) return toError(failure.refused as Refusal)
    if ('failed' in failure) return new Error(`the ${subject} could not carry it out: ${failure.failed}`)
    return new StorageError('unavailable', `the ${subject} cannot be used now: ${failure.unavailable}`)
  }

  #tell(storageFailure: string): void {
    if (storageFailure !== '' && !this.#isFailing) {
      this.#notify(`the ${this.#options.subject} cannot be used now: ${storageFailure}`)
    }
    this.#isFailing = storageFailure !== ''
  }

  #closeWhenIdle(): void {
    const isIdle = this.#isOpened && this.#sent.length === 0 && this.#waiting.length === 0
    if (this.#closed && isIdle) this.#post({ kind: 'close' })
  }

  /** What the thread was at has an unknown end; what it was not given yet goes to the next one, if this one worked at all. */
  #ended(reason: string): void {
    const wasOpened = this.#isOpened
    this.#worker = null
    this.#isOpened = false
    const goesOn = wasOpened && !this.#closed
    const lost = goesOn ? this.#sent : [...this.#sent, ...this.#waiting]
    this.#sent = []
    if (!goesOn) this.#waiting = []
    for (const { bytes } of lost) this.#pendingBytes -= bytes?.length ?? 0
    if (goesOn) this.#tell(reason)
    for (const { reject } of lost) reject(this.#toError({ unavailable: reason }))
    if (this.#waiting.length > 0) this.open().catch(() => {})
  }
}

function takeBatch(waiting: readonly Pending[]): Pending[] {
  let bytes = 0
  let count = 0
  while (count < waiting.length && count < BATCH_ASKS_MAX) {
    bytes += waiting[count]!.bytes?.length ?? 0
    if (bytes > BATCH_BYTES_MAX && count > 0) break
    count++
  }
  return waiting.slice(0, count)
}

/** All bytes in one buffer, which is handed over: a message costs by the piece more than by the byte. */
function packBatch(pending: readonly Pending[]): Batch {
  const sizes = pending.map(({ bytes }) => bytes?.length ?? 0)
  const packed = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  let offset = 0
  for (const { bytes } of pending) {
    if (bytes === null) continue
    packed.set(bytes, offset)
    offset += bytes.length
  }
  return { kinds: pending.map(({ kind }) => kind), asks: pending.map(({ ask }) => ask), sizes, bytes: packed }
}
