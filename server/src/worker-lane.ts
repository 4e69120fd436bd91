/** One worker thread that does jobs in turn, started when there is work and ended when there was none for a while. */
import { Worker, type Transferable } from 'node:worker_threads'
import type { Clock, Timer } from './clock.ts'
import { FcError } from './errors.ts'

const IDLE_MS = 5 * 60 * 1000
const WAITING_JOBS_MAX = 1000

/** What the thread answers to each message, which is a job. */
export type Reply<Result, Refusal> = { result: Result } | { refused: Refusal } | { failed: string }

export interface LaneOptions<Refusal> {
  /** The module that the thread runs. */
  script: URL
  /** What a job is about, for messages: `code package`. */
  subject: string
  /** JavaScript heap of the thread; buffers do not count. */
  heapMBMax: number
  /** It works on nothing that comes from strangers, and needs the environment of the process. */
  hasEnvironment?: true
  /** The error for a job that the thread refused. */
  toError(refusal: Refusal): Error
}

interface Waiting {
  job: unknown
  transfer: readonly Transferable[]
  resolve(result: never): void
  reject(error: Error): void
}

/** Where what it works on comes from strangers: of the environment it has only where compiled code is kept, to start sooner. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_COMPILE_CACHE } = process.env
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
}

export class WorkerLane<Job extends { kind: string }, Results extends Record<Job['kind'], unknown>, Refusal> {
  readonly #options: LaneOptions<Refusal>
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #current: Waiting | undefined
  #worker: Worker | undefined
  #idleTimer: Timer | undefined

  constructor(options: LaneOptions<Refusal>, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /**
   * Rejects with the error of a refusal when the thread refuses the job, with another error when the host failed.
   * What is in `transfer` belongs to the thread as soon as the job's turn has come.
   */
  run<Kind extends Job['kind']>(
    job: Job & { kind: Kind },
    transfer: readonly Transferable[] = [],
  ): Promise<Results[Kind]> {
    if (this.#waiting.length >= WAITING_JOBS_MAX) {
      const { subject } = this.#options
      return Promise.reject(new FcError('ResourceThrottled', `too many ${subject}s are being processed; try again`))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, transfer, resolve, reject })
      this.#next()
    })
  }

  /** Starts the thread when there is none: what comes soon then does not wait the 50 ms that this takes. */
  warm(): void {
    this.#worker ??= this.#start()
    this.#next()
  }

  #next(): void {
    if (this.#current !== undefined) return
    this.#idleTimer?.cancel()
    this.#current = this.#waiting.shift()
    if (this.#current === undefined) {
      this.#worker?.unref()
      this.#idleTimer = this.#clock.setTimer(IDLE_MS, () => this.#end())
      return
    }
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#worker.postMessage(this.#current.job, this.#current.transfer)
  }

  #start(): Worker {
    const { script, subject, heapMBMax, hasEnvironment } = this.#options
    const resourceLimits = { maxOldGenerationSizeMb: heapMBMax }
    const worker = new Worker(script, {
      env: hasEnvironment ? process.env : environment(),
      execArgv: [],
      resourceLimits,
    })
    worker.on('message', (reply: Reply<unknown, Refusal>) => this.#settle(reply))
    worker.on('error', (error: Error) => this.#lost(worker, `the ${subject} worker failed: ${error.message}`))
    worker.on('exit', () => this.#lost(worker, `the ${subject} worker ended`))
    return worker
  }

  #settle(reply: Reply<unknown, Refusal>): void {
    const settled = this.#current!
    const options = this.#options
    this.#current = undefined
    if ('result' in reply) settled.resolve(reply.result as never)
    else if ('refused' in reply) settled.reject(options.toError(reply.refused))
    else settled.reject(new Error(`the ${options.subject} could not be processed: ${reply.failed}`))
    this.#next()
  }

  #lost(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    if (this.#current !== undefined) this.#settle({ failed: reason })
  }

  #end(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }
}
