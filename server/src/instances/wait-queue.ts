/** Requests that wait for a slot of one function version, the longest waiting first. */
import type { SlotHolder } from './port.ts'

export interface Waiter {
  holder: SlotHolder
  qualifier: string
  /** Monotonic. */
  sinceMs: number
}

export class WaitQueue {
  readonly #waiters: Waiter[] = []

  get length(): number {
    return this.#waiters.length
  }

  get first(): Waiter | undefined {
    return this.#waiters[0]
  }

  push(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  /** Takes out the first `count`. */
  take(count: number): Waiter[] {
    return this.#waiters.splice(0, count)
  }

  shift(): Waiter | undefined {
    return this.#waiters.shift()
  }

  withdraw(holder: SlotHolder): void {
    const at = this.#waiters.findIndex((waiter) => waiter.holder === holder)
    if (at >= 0) this.#waiters.splice(at, 1)
  }

  /** The first of those behind the first `count`. */
  behind(count: number): Waiter | undefined {
    return this.#waiters[count]
  }

  /** Takes out those behind the first `count` that have waited since `sinceMs` or longer. */
  takeOverdue(count: number, sinceMs: number): Waiter[] {
    let end = count
    while (end < this.#waiters.length && this.#waiters[end]!.sinceMs <= sinceMs) end++
    return this.#waiters.splice(count, end - count)
  }
}
