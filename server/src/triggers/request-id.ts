/** Request ids of events: derived, so that the same event has the same one after a restart. */
import { createHash } from 'node:crypto'

/**
 * Of the form of version 3.0, which tells the time, when there is one that the platform knows (it finds the log by it);
 * else of a UUID made of a name (RFC 9562, version 8). The parts name the event among all others.
 */
export function derivedRequestId(timeMs: number | null, ...parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  if (timeMs === null) {
    const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }
  const seconds = Math.floor(timeMs / 1000)
    .toString(16)
    .padStart(8, '0')
  return `1-${seconds}-${hex.slice(0, 8)}-${hex.slice(8, 20)}`
}
