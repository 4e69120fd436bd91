/** What a key may hold when writes to it overlap and some are cut off: each takes effect at one moment between its begin and its end. Pure. */

export interface Write {
  readonly key: string
  /** What tells the content from all others; null: the object is deleted. */
  readonly content: string | null
  readonly beganAt: number
  /** Infinity while it is under way. */
  endedAt: number
}

/** `lost`: absent, though it must be there; `stale`: what was overwritten or deleted; `torn`: what nobody wrote. */
export type Verdict = 'whole' | 'lost' | 'stale' | 'torn'

export class Ledger {
  readonly #possible = new Map<string, Write[]>()
  readonly #written = new Map<string, Set<string | null>>()
  /** Keys written to since they were judged. */
  readonly #unjudged = new Set<string>()
  #moment = 0

  keys(): string[] {
    return [...this.#possible.keys()]
  }

  unjudgedKeys(): string[] {
    return [...this.#unjudged]
  }

  begin(key: string, content: string | null): Write {
    const write = { key, content, beganAt: ++this.#moment, endedAt: Infinity }
    this.#possible.set(key, [...this.#possibleOf(key), write])
    this.#written.set(key, (this.#written.get(key) ?? new Set()).add(content))
    this.#unjudged.add(key)
    return write
  }

  /** It took effect: what had ended before it began is no longer there. */
  answered(write: Write): void {
    write.endedAt = ++this.#moment
    this.#possible.set(
      write.key,
      this.#possibleOf(write.key).filter((other) => other.endedAt > write.beganAt),
    )
  }

  /** It has ended, and whether it took effect is unknown. */
  cutOff(write: Write): void {
    write.endedAt = ++this.#moment
  }

  /** What was read while no write was under way; from then on that is what the key holds. */
  judge(key: string, content: string | null): Verdict {
    const verdict = this.#verdict(key, content)
    const moment = ++this.#moment
    this.#possible.set(key, [{ key, content, beganAt: moment, endedAt: moment }])
    this.#unjudged.delete(key)
    return verdict
  }

  #verdict(key: string, content: string | null): Verdict {
    if (this.#possibleOf(key).some((write) => write.content === content)) return 'whole'
    if (content === null) return 'lost'
    return this.#written.get(key)?.has(content) === true ? 'stale' : 'torn'
  }

  /** In the beginning there is nothing. */
  #possibleOf(key: string): Write[] {
    return this.#possible.get(key) ?? [{ key, content: null, beganAt: 0, endedAt: 0 }]
  }
}
