/** HTTP requests of 2.0 as the runtime API carries them: `x-fc-http-params`, base64 of JSON, beside the body. Pure. */
import { parseObject } from '../failure.ts'
import type { HttpRequestFacts } from './http-event.ts'

export function requestParams(head: HttpRequestFacts): string {
  const queriesMap: Record<string, string[]> = {}
  for (const [name, value] of new URLSearchParams(head.query)) (queriesMap[name] ??= []).push(value)
  const headersMap: Record<string, string[]> = {}
  for (let i = 0; i < head.headers.length; i += 2)
    (headersMap[canonicalName(head.headers[i]!)] ??= []).push(head.headers[i + 1]!)
  const { path, method, url, clientIp, domainName } = head
  const params = { path, method, requestURI: url, clientIP: clientIp, host: domainName, queriesMap, headersMap }
  return Buffer.from(JSON.stringify(params)).toString('base64')
}

/** As Go spells header names, whose maps are looked up by it: `x-REQUEST-id` becomes `X-Request-Id`. */
function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

/** The head of RESPONSE from `x-fc-http-params` of an answer; null when they cannot be read. */
export function responseHeadOf(params: string): string | null {
  const given = parseObject(Buffer.from(params, 'base64').toString('utf8'))
  if (given === null) return null
  const headers: string[] = []
  for (const [name, value] of Object.entries(given['headersMap'] ?? given['headers'] ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) headers.push(name, String(each))
  }
  // A handler that says nothing of its status leaves it 0.
  const status = given['status'] || 200
  return Buffer.from(JSON.stringify({ status, headers })).toString('latin1')
}
