/**
 * Pictures are decoded in processes of their own, at low priority: what anybody uploads may crash a decoder or keep it
 * busy, and that must cost one request, not the platform. A process does one job at a time, is started when there is
 * work and ended when there was none for a while.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock, Timer } from '../../clock.ts'
import { OssError, type OssErrorCode } from '../errors.ts'
import type { Rendered, RenderJob } from './render.ts'

const SCRIPT = fileURLToPath(new URL('./worker.ts', import.meta.url))
const IDLE_MS = 60_000

export interface ImageLimits {
  /** Jobs at once. */
  processes: number
  /** Requests that wait for their turn; more are refused. */
  waitingMax: number
  /** For one job, from the reading of its source on. */
  jobMs: number
}

/** What a process answers to a job. */
export type Reply = { rendered: Rendered } | { refused: { code: OssErrorCode; message: string } } | { failed: string }

interface Waiting {
  read(): Promise<RenderJob>
  resolve(rendered: Rendered): void
  reject(error: Error): void
}

export class ImageProcesses {
  readonly #limits: ImageLimits
  readonly #waiting: Waiting[] = []
  readonly #workers: ImageWorker[]
  #isClosed = false

  constructor(limits: ImageLimits, clock: Clock) {
    this.#limits = limits
    this.#workers = Array.from({ length: limits.processes }, () => new ImageWorker(limits, clock))
  }

  /**
   * `read` is called when the job's turn has come, so that sources do not wait in memory. Rejects with what it rejects
   * with, with the refusals of `render`, and with ServiceUnavailable when too many wait.
   */
  run(read: () => Promise<RenderJob>): Promise<Rendered> {
    if (this.#waiting.length >= this.#limits.waitingMax || this.#isClosed)
      return Promise.reject(new OssError('ServiceUnavailable', 'too many pictures are being processed; try again'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ read, resolve, reject })
      this.#next()
    })
  }

  close(): void {
    this.#isClosed = true
    for (const worker of this.#workers) worker.end()
  }

  #next(): void {
    const worker = this.#workers.find(({ isBusy }) => !isBusy)
    const waiting = worker === undefined ? undefined : this.#waiting.shift()
    if (worker === undefined || waiting === undefined) return
    worker
      .run(() => waiting.read())
      .then(
        (rendered) => waiting.resolve(rendered),
        (error: Error) => waiting.reject(error),
      )
      .finally(() => this.#next())
  }
}

class ImageWorker {
  isBusy = false
  readonly #limits: ImageLimits
  readonly #clock: Clock
  #child: ChildProcess | undefined
  #settle: ((reply: Reply) => void) | undefined
  #idleTimer: Timer | undefined

  constructor(limits: ImageLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  async run(read: () => Promise<RenderJob>): Promise<Rendered> {
    this.isBusy = true
    this.#idleTimer?.cancel()
    const { jobMs } = this.#limits
    const tooLong = Promise.withResolvers<never>()
    const timer = this.#clock.setTimer(jobMs, () => {
      this.end()
      tooLong.reject(new OssError('BadRequest', `the picture takes longer than ${jobMs / 1000} s to process`))
    })
    try {
      return await Promise.race([this.#render(read), tooLong.promise])
    } finally {
      timer.cancel()
      this.isBusy = false
      this.#idleTimer = this.#clock.setTimer(IDLE_MS, () => this.end())
    }
  }

  end(): void {
    const child = this.#child
    this.#lost(child, 'was ended')
    child?.kill('SIGKILL')
  }

  async #render(read: () => Promise<RenderJob>): Promise<Rendered> {
    const job = await read()
    const reply = await this.#ask(job)
    if ('rendered' in reply) {
      const { body } = reply.rendered
      // What comes through the channel is a plain array of bytes.
      return { ...reply.rendered, body: body && Buffer.from(body.buffer, body.byteOffset, body.byteLength) }
    }
    if ('refused' in reply) throw new OssError(reply.refused.code, reply.refused.message)
    throw new OssError('InternalError', `the picture could not be processed: ${reply.failed}`)
  }

  #ask(job: RenderJob): Promise<Reply> {
    const child = (this.#child ??= this.#start())
    return new Promise((resolve) => {
      this.#settle = resolve
      child.send(job, (error) => {
        if (error !== null) this.#lost(child, error.message)
      })
    })
  }

  #start(): ChildProcess {
    const child = fork(SCRIPT, {
      serialization: 'advanced',
      execArgv: [],
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.unref()
    child.channel?.unref()
    child.on('message', (reply) => {
      if (this.#child === child) this.#answer(reply as Reply)
    })
    child.on('error', (error) => this.#lost(child, error.message))
    child.on('exit', (code, signal) => this.#lost(child, `the process ended (${signal ?? code})`))
    return child
  }

  #lost(child: ChildProcess | undefined, reason: string): void {
    if (child === undefined || this.#child !== child) return
    this.#child = undefined
    this.#answer({ failed: reason })
  }

  #answer(reply: Reply): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(reply)
  }
}
