/** Decides which idle instances leave. Pure. */

export interface IdleInstance {
  id: string
  idleSinceMs: number
  memoryMB: number
}

/** Those idle for at least `keepAliveMs`. */
export function expired(idle: readonly IdleInstance[], keepAliveMs: number, nowMs: number): IdleInstance[] {
  return idle.filter((instance) => nowMs - instance.idleSinceMs >= keepAliveMs)
}

/** Least recently used idle instances, enough to free `neededMB`; none when all together would not be enough. */
export function evictions(idle: readonly IdleInstance[], neededMB: number): IdleInstance[] {
  if (neededMB <= 0) return []
  const oldestFirst = idle.toSorted((a, b) => a.idleSinceMs - b.idleSinceMs)
  const chosen: IdleInstance[] = []
  let freedMB = 0
  for (const instance of oldestFirst) {
    if (freedMB >= neededMB) break
    chosen.push(instance)
    freedMB += instance.memoryMB
  }
  return freedMB >= neededMB ? chosen : []
}
