/** One attempt of an asynchronous invocation: runs it as any other, and keeps the beginning of its answer. */
import type { FcError } from '../../errors.ts'
import type { Invocation, InvocationFailure, InvocationRequest, Invocations, Responder } from '../port.ts'
import type { AttemptEnd } from './retry.ts'

/** Kept of an answer, for those who are told of it; the rest is read and dropped (Function Compute: of a task). */
export const ANSWER_BYTES_MAX = 1024 * 1024

export interface AttemptResult {
  end: AttemptEnd
  durationMs: number
  instanceId: string
}

export class Attempt implements Responder {
  readonly result: Promise<AttemptResult>
  readonly #invocation: Invocation
  readonly #payload: Buffer
  readonly #onStarted: (instanceId: string) => void
  readonly #resolve: (result: AttemptResult) => void
  readonly #chunks: Buffer[] = []
  #keptBytes = 0
  #bytes = 0

  constructor(
    invocations: Invocations,
    request: InvocationRequest,
    payload: Buffer,
    onStarted: (instanceId: string) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<AttemptResult>()
    this.result = promise
    this.#resolve = resolve
    this.#payload = payload
    this.#onStarted = onStarted
    this.#invocation = invocations.create(request, null, this)
  }

  begin(): void {
    this.#invocation.begin()
  }

  abort(error: FcError): void {
    this.#invocation.abort(error)
  }

  onStart(): void {
    this.#onStarted(this.#invocation.outcome().instanceId)
    this.#invocation.send(this.#payload, true)
  }

  onDrain(): void {}

  onHead(_head: string, body: Buffer, end: boolean): void {
    this.onData(body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    this.#bytes += chunk.length
    const room = ANSWER_BYTES_MAX - this.#keptBytes
    if (chunk.length > 0 && room > 0) {
      const kept = Buffer.from(chunk.subarray(0, room))
      this.#chunks.push(kept)
      this.#keptBytes += kept.length
    }
    if (!end) {
      if (chunk.length > 0) this.#invocation.consumed(chunk.length)
      return
    }
    this.#invocation.account(200, this.#bytes)
    this.#settle({ kind: 'answered', body: Buffer.concat(this.#chunks) })
  }

  onFailed(failure: InvocationFailure): void {
    if (failure.kind === 'function') {
      this.#invocation.account(200, 0)
      this.#settle({ kind: 'failed', failure: failure.failure })
    } else {
      this.#invocation.account(failure.error.status, 0, failure.error)
      this.#settle({ kind: 'refused', error: failure.error })
    }
  }

  #settle(end: AttemptEnd): void {
    const { durationMs, instanceId } = this.#invocation.outcome()
    this.#resolve({ end, durationMs, instanceId })
  }
}
