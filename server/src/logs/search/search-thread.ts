/** The thread that searches, seen from the main thread: started by the first search, ended when there was none for a while. */
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import { QueryError } from '../query/error.ts'
import type { SearchAsks, SearchReply, SearchRequest } from './messages.ts'

/** Searches at once; more are refused. */
export const SEARCHES_MAX = 32
const IDLE_MS = 60_000

interface Pending {
  resolve: (answer: SearchAsks[keyof SearchAsks]['answer']) => void
  reject: (error: Error) => void
}

export class SearchThread {
  readonly #directory: string
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #idleTimer: Timer | undefined
  #nextId = 1
  #isClosed = false

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  /** Rejects with ResourceExhausted when too many search, and with QueryError. */
  async ask<Kind extends keyof SearchAsks>(
    kind: Kind,
    ask: SearchAsks[Kind]['ask'],
  ): Promise<SearchAsks[Kind]['answer']> {
    if (this.#isClosed) throw new Error('the log searcher is closed')
    if (this.#pending.size >= SEARCHES_MAX) {
      throw new FcError('ResourceExhausted', `${SEARCHES_MAX} searches of logs are running; try again`)
    }
    this.#idleTimer?.cancel()
    const worker = (this.#worker ??= this.#start())
    const request = { kind, id: this.#nextId++, ask } as SearchRequest
    try {
      return await new Promise<SearchAsks[Kind]['answer']>((resolve, reject) => {
        this.#pending.set(request.id, { resolve, reject })
        worker.postMessage(request, [])
      })
    } finally {
      this.#pending.delete(request.id)
      if (this.#pending.size === 0 && !this.#isClosed) {
        this.#idleTimer?.cancel()
        this.#idleTimer = this.#clock.setTimer(IDLE_MS, () => void this.#end())
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#idleTimer?.cancel()
    await this.#end()
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#rejectAll(new Error('the log searcher is closed'))
    await worker?.terminate()
  }

  #start(): Worker {
    const url = new URL('./worker.ts', import.meta.url)
    const worker = new Worker(url, { workerData: this.#directory, name: 'log search', execArgv: [] })
    worker.unref()
    let failure = new Error('the thread that searches logs ended')
    worker.on('message', (reply: SearchReply) => {
      const pending = this.#pending.get(reply.id)
      if ('refusal' in reply) pending?.reject(new QueryError(reply.refusal, 0))
      else if ('failure' in reply) pending?.reject(new Error(reply.failure))
      else pending?.resolve(reply.answer)
    })
    worker.on('error', (error: Error) => (failure = error))
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#rejectAll(failure)
    })
    return worker
  }

  #rejectAll(reason: Error): void {
    for (const { reject } of this.#pending.values()) reject(reason)
  }
}
