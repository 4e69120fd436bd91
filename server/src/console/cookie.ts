/** The cookie that holds a session's token. Cookies know no ports, so its name tells platforms on one host apart. */
import { COOKIES_MAX } from './limits.ts'

export const cookieName = (port: number) => `sluice-session-${port}`

/** Every value under the name: a site of the same domain can add others, but none that hides ours. */
export function readTokens(header: string | undefined, name: string): string[] {
  return (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .slice(0, COOKIES_MAX)
}

export function setCookie(name: string, token: string, isSecure: boolean): string {
  return `${name}=${token}; ${attributes(isSecure)}`
}

export function clearCookie(name: string, isSecure: boolean): string {
  return `${name}=; Max-Age=0; ${attributes(isSecure)}`
}

const attributes = (isSecure: boolean) => `Path=/console; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
