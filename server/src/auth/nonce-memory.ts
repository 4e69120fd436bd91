/** Remembers nonces for as long as the requests that carried them could be sent again. */
import { CLOCK_SKEW_MAX_MS } from './proof.ts'

/** At about 100 bytes each, some 20 MB: 200 signed requests a second for the whole window of 15 minutes. */
export const NONCES_MAX = 200_000
export const NONCE_LENGTH_MAX = 128

export type NonceAnswer = 'fresh' | 'repeated' | 'tooOld'

export interface NonceMemory {
  /** `signedAtMs` is within the clock skew of `nowMs`. */
  remember(nonce: string, signedAtMs: number, nowMs: number): NonceAnswer
}

/**
 * Nonces are kept by the second their request was signed in. When `capacity` is reached, the oldest second is
 * forgotten, and from then on requests signed in it or before are refused as too old: under a flood the accepted age
 * shrinks, yet a nonce never passes twice. The memory is of this process: it does not outlive a restart.
 */
export function createNonceMemory(capacity: number): NonceMemory {
  const bySecond = new Map<number, Set<string>>()
  let count = 0
  let sweptSecond = 0
  let forgottenSecond = Number.NEGATIVE_INFINITY

  function forget(second: number): void {
    count -= bySecond.get(second)!.size
    bySecond.delete(second)
  }

  function sweep(nowMs: number): void {
    const nowSecond = Math.floor(nowMs / 1000)
    if (nowSecond === sweptSecond) return
    sweptSecond = nowSecond
    const oldestAccepted = Math.floor((nowMs - CLOCK_SKEW_MAX_MS) / 1000)
    for (const second of bySecond.keys()) if (second < oldestAccepted) forget(second)
  }

  return {
    remember(nonce, signedAtMs, nowMs) {
      sweep(nowMs)
      const second = Math.floor(signedAtMs / 1000)
      if (second <= forgottenSecond) return 'tooOld'
      const nonces = bySecond.get(second) ?? new Set()
      if (nonces.has(nonce)) return 'repeated'
      if (count >= capacity) {
        forgottenSecond = Math.min(...bySecond.keys())
        forget(forgottenSecond)
        if (second <= forgottenSecond) return 'tooOld'
      }
      nonces.add(nonce)
      bySecond.set(second, nonces)
      count++
      return 'fresh'
    },
  }
}
