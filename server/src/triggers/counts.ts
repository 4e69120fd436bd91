/** Counts what becomes of the events of each trigger type. */
import type { TriggerOutcome } from './port.ts'

export class TriggerCounts {
  readonly #counts = new Map<string, { type: string; outcome: TriggerOutcome; count: number }>()

  add(type: string, outcome: TriggerOutcome, count = 1): void {
    if (count === 0) return
    const key = `${type} ${outcome}`
    const known = this.#counts.get(key)
    if (known) known.count += count
    else this.#counts.set(key, { type, outcome, count })
  }

  list(): Iterable<{ type: string; outcome: TriggerOutcome; count: number }> {
    return this.#counts.values()
  }
}
