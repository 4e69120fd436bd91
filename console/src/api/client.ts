/** Requests to the platform's public APIs, with the session of this browser in place of a signature. */
import { markExpired } from '../session/session.ts'
import { ApiError, errorOf } from './errors.ts'
import { queryString, type Query } from './query-string.ts'

export interface ApiRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  query?: Query
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is. */
  body?: BodyInit
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Answers of any status are returned, for what a function answers by itself. */
  anyStatus?: boolean
}

const PREFIX = '/console/api'

/** `path` as documented, such as `/2023-03-30/functions`. Rejects with ApiError. */
export async function apiFetch(path: string, request: ApiRequest = {}): Promise<Response> {
  const { method = 'GET', query, json, body, headers, signal, anyStatus = false } = request
  const response = await fetch(PREFIX + path + queryString(query), {
    method,
    headers: {
      'x-sluice-console': '1',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiError({ status: 0, code: 'NetworkError', message: String(error) })
  })
  if (response.ok || (anyStatus && response.status !== 401)) return response
  const error = errorOf(response.status, await response.text(), response.headers.get('x-fc-request-id'))
  if (error.code === 'SessionExpired') markExpired()
  if (anyStatus && error.code !== 'SessionExpired') return new Response(error.body, response)
  throw error
}

/** The answer's JSON; undefined when it is empty. */
export async function api<Answer = void>(path: string, request?: ApiRequest): Promise<Answer> {
  const text = await (await apiFetch(path, request)).text()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}
