/** Tells an application that an object was stored, and brings its answer. */
import { lookup } from 'node:dns'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { request as requestHttp } from '../../../node-http.ts'

const TIMEOUT_MS = 5_000
const ANSWER_BYTES_MAX = 1024 * 1024

/** Networks of this host and its neighbours: who may only use functions must not reach them from here. */
const INNER = new BlockList()
for (const [base, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ] as const),
]) {
  INNER.addSubnet(base, bits)
}
for (const [base, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  INNER.addSubnet(base, bits, 'ipv6')

export interface CallbackMessage {
  url: URL
  headers: Record<string, string>
  body: string
  /** Whether addresses of this host's networks may be asked. */
  mayReachInside: boolean
}

/** The body of an answer of 200 that is JSON. Rejects with an Error that says what was wrong instead. */
export async function sendCallback(message: CallbackMessage): Promise<string> {
  const response = await exchange(message)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  if (response.statusCode !== 200) throw new Error(`Error status : ${response.statusCode}.`)
  const body = Buffer.concat(chunks).toString('utf8')
  try {
    JSON.parse(body)
  } catch {
    throw new Error('Response body is not valid json format.')
  }
  return body
}

function exchange({ url, headers, body, mayReachInside }: CallbackMessage): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!mayReachInside && isIP(host) !== 0 && isInner(host)) return Promise.reject(new Error(INNER_REFUSED))
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    agent: false,
    ...(mayReachInside ? {} : { lookup: lookupOutside }),
  }
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
    request.on('response', resolve)
    request.on('error', (error) =>
      reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error('Timeout.') : error),
    )
    request.end(body)
  })
}

const INNER_REFUSED = 'the address is one of this network, which is for uploads by the holder of the account only'

function isInner(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return INNER.check(mapped ?? address, mapped === undefined && isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** Checked on what the name resolves to, so that no name leads inside. */
const lookupOutside: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const outside = (addresses ?? []).filter(({ address }) => !isInner(address))
    if (error !== null) done(error, '', 0)
    else if (outside.length === 0) done(new Error(INNER_REFUSED), '', 0)
    else if (options.all === true) done(null, outside)
    else done(null, outside[0]!.address, outside[0]!.family)
  })
}
