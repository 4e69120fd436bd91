/** One worker thread that does package jobs in turn, started when there is work and ended when there was none for a while. */
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import { PackageError } from './limits.ts'
import type { Job, JobResults, Reply } from './worker.ts'

const IDLE_MS = 5 * 60 * 1000
const WAITING_JOBS_MAX = 1000
const WORKER_HEAP_MB_MAX = 512

interface Waiting {
  job: Job
  resolve(result: never): void
  reject(error: Error): void
}

export class WorkerLane {
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #current: Waiting | undefined
  #worker: Worker | undefined
  #idleTimer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rejects with PackageError when the package breaks a rule, with another error when the host failed. */
  run<Kind extends Job['kind']>(job: Job & { kind: Kind }): Promise<JobResults[Kind]> {
    if (this.#waiting.length >= WAITING_JOBS_MAX) {
      return Promise.reject(new FcError('ResourceThrottled', 'too many code packages are being processed; try again'))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
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
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    this.#worker.postMessage(this.#current.job)
  }

  #start(): Worker {
    const resourceLimits = { maxOldGenerationSizeMb: WORKER_HEAP_MB_MAX }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { env: {}, execArgv: [], resourceLimits })
    worker.on('message', (reply: Reply) => this.#settle(reply))
    worker.on('error', (error: Error) => this.#lost(worker, `the package worker failed: ${error.message}`))
    worker.on('exit', () => this.#lost(worker, 'the package worker ended'))
    return worker
  }

  #settle(reply: Reply): void {
    const settled = this.#current!
    this.#current = undefined
    if ('result' in reply) settled.resolve(reply.result as never)
    else if ('refused' in reply) settled.reject(new PackageError(reply.refused))
    else settled.reject(new Error(`the package could not be processed: ${reply.failed}`))
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
