/** Whether a request comes from the console's own pages. Pure. */
import type { IncomingHttpHeaders } from 'node:http'
import { FcError } from '../errors.ts'

export const CONSOLE_HEADER = 'x-sluice-console'

/**
 * What a request does. A page of another origin can make a browser send what reads, and cannot see the answer; what acts
 * carries a header that only a script of the same origin can add, and what upgrades can carry none.
 */
export type Purpose = 'read' | 'act' | 'upgrade'

interface Asked {
  method?: string | undefined
  headers: IncomingHttpHeaders
}

/**
 * Throws AccessDenied. Browsers do not let pages choose Origin, Host and Sec-Fetch-Site; reading requests of the same
 * origin come without Origin, and without Sec-Fetch-Site where the connection is neither encrypted nor local.
 */
export function checkSameOrigin({ method, headers }: Asked, purpose: Purpose): void {
  const { origin, host = '' } = headers
  const site = headers['sec-fetch-site']
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
    throw new FcError(
      'AccessDenied',
      `the request comes from a page of '${origin.slice(0, 256)}' and the console is at '${host}'; a proxy between them must pass the Host header on`,
    )
  }
  if (site !== undefined && site !== 'same-origin') {
    throw new FcError('AccessDenied', "the request does not come from the console's own pages (Sec-Fetch-Site)")
  }
  if (purpose === 'read') return
  const isTold = purpose === 'upgrade' || (method !== 'GET' && method !== 'HEAD')
  if (isTold && origin === undefined) throw new FcError('AccessDenied', 'the request does not tell its Origin')
  if (purpose === 'act' && headers[CONSOLE_HEADER] !== '1') {
    throw new FcError('AccessDenied', `the request lacks the header '${CONSOLE_HEADER}: 1'`)
  }
}

/** Empty for what is no address, as the `null` of pages that may have no origin. */
function hostOf(origin: string): string {
  return URL.parse(origin)?.host ?? ''
}
