/** A program that does not know the channel, in a sandbox that was made for it: run once, and watched until it ends. */
import type { Sandbox, SandboxExit } from '../../sandbox/port.ts'
import type { InitFrame } from '../environment.ts'
import { failureOf, parseObject, StartFailure } from '../failure.ts'
import type { FunctionFailure } from '../port.ts'
import type { Stem, StemOwner } from '../stem.ts'

/** What a link needs of the program that it speaks with. */
export interface Program {
  readonly sandbox: Sandbox
  /** Aborted when it has ended. */
  readonly ended: AbortSignal
  /** Resolves when it runs. Rejects with StartFailure when it cannot be run; when it has ended, never settles. */
  run(init: InitFrame, command: readonly string[]): Promise<void>
  /**
   * Calls back when all has been read that it has printed by now, which comes by other ways than what it answers; sooner when
   * it has ended.
   */
  afterOutput(tell: () => void): void
  /** It can serve. `loadMs`: how long it took until its initializer began; null when it has none. */
  ready(loadMs: number | null): void
  /** It cannot serve, and ends. */
  fail(failure: FunctionFailure): void
  /** It has shown that it lives. */
  pong(): void
  /** A defect of ours. */
  broke(error: Error): void
}

/** Kept of what it prints until it is ready: the reason, when it does not get there. */
const WORDS_BYTES_MAX = 2048

/** What runs it: a stem, whose launcher gets the INIT frame, or a container that runs it already. */
export interface ProgramBody extends Pick<Stem, 'sandbox' | 'take'> {
  readonly connection: { initialize(init: object): void }
}

/** Run by the launcher of a stem (`runtimes/custom`), which it replaces. */
export class LaunchedProgram implements Program, StemOwner {
  readonly #stem: ProgramBody
  readonly #owner: StemOwner
  readonly #running = Promise.withResolvers<void>()
  readonly #ended = new AbortController()
  readonly #untold = new Set<() => void>()
  #isStarting = true
  #words = ''

  /** Takes the stem. */
  constructor(stem: ProgramBody, owner: StemOwner) {
    this.#stem = stem
    this.#owner = owner
    stem.take(this)
    this.#running.promise.catch(() => {})
  }

  get sandbox(): Sandbox {
    return this.#stem.sandbox
  }

  get ended(): AbortSignal {
    return this.#ended.signal
  }

  run(init: InitFrame, command: readonly string[]): Promise<void> {
    const launch = { ...init, command }
    this.#stem.connection.initialize(launch)
    return this.#running.promise
  }

  /**
   * A turn of the event loop reads whatever there is to read when it begins, in any order. The present one may have begun
   * while the program printed: the next has it all.
   */
  afterOutput(tell: () => void): void {
    const once = () => {
      if (this.#untold.delete(once)) tell()
    }
    this.#untold.add(once)
    setImmediate(() => setImmediate(once))
  }

  ready(loadMs: number | null): void {
    this.#tell(loadMs === null ? {} : { loadMs })
  }

  fail(failure: FunctionFailure): void {
    this.#tell({ error: failure })
  }

  pong(): void {
    this.#owner.onPong()
  }

  broke(error: Error): void {
    this.#owner.onClosed(error)
  }

  #tell(answer: object): void {
    this.#isStarting = false
    this.#words = ''
    this.#owner.onReady(JSON.stringify(answer))
  }

  // ---- told by the stem ----

  /** The launcher says something only when it could not run the program. */
  onReady(payload: string): void {
    this.#running.reject(new StartFailure(failureOf(parseObject(payload)?.['error'])))
  }

  onPong(): void {}

  onLog(): void {}

  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.#isStarting) this.#words = (this.#words + chunk.toString()).slice(-WORDS_BYTES_MAX)
    this.#owner.onOutput(stream, chunk)
  }

  /** The launcher's end of the channel goes with the launcher, when the program takes its place. */
  onClosed(error: Error | null): void {
    if (error === null || 'syscall' in error) this.#running.resolve()
    else this.#owner.onClosed(error)
  }

  onExited(exit: SandboxExit): void {
    // An answer that came whole counts, whatever came after it.
    for (const tell of [...this.#untold]) tell()
    this.#ended.abort()
    if (this.#isStarting && !exit.outOfMemory) this.fail(this.#early(exit))
    this.#owner.onExited(exit)
  }

  #early({ code, signal }: SandboxExit): FunctionFailure {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`
    const words = this.#words.trim()
    return {
      errorType: 'CAExited',
      errorMessage: `the program ended before it could serve: ${how}${words === '' ? '' : `; it said: ${words}`}`,
      handled: false,
    }
  }
}
