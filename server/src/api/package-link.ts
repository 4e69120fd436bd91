/** Links to code packages that work without credentials, for a while. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const PACKAGE_LINK_PATH = '/sluice/packages'
/** How long a link works. */
export const PACKAGE_LINK_SECONDS = 3600

function signatureOf(key: Buffer, sha256: string, expiresSeconds: number): string {
  return createHmac('sha256', key).update(`${sha256}\n${expiresSeconds}`).digest('hex')
}

/** The path of a link, query included. */
export function packageLink(key: Buffer, sha256: string, nowMs: number): string {
  const expires = Math.floor(nowMs / 1000) + PACKAGE_LINK_SECONDS
  return `${PACKAGE_LINK_PATH}/${sha256}.zip?expires=${expires}&signature=${signatureOf(key, sha256, expires)}`
}

export function isValidPackageLink(
  key: Buffer,
  sha256: string,
  query: { expires?: string; signature?: string },
  nowMs: number,
): boolean {
  const expires = /^\d{1,12}$/.test(query.expires ?? '') ? Number(query.expires) : 0
  const given = Buffer.from(query.signature ?? '')
  const expected = Buffer.from(signatureOf(key, sha256, expires))
  return given.length === expected.length && timingSafeEqual(given, expected) && expires * 1000 > nowMs
}
