/** Signed calls to the platform: the public API versions, and Sluice's own endpoints beside them. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import type { WebSocket } from 'ws'
import { ApiError, CliError } from './errors.ts'
import { type Json, isObject, parseObject, textOf } from './json.ts'
import { encodeQuery, type KeyPair, percentEncode, signRequest } from './sign.ts'
import { CONNECT_TIMEOUT_MS, type HttpAnswer, openSocket, openStream, readAll, send } from './transport.ts'

const CALL_TIMEOUT_MS = 30_000
/** A follow stream sends something at least every ten seconds; silence this long means it is dead. */
const STREAM_SILENCE_MS = 30_000

export type ApiVersion = '2023-03-30' | '2021-04-06'
/** A list is a parameter that is repeated. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface Call {
  /** Name of the operation, as the SDKs send it. */
  action: string
  apiVersion?: ApiVersion
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With the version prefix; elements encoded, see `path`. */
  path: string
  query?: Query
  headers?: Record<string, string>
  /** An object goes as JSON. */
  body?: Json | Buffer
  timeoutMs?: number
  signal?: AbortSignal
}

export interface Client {
  readonly endpoint: URL
  /** Throws ApiError for any status but 2xx, CliError `unreachable` without an answer. */
  send(call: Call): Promise<HttpAnswer>
  /** As `send`, but hands out the body as it comes. */
  open(call: Call): Promise<IncomingMessage>
  /** The answer's JSON object; empty for 204. */
  json(call: Call): Promise<Json>
  /** Opens a WebSocket. Throws as `send` does when the platform refuses or does not answer. */
  socket(call: Call): Promise<WebSocket>
  /** Yields the objects of an NDJSON stream until it ends, breaks (throws) or `signal` aborts. */
  stream(call: Call & { signal: AbortSignal }): AsyncGenerator<Json>
}

/** Builds a path whose elements are percent-encoded: path`/2023-03-30/functions/${name}`. */
export function path(parts: TemplateStringsArray, ...elements: string[]): string {
  return parts.map((part, i) => part + (i < elements.length ? percentEncode(elements[i]!) : '')).join('')
}

export function createClient(endpoint: URL, keys: () => KeyPair): Client {
  const prepare = async (call: Call) => {
    const isJson = isObject(call.body) && !Buffer.isBuffer(call.body)
    const body = isJson
      ? Buffer.from(JSON.stringify(call.body))
      : ((call.body as Buffer | undefined) ?? Buffer.alloc(0))
    const method = call.method ?? 'GET'
    const query = Object.entries(call.query ?? {})
      .filter(([, value]) => value !== undefined)
      .flatMap(([key, value]) => [value].flat().map((each) => [key, String(each)] as const))
    const signed = signRequest(
      {
        method,
        path: call.path,
        query,
        host: endpoint.host,
        contentType: isJson ? 'application/json; charset=utf-8' : body.length > 0 ? 'application/octet-stream' : '',
        body,
        apiVersion: call.apiVersion ?? '2023-03-30',
        action: call.action,
        date: `${new Date().toISOString().slice(0, 19)}Z`,
        nonce: randomUUID(),
      },
      await findKeysOf(endpoint, keys),
    )
    const url = new URL(endpoint)
    url.pathname = call.path
    url.search = encodeQuery(query)
    return {
      method,
      url,
      headers: { accept: 'application/json', ...call.headers, ...signed },
      body,
      timeoutMs: call.timeoutMs ?? CALL_TIMEOUT_MS,
      ...(call.signal && { signal: call.signal }),
    }
  }

  const client: Client = {
    endpoint,
    async send(call) {
      const answer = await send(await prepare(call))
      if (answer.status < 200 || answer.status > 299) throw toApiError(answer.status, answer.body, call, endpoint)
      return answer
    },
    async json(call) {
      const { body } = await client.send(call)
      return parseObject(body.toString())
    },
    async socket(call) {
      const opened = await openSocket(await prepare(call))
      if (opened.socket) return opened.socket
      throw toApiError(opened.status, opened.body, call, endpoint)
    },
    async open(call) {
      const { status, body } = await openStream(await prepare(call))
      if (status < 200 || status > 299) throw toApiError(status, await readAll(body), call, endpoint)
      return body
    },
    async *stream(call) {
      const body = await client.open(call)
      body.setTimeout(STREAM_SILENCE_MS, () => body.destroy(new Error('the stream fell silent')))
      for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
        if (line !== '') yield parseObject(line)
      }
    },
  }
  return client
}

/** Throws CliError `unreachable` when nothing answers at the address; needs no key. */
export function probe(endpoint: URL): Promise<HttpAnswer> {
  const url = new URL('/healthz', endpoint)
  return send({ method: 'GET', url, headers: {}, body: Buffer.alloc(0), timeoutMs: CONNECT_TIMEOUT_MS })
}

/** Before the first start there is no key either: then the missing platform is what the user should hear of. */
async function findKeysOf(endpoint: URL, keys: () => KeyPair): Promise<KeyPair> {
  try {
    return keys()
  } catch (error) {
    await probe(endpoint)
    throw error
  }
}

function toApiError(status: number, body: Buffer, call: Call, endpoint: URL): CliError {
  const error = parseObject(body.toString())
  const code = textOf(error['Code'])
  if (code === '') {
    return new CliError(`${endpoint.origin} answered ${call.action} with HTTP ${status}, not as a Sluice platform does`)
  }
  const position = error['Position']
  const more = typeof position === 'number' ? { position } : {}
  return new ApiError(status, code, textOf(error['Message']), textOf(error['RequestId']), more)
}
