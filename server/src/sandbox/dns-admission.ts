/** How much of the forwarder one client address, and all of them, may have at once. */

export const QUESTIONS_IN_FLIGHT_MAX = 1024
export const CLIENT_QUESTIONS_IN_FLIGHT_MAX = 128
/** A burst of an honest program passes; what a flood can send on to the host's name servers stays bounded. */
export const QUESTIONS_PER_SECOND_MAX = 5000
export const CLIENT_QUESTIONS_PER_SECOND_MAX = 500
export const CONNECTIONS_MAX = 128
export const CLIENT_CONNECTIONS_MAX = 8

/** A number for each client and for all; `take` is refused where either would grow beyond its bound. */
export class Tally {
  readonly #clientMax: number
  readonly #totalMax: number
  readonly #ofClient = new Map<string, number>()
  #total = 0

  constructor(clientMax: number, totalMax: number) {
    this.#clientMax = clientMax
    this.#totalMax = totalMax
  }

  take(client: string): boolean {
    const count = this.#ofClient.get(client) ?? 0
    if (count >= this.#clientMax || this.#total >= this.#totalMax) return false
    this.#ofClient.set(client, count + 1)
    this.#total++
    return true
  }

  giveBack(client: string): void {
    const count = this.#ofClient.get(client)! - 1
    if (count === 0) this.#ofClient.delete(client)
    else this.#ofClient.set(client, count)
    this.#total--
  }

  clear(): void {
    this.#ofClient.clear()
    this.#total = 0
  }
}

/** A tally that starts anew with each second. */
export class RateLimit {
  readonly #tally: Tally
  #second = -1

  constructor(clientMax: number, totalMax: number) {
    this.#tally = new Tally(clientMax, totalMax)
  }

  take(client: string, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) this.#tally.clear()
    this.#second = second
    return this.#tally.take(client)
  }
}
