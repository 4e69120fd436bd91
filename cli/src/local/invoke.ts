/** One invocation on a platform, with its lines as they come and its record. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../client.ts'
import { messageOf } from '../errors.ts'
import { followLines } from '../follow.ts'
import { functionPath, type FunctionRef, refKey, versionOf } from '../function-ref.ts'
import { type Json, objectsOf, textOf } from '../json.ts'
import { openStream } from '../transport.ts'
import type { LocalRequest } from './request.ts'

/** From the answer to its record: both are written by the same process, one after the other. */
const RECORD_MS_MAX = 2_000
const LINES_MAX = 1000

export interface Sent {
  ref: FunctionRef
  /** An event, or the body of a request. */
  body: Buffer
  /** Null for an event; `url`: of the HTTP trigger. */
  http: { request: LocalRequest; url: URL } | null
  /** Longest wait for the first byte of the answer. */
  timeoutMs: number
  signal: AbortSignal
}

export interface Invoked {
  status: number
  headers: IncomingMessage['headers']
  /** Null when it was refused before it became an invocation. */
  record: Json | null
  /** Why the answer has no end; null when it has one. */
  broken: string | null
}

export interface InvokeEvents {
  /** A line that the function, or the platform about it, has printed. */
  onLine(line: Json): void
  onHead(status: number, headers: IncomingMessage['headers']): void
  onBody(chunk: Buffer): void
}

export async function invokeOnce(client: Client, sent: Sent, events: InvokeEvents): Promise<Invoked> {
  const following = new AbortController()
  const signal = AbortSignal.any([following.signal, sent.signal])
  const ended = new Set<string>()
  let onEnded: () => unknown = () => {}
  const options = { signal, onLost: () => {}, onDropped: () => {} }
  const past = { fromMs: Date.now(), tail: LINES_MAX }
  const onLine = (line: Json) => {
    // The marker of its end comes after every line of an invocation, and when its record is there.
    const [, edge, requestId] = /^FC Invoke (Start|End) RequestId: ([^\s,]+)/.exec(textOf(line['text'])) ?? []
    if (requestId === undefined) return events.onLine(line)
    if (edge === 'End') ended.add(requestId)
    onEnded()
  }
  // Where it fails, the record that is asked for below fails with a reason.
  const followed = followLines(client, { ref: sent.ref }, past, options, onLine).catch(() => undefined)
  try {
    const answer = await send(client, sent)
    events.onHead(answer.statusCode ?? 0, answer.headers)
    const broken = await readBody(answer, (chunk) => events.onBody(chunk))
    const requestId = textOf(answer.headers['x-fc-request-id'])
    const hasEnded = new Promise<void>((resolve) => {
      onEnded = () => ended.has(requestId) && resolve()
      onEnded()
    })
    await Promise.race([hasEnded, followed, sleep(RECORD_MS_MAX, undefined, { signal }).catch(() => undefined)])
    const query = { function: refKey(sent.ref), requestId, limit: 1 }
    const { records } = await client.json({ action: 'ListRecords', path: '/sluice/v1/records', query, signal })
    const [record = null] = objectsOf(records)
    return { status: answer.statusCode ?? 0, headers: answer.headers, record, broken }
  } finally {
    following.abort()
    await followed
  }
}

/** Resolves to why it broke off, or null at its end. */
async function readBody(answer: IncomingMessage, onBody: (chunk: Buffer) => void): Promise<string | null> {
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) onBody(chunk)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

async function send(client: Client, { ref, body, http, timeoutMs, signal }: Sent): Promise<IncomingMessage> {
  if (http === null) {
    return client.open({
      action: 'InvokeFunction',
      apiVersion: versionOf(ref),
      method: 'POST',
      path: `${functionPath(ref)}/invocations`,
      body,
      timeoutMs,
      signal,
    })
  }
  const { request, url } = http
  // Not every resolver knows that names under localhost are this machine: the name goes in the Host header alone.
  const target = new URL(request.path, client.endpoint)
  const headers = { host: url.host, ...request.headers }
  const { body: answer } = await openStream({ method: request.method, url: target, headers, body, timeoutMs, signal })
  return answer
}
