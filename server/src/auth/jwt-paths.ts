/** Which paths need a token. A path is matched exactly, or by what precedes a `*` at the end of the pattern. */
import type { JwtConfig } from './jwt-config.ts'

/**
 * Functions decode and normalise paths in their own ways, so a path that could be read in several is exempt only if
 * every reading is: `/public/%2e%2e/admin` needs a token under the whitelist `/public/*`.
 */
export function needsToken(paths: JwtConfig['paths'], path: string): boolean {
  if (paths.kind === 'all') return true
  const readings = readingsOf(path)
  if (readings === undefined) return true
  const matches = (reading: string) => paths.patterns.some((pattern) => matchesPattern(pattern, reading))
  return paths.kind === 'allBut' ? !readings.every(matches) : readings.some(matches)
}

function matchesPattern(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

/** As sent, decoded, and decoded with dot segments and empty segments resolved; undefined when it cannot be decoded. */
function readingsOf(path: string): string[] | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return undefined
  }
  return [path, decoded, resolveSegments(decoded)]
}

function resolveSegments(path: string): string {
  const segments = path.replaceAll('\\', '/').split('/')
  const resolved: string[] = []
  for (const part of segments) {
    // Java servers take what follows a semicolon for parameters: to them `..;` is `..`.
    const segment = part.split(';', 1)[0]!
    if (segment === '..') resolved.pop()
    else if (segment !== '' && segment !== '.') resolved.push(segment)
  }
  const last = segments.at(-1)
  const endsInFolder = resolved.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${resolved.join('/')}${endsInFolder ? '/' : ''}`
}
