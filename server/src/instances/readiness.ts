/** Waits for what the runtime says when the function is loaded, or for the reason why it never will. */
import type { Clock, Timer } from '../clock.ts'
import { failureOf, parseObject, StartFailure } from './failure.ts'
import type { FunctionFailure } from './port.ts'

/** What READY says; `loadMs`: how long the runtime loaded before it ran the initializer, null when none ran. */
export interface Readiness {
  loadMs: number | null
  failure: FunctionFailure | null
}

export interface ReadinessLimits {
  loadMsMax: number
  /** Null: the function has no initializer. */
  initializerSeconds: number | null
}

export class ReadinessWait {
  readonly over: Promise<Readiness>
  readonly #timer: Timer
  readonly #settled = Promise.withResolvers<Readiness>()

  /** `over` rejects with StartFailure when the limits have passed. */
  constructor({ loadMsMax, initializerSeconds }: ReadinessLimits, clock: Clock) {
    this.over = this.#settled.promise
    const limitMs = loadMsMax + (initializerSeconds ?? 0) * 1000
    this.#timer = clock.setTimer(limitMs, () => {
      const errorMessage =
        initializerSeconds === null
          ? `Loading the handler took more than ${loadMsMax / 1000} seconds`
          : `Function initialization timed out after ${initializerSeconds} seconds`
      this.fail(new StartFailure({ errorType: 'FunctionTimeoutError', errorMessage, handled: false }))
    })
  }

  /** `payload` of the READY frame. */
  ready(payload: string): void {
    const answer = parseObject(payload)
    if (answer === null) {
      const errorMessage = 'the runtime answered INIT with something that is no JSON object'
      this.fail(new StartFailure({ errorType: 'RuntimeError', errorMessage, handled: false }))
      return
    }
    this.#timer.cancel()
    const { loadMs, error } = answer
    this.#settled.resolve({
      loadMs: typeof loadMs === 'number' ? Math.max(0, loadMs) : null,
      failure: error ? failureOf(error) : null,
    })
  }

  fail(error: Error): void {
    this.#timer.cancel()
    this.#settled.reject(error)
  }
}
