/** Waits for a program that was just started to answer: for its port to be open, then for its health check to pass. */
import { connect } from 'node:net'
import type { Clock } from '../../clock.ts'
import type { HealthCheck } from '../program/config.ts'

export interface Address {
  host: string
  port: number
}

export interface Probing {
  clock: Clock
  /** Nothing is to be waited for any more. */
  ended: AbortSignal
}

/** Between two tries; the first come close, for a program that is up in milliseconds. */
const PAUSE_MS_MIN = 1
const PAUSE_MS_MAX = 25
const PAUSE_GROWTH = 1.5
const CONNECT_MS_MAX = 1000

/** Resolves to whether the port was open before `untilMs`, monotonic. Never settles when the program has ended. */
export async function awaitPort(address: Address, untilMs: number, { clock, ended }: Probing): Promise<boolean> {
  let pauseMs = PAUSE_MS_MIN
  for (;;) {
    if (await isOpen(address)) return true
    if (ended.aborted) await never
    if (clock.monotonicMs() + pauseMs >= untilMs) return false
    await pause(clock, pauseMs)
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * PAUSE_GROWTH)
  }
}

/** Asks as often as the check says; resolves to null when it has passed, else to the reason of the last failure. */
export async function awaitHealth(
  check: HealthCheck,
  ask: (check: HealthCheck) => Promise<string | null>,
  { clock, ended }: Probing,
): Promise<string | null> {
  let successes = 0
  let failures = 0
  await pause(clock, check.initialDelayMs)
  for (;;) {
    if (ended.aborted) await never
    const problem = await ask(check)
    if (problem === null) {
      failures = 0
      if (++successes >= check.successThreshold) return null
    } else {
      successes = 0
      if (++failures >= check.failureThreshold) return problem
    }
    await pause(clock, check.periodMs)
  }
}

/** Whether somebody accepts connections there. */
export function isOpen({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS_MAX })
    const settle = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', () => settle(false))
  })
}

const never = new Promise<never>(() => {})

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(delayMs, resolve))
}
