/** What lets somebody in: told once, and kept as a hash alone, so that nothing that is stored or dumped does. */
import { createHash } from 'node:crypto'
import type { Random } from '../clock.ts'
import { TOKEN_BYTES } from './limits.ts'

export function drawToken(random: Random): string {
  return random.bytes(TOKEN_BYTES).toString('base64url')
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
