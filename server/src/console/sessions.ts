/** Who is signed in. Sessions live in memory alone, by the hash of their token: a restart ends them. */
import type { Clock, Random, Timer } from '../clock.ts'
import { SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX } from './limits.ts'
import { drawToken, hashOf } from './token.ts'

/** An answer or a socket that lives as long as its session. */
export interface Ending {
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
}

export interface Session {
  readonly expiresAtMs: number
  /** Ends `what` with the session: a stream that is open must not outlive the right to read it. */
  hold(what: Ending): void
}

interface OpenSession extends Session {
  readonly id: string
  usedMs: number
  /** The same two by the clock that nobody sets. */
  usedMonotonicMs: number
  readonly expiresAtMonotonicMs: number
  readonly held: Set<Ending>
  timer: Timer
}

export class Sessions {
  readonly #clock: Clock
  readonly #random: Random
  /** In the order of their last use. */
  readonly #open = new Map<string, OpenSession>()

  constructor(deps: { clock: Clock; random: Random }) {
    this.#clock = deps.clock
    this.#random = deps.random
  }

  /** The token is told here and never again. */
  begin(): { token: string; session: Session } {
    const token = drawToken(this.#random)
    const id = hashOf(token)
    const nowMs = this.#clock.nowMs()
    const monotonicMs = this.#clock.monotonicMs()
    const held = new Set<Ending>()
    const session: OpenSession = {
      id,
      usedMs: nowMs,
      expiresAtMs: nowMs + SESSION_MS_MAX,
      usedMonotonicMs: monotonicMs,
      expiresAtMonotonicMs: monotonicMs + SESSION_MS_MAX,
      held,
      timer: this.#expire(id, SESSION_IDLE_MS),
      hold(what) {
        held.add(what)
        what.once('close', () => held.delete(what))
      },
    }
    this.#open.set(id, session)
    if (this.#open.size > SESSIONS_MAX) this.#end(this.#open.values().next().value!)
    return { token, session }
  }

  /** The live session of the first token that has one; it counts as used now. */
  find(tokens: readonly string[]): Session | undefined {
    const nowMs = this.#clock.nowMs()
    for (const token of tokens) {
      const session = this.#open.get(hashOf(token))
      if (session === undefined) continue
      // Of a machine that slept, the timer is late.
      if (Math.min(session.usedMs + SESSION_IDLE_MS, session.expiresAtMs) <= nowMs) {
        this.#end(session)
        continue
      }
      session.usedMs = nowMs
      session.usedMonotonicMs = this.#clock.monotonicMs()
      this.#open.delete(session.id)
      this.#open.set(session.id, session)
      return session
    }
    return undefined
  }

  /** Also what is held by it; tokens without a session are passed over. */
  end(tokens: readonly string[]): void {
    for (const token of tokens) {
      const session = this.#open.get(hashOf(token))
      if (session) this.#end(session)
    }
  }

  endAll(): void {
    for (const session of this.#open.values()) this.#end(session)
  }

  #expire(id: string, delayMs: number): Timer {
    return this.#clock.setTimer(delayMs, () => {
      const session = this.#open.get(id)
      if (session === undefined) return
      const { usedMonotonicMs, expiresAtMonotonicMs } = session
      const endMs = Math.min(usedMonotonicMs + SESSION_IDLE_MS, expiresAtMonotonicMs)
      const leftMs = endMs - this.#clock.monotonicMs()
      if (leftMs > 0) session.timer = this.#expire(id, leftMs)
      else this.#end(session)
    })
  }

  #end(session: OpenSession): void {
    this.#open.delete(session.id)
    session.timer.cancel()
    for (const each of session.held) each.destroy()
  }
}
