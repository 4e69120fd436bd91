/** What the tests of the data plane share: triggers and domains by API, bytes on a socket, records that were written. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { TestPlatform } from '../support/platform.ts'

/** Longest wait for something that is bound to come. */
const EVENT_MS_MAX = 10_000
/** Between two looks for it. */
const LOOK_PAUSE_MS = 10

/** What 3.0 handlers get of an HTTP request. */
export interface HttpEvent {
  version: string
  rawPath: string
  headers: Record<string, string>
  queryParameters: Record<string, string>
  body: string
  isBase64Encoded: boolean
  requestContext: Record<string, unknown> & { http: Record<string, string> }
}

/** What the function `web` says of its request. */
export interface WebSeen {
  method: string
  path: string
  url: string
  clientIP: string
  headers: Record<string, string>
  queries: Record<string, string | string[]>
  body: string
  requestId: string
}

/** A 3.0 function that answers the event. */
export const eventEcho = { 'index.js': 'exports.handler = async (event) => event.toString()' }
/** A 3.0 function that answers what the body of the request says. */
export const eventAnswer = { 'index.js': 'exports.handler = async (event) => JSON.parse(JSON.parse(event).body)' }
/** A 2.0 function that answers what it sees; the query sets `status`, more headers (`set`) and `raw` for the body alone. */
export const web = {
  'index.js': `
    exports.handler = (request, response, context) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { method, path, url, clientIP, headers, queries } = request
        response.setStatusCode(Number(queries.status) || 200)
        for (const [name, value] of Object.entries(JSON.parse(queries.set || '{}'))) response.setHeader(name, value)
        const seen = { method, path, url, clientIP, headers, queries, body: Buffer.concat(chunks).toString(), requestId: context.requestId }
        response.send(queries.raw === undefined ? JSON.stringify(seen) : Buffer.concat(chunks))
      })
    }`,
}

/** Status and error code. */
export const codeOf = (answer: { status: number; json(): Record<string, unknown> }) => [
  answer.status,
  answer.json()['Code'],
]

export async function must(platform: TestPlatform, method: string, path: string, body?: object) {
  const answer = await platform.call(method, path, body)
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
  return answer.json()
}

/** Adds an HTTP trigger to a 3.0 function; returns its host name. */
export async function addTrigger(
  platform: TestPlatform,
  functionName: string,
  triggerName: string,
  triggerConfig: object,
  qualifier = 'LATEST',
): Promise<string> {
  const made = await must(platform, 'POST', `/2023-03-30/functions/${functionName}/triggers`, {
    triggerName,
    triggerType: 'http',
    qualifier,
    triggerConfig: JSON.stringify({ authType: 'anonymous', ...triggerConfig }),
  })
  return new URL((made['httpTrigger'] as { urlInternet: string }).urlInternet).host
}

/** Calls `look` until it returns a value: for what becomes visible by itself, such as a record. */
export async function eventually<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const deadlineMs = performance.now() + EVENT_MS_MAX
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    assert.ok(performance.now() < deadlineMs, 'waited in vain')
    await pause(LOOK_PAUSE_MS)
  }
}

export interface Line {
  requestId: string
  stream: string
  text: string
}

/** The stored lines of a function, oldest first. */
export async function linesOf(platform: TestPlatform, functionKey: string, requestId?: string): Promise<Line[]> {
  const one = requestId === undefined ? '' : `&requestId=${requestId}`
  const answer = await platform.call(
    'GET',
    `/sluice/v1/logs?function=${encodeURIComponent(functionKey)}&limit=1000${one}`,
  )
  return answer.json<{ lines: Line[] }>().lines
}

export interface StoredRecord {
  requestId: string
  statusCode: number
  errorType: string
  fault: string | null
  requestBytes: number
  responseBytes: number
}

/** The invocations of a function, newest first. */
export async function recordsOf(platform: TestPlatform, functionKey: string, filter = ''): Promise<StoredRecord[]> {
  const answer = await platform.call(
    'GET',
    `/sluice/v1/records?function=${encodeURIComponent(functionKey)}&descending=true${filter}`,
  )
  return answer.json<{ records: StoredRecord[] }>().records
}

/** A client that sends what it likes. Bytes are latin1 text, so that every one of them shows. */
export class RawClient {
  readonly socket: Socket
  received = ''
  isEnded = false
  #notify: () => void = () => {}

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      this.#notify()
    })
    const end = () => {
      this.isEnded = true
      this.#notify()
    }
    this.socket.on('end', end)
    this.socket.on('close', end)
    this.socket.on('error', end)
  }

  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** Closes our half. */
  finish(): this {
    this.socket.end()
    return this
  }

  /** Resolves once what was received satisfies `enough`. */
  async until(enough: (received: string) => boolean): Promise<string> {
    await this.#wait(() => enough(this.received), `until ${enough.toString()}`)
    return this.received
  }

  /** Resolves to everything when the other side has closed. */
  async ended(): Promise<string> {
    await this.#wait(() => this.isEnded, 'until the connection ends')
    this.socket.destroy()
    return this.received
  }

  destroy(): void {
    this.socket.destroy()
  }

  async #wait(done: () => boolean, what: string): Promise<void> {
    if (done()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited ${what}; received ${JSON.stringify(this.received.slice(0, 2000))}`)),
        EVENT_MS_MAX,
      )
      this.#notify = () => {
        if (!done() && !this.isEnded) return
        clearTimeout(timer)
        if (done()) resolve()
        else reject(new Error(`ended while waiting ${what}; received ${JSON.stringify(this.received.slice(0, 2000))}`))
      }
    })
  }
}

export async function rawClient(port: number): Promise<RawClient> {
  const client = new RawClient(port)
  await once(client.socket, 'connect')
  return client
}

/** Sends bytes on a connection of their own; resolves to all that comes back when the other side closes. */
export async function rawExchange(port: number, text: string): Promise<string> {
  return (await rawClient(port)).send(text).ended()
}

/** The status codes in a string of answers whose bodies look like none. */
export function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
}
