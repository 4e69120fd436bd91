/** Posts a result to an address that a user has set: never to one that would give the host away. */
import { lookup as systemLookup } from 'node:dns'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { request as httpRequest } from '../../node-http.ts'
import { isRefusedAddress, REFUSED_ADDRESSES } from './destination.ts'

/** From asking for a connection to the end of the answer's head. */
const ANSWER_MS_MAX = 10_000

/** Asks as the system does, and refuses what a name may have been made to lead to since it was set. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    const refused = addresses.find(({ address }) => isRefusedAddress(address))
    if (refused) {
      return callback(new Error(`'${hostname}' leads to ${refused.address}: ${REFUSED_ADDRESSES}`), [])
    }
    if (options.all) callback(null, addresses)
    else callback(null, addresses[0]!.address, addresses[0]!.family)
  })
}

/** Resolves when a status of 2xx was answered; redirects are not followed. Rejects with the reason otherwise. */
export function post(
  address: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  answerMsMax = ANSWER_MS_MAX,
): Promise<void> {
  const url = new URL(address)
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    if (isIP(host) !== 0 && isRefusedAddress(host)) {
      reject(new Error(`'${host}' is ${REFUSED_ADDRESSES}`))
      return
    }
    const options = {
      method: 'POST',
      agent: false,
      lookup: guardedLookup,
      signal: AbortSignal.timeout(answerMsMax),
      headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers },
    } as const
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, ({ statusCode = 0 }) => {
      // What it says beside its status is of no use.
      request.destroy()
      if (statusCode >= 200 && statusCode < 300) resolve()
      else reject(new Error(`it answered with status ${statusCode}`))
    })
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error(`it did not answer within ${answerMsMax / 1000} s`) : error),
    )
    request.end(body)
  })
}
