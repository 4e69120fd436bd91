/** Streams of one JSON object a line that go on until they are stopped: connected again whenever they break. */
import { apiFetch } from './client.ts'
import { ApiError } from './errors.ts'
import { createLineReader } from './line-reader.ts'
import type { Query } from './query-string.ts'

/** `waiting`: broken, to be tried again; `failed`: refused, not tried again. */
export type FollowState = 'connecting' | 'open' | 'waiting' | 'failed'

export interface FollowHandlers<Item> {
  onItem(item: Item): void
  onState?(state: FollowState, error?: ApiError): void
}

/** The platform sends a heartbeat each 10 s; without one the connection is dead even if nobody said so. */
const SILENCE_MS_MAX = 25_000
const RETRY_MS_FIRST = 1000
const RETRY_MS_MAX = 15_000

/** Returns how to stop. Items that are heartbeats are not handed on. */
export function follow<Item>(path: string, query: Query, handlers: FollowHandlers<Item>): () => void {
  const stopped = new AbortController()
  void run(path, query, handlers, stopped.signal)
  return () => stopped.abort()
}

async function run<Item>(path: string, query: Query, handlers: FollowHandlers<Item>, signal: AbortSignal) {
  let retryMs = RETRY_MS_FIRST
  while (!signal.aborted) {
    handlers.onState?.('connecting')
    try {
      await readOnce<Item>(path, query, signal, handlers, () => (retryMs = RETRY_MS_FIRST))
    } catch (error) {
      if (signal.aborted) return
      const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429
      if (refused && error.code !== 'SessionExpired') return handlers.onState?.('failed', error)
    }
    if (signal.aborted) return
    handlers.onState?.('waiting')
    await pause(retryMs, signal)
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
  }
}

async function readOnce<Item>(
  path: string,
  query: Query,
  signal: AbortSignal,
  handlers: FollowHandlers<Item>,
  onOpen: () => void,
): Promise<void> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX)
  try {
    const response = await apiFetch(path, { query, signal: AbortSignal.any([signal, silence.signal]) })
    onOpen()
    handlers.onState?.('open')
    const lines = createLineReader()
    const decoder = new TextDecoder()
    const reader = response.body!.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX)
      for (const line of lines.push(decoder.decode(part.value, { stream: true }))) {
        const item = JSON.parse(line) as object
        if (!('heartbeatMs' in item)) handlers.onItem(item as Item)
      }
    }
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
