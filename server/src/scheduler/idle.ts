/** Decides what becomes of an idle instance. Pure. */

/** Idle for this long, an instance is frozen. Shorter, and the gaps of steady traffic would each pay for a thaw. */
export const FREEZE_MS = 1000

export interface IdleInstance {
  idleMs: number
  isFrozen: boolean
  /** Idle time after which it leaves; Infinity: it is kept ready. */
  keepAliveMs: number
  /** Its processor is at its hand all the time. */
  alwaysAllocateCpu: boolean
}

export interface IdleDecision {
  action: 'end' | 'freeze' | 'thaw' | null
  /** Until there is something to decide again, in ms; Infinity: nothing changes by itself. */
  againMs: number
}

export function attendIdle({ idleMs, isFrozen, keepAliveMs, alwaysAllocateCpu }: IdleInstance): IdleDecision {
  if (idleMs >= keepAliveMs) return { action: 'end', againMs: Infinity }
  const againMs = keepAliveMs - idleMs
  if (alwaysAllocateCpu) return { action: isFrozen ? 'thaw' : null, againMs }
  if (isFrozen) return { action: null, againMs }
  if (idleMs >= FREEZE_MS) return { action: 'freeze', againMs }
  return { action: null, againMs: Math.min(againMs, FREEZE_MS - idleMs) }
}
