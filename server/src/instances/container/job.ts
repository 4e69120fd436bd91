/** An instance whose container serves nothing but runs once for each event, from a fresh image (`webServerMode` false). */
import type { ExecSpec, Sandbox, SandboxExit, SandboxStats } from '../../sandbox/port.ts'
import { reasonOf, StartFailure } from '../failure.ts'
import type { Body } from '../instance.ts'
import type { Link } from '../link.ts'
import type { FunctionFailure, LinkStream, StreamHandler } from '../port.ts'
import type { StemOwner } from '../stem.ts'

/** Where Function Compute has code, of which there is none beside the image. */
export const CODE_PATH = '/code'
/** Linux: one variable of the environment, with its name. */
const VARIABLE_BYTES_MAX = 128 * 1024 - 1
/** Function Compute: how the container gets its event. */
export const EVENT_VARIABLE = 'FC_CUSTOM_CONTAINER_EVENT'
const EVENT_BYTES_MAX = VARIABLE_BYTES_MAX - Buffer.byteLength(`${EVENT_VARIABLE}=`)
const LOAD_MS_MAX = 1000
const EMPTY = Buffer.alloc(0)

/** Makes the container of one event. */
export type RunEvent = (event: string, onOutput: StemOwner['onOutput']) => Promise<Sandbox>

/** Between two events there is no process. */
export class JobBody implements Body {
  readonly created = Promise.resolve()
  readonly connected = Promise.resolve()
  readonly sandbox: Sandbox
  readonly #runEvent: RunEvent
  readonly #gone = Promise.withResolvers<SandboxExit>()
  #owner: StemOwner | null = null
  #running: Sandbox | null = null
  #isStopped = false
  /** What the container before used at most. */
  #last: SandboxStats | undefined

  constructor(id: string, runEvent: RunEvent) {
    this.#runEvent = runEvent
    this.sandbox = {
      id,
      paths: { temporary: '/tmp', channel: '' },
      address: '',
      sharesNetwork: false,
      exited: this.#gone.promise,
      specialise: () => Promise.resolve({ code: CODE_PATH, layers: null }),
      freeze: () => this.#running?.freeze(),
      thaw: () => this.#running?.thaw(),
      exec: (spec: ExecSpec) =>
        this.#running?.exec(spec) ?? Promise.reject(new Error('the container runs for no event')),
      stats: () => this.#running?.stats() ?? this.#last,
      stop: (graceMs) => this.stop(graceMs),
    }
  }

  async confirm(): Promise<void> {}

  take(owner: StemOwner): Link {
    this.#owner = owner
    return {
      loadMsMax: LOAD_MS_MAX,
      initialize: () => queueMicrotask(() => owner.onReady('{}')),
      invoke: (head, body, end, handler) => new JobStream(this, head, body, end, handler),
      // There is no process that could run one.
      hook: (_, onDone) => queueMicrotask(() => onDone('{}')),
      ping: () => queueMicrotask(() => owner.onPong()),
      // Each container gets fresh ones.
      credentials() {},
    }
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    await this.#running?.stop(graceMs)
    const exit: SandboxExit = { code: 0, signal: null, outOfMemory: false, peakMemoryBytes: 0 }
    this.#gone.resolve(exit)
    this.#owner?.onExited(exit)
  }

  /** Runs the container to its end; `signal` ends it early. */
  async run(event: string, signal: AbortSignal): Promise<SandboxExit> {
    const sandbox = await this.#runEvent(event, (stream, chunk) => this.#owner!.onOutput(stream, chunk))
    this.#running = sandbox
    const end = () => void sandbox.stop(0)
    if (signal.aborted || this.#isStopped) end()
    else signal.addEventListener('abort', end)
    try {
      const exit = await sandbox.exited
      this.#last = { memoryBytes: 0, peakMemoryBytes: exit.peakMemoryBytes, cpuMs: 0 }
      return exit
    } finally {
      this.#running = null
    }
  }
}

/** Collects the event, which an environment variable takes whole, and answers when the container has ended. */
class JobStream implements LinkStream {
  /** Every event that is accepted fits. */
  sendCreditBytes = 2 * EVENT_BYTES_MAX
  isRequestEnded = false
  readonly #job: JobBody
  readonly #handler: StreamHandler
  readonly #chunks: Buffer[] = []
  readonly #cancelled = new AbortController()
  #eventBytes = 0
  #isAnswered = false

  constructor(job: JobBody, head: string, body: Buffer | null, end: boolean, handler: StreamHandler) {
    this.#job = job
    this.#handler = handler
    if ((JSON.parse(head) as { kind: string }).kind !== 'event') {
      this.isRequestEnded = true
      const errorMessage = 'a container with webServerMode false runs for events only, and cannot answer HTTP requests'
      queueMicrotask(() => this.#fail({ errorType: 'HttpNotSupported', errorMessage, handled: false }))
    } else this.send(body ?? EMPTY, end)
  }

  send(chunk: Buffer, end: boolean): void {
    if (this.isRequestEnded) return
    this.sendCreditBytes -= chunk.length
    this.#eventBytes += chunk.length
    this.#chunks.push(Buffer.from(chunk))
    if (this.#eventBytes > EVENT_BYTES_MAX) {
      this.isRequestEnded = true
      const errorMessage = `an event for a container with webServerMode false has at most ${EVENT_BYTES_MAX} bytes, as ${EVENT_VARIABLE} takes it`
      queueMicrotask(() => this.#fail({ errorType: 'EventTooLarge', errorMessage, handled: false }))
    } else if (end) {
      this.isRequestEnded = true
      void this.#run(Buffer.concat(this.#chunks).toString('utf8'))
    }
  }

  grant(): void {}

  cancel(): void {
    this.#cancelled.abort()
    // One that runs tells its end.
    if (this.isRequestEnded) return
    this.isRequestEnded = true
    const errorMessage = 'the invocation was cancelled'
    queueMicrotask(() => this.#fail({ errorType: 'InvocationCancelled', errorMessage, handled: false }))
  }

  async #run(event: string): Promise<void> {
    try {
      const exit = await this.#job.run(event, this.#cancelled.signal)
      const failure = failureOf(exit)
      if (failure !== null) this.#fail(failure)
      else if (!this.#isAnswered) {
        this.#isAnswered = true
        this.#handler.onResponse('{}', EMPTY, true)
      }
    } catch (error) {
      this.#fail(error instanceof StartFailure ? error.failure : platformFailure(error))
    }
  }

  #fail(failure: FunctionFailure): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#handler.onError(JSON.stringify(failure))
  }
}

function platformFailure(error: unknown): FunctionFailure {
  return { errorType: 'ContainerNotStarted', errorMessage: reasonOf(error), handled: false }
}

/** Function Compute: exit code 0 is success. */
function failureOf({ code, signal, outOfMemory }: SandboxExit): FunctionFailure | null {
  if (code === 0 && !outOfMemory) return null
  const how = outOfMemory ? 'out of memory' : signal === null ? `exit code ${code}` : `signal ${signal}`
  return {
    errorType: outOfMemory ? 'FunctionOOMError' : 'FunctionUnhandledError',
    errorMessage: `the container did not end with exit code 0: ${how}`,
    handled: false,
  }
}
