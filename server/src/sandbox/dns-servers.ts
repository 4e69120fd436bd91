/** Which name servers the host uses. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Clock } from '../clock.ts'

const RESOLV_CONF = '/etc/resolv.conf'
/** Where systemd-resolved writes what stands behind its stub. */
const RESOLVED_CONF = '/run/systemd/resolve/resolv.conf'
const RESOLVED_STUBS = new Set(['127.0.0.53', '127.0.0.54'])
/** As libcs do. */
const SERVERS_MAX = 3
const REREAD_MS = 2000

/** Undefined for a file that is not there. */
export type ReadText = (path: string) => string | undefined

/**
 * The name servers of resolv.conf(5), best first. The stub of systemd-resolved is passed over for the servers behind
 * it, where some are named: one hop less.
 */
export function readNameServers(read: ReadText): string[] {
  const servers = parseNameServers(read(RESOLV_CONF) ?? '')
  if (servers.length === 0 || !servers.every((server) => RESOLVED_STUBS.has(server))) return servers
  const behind = parseNameServers(read(RESOLVED_CONF) ?? '')
  return behind.length > 0 ? behind : servers
}

function parseNameServers(text: string): string[] {
  const found = text.split('\n').map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
  return found.filter((address) => isIP(address) !== 0).slice(0, SERVERS_MAX)
}

/** The host's name servers, at most two seconds old: reading anew sees every way in which a file can change. */
export function hostNameServers({
  clock,
  read = readText,
}: {
  clock: Clock
  read?: ReadText
}): () => readonly string[] {
  let servers: readonly string[] = []
  let staleAtMs = -Infinity
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs >= staleAtMs) {
      servers = readNameServers(read)
      staleAtMs = nowMs + REREAD_MS
    }
    return servers
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
