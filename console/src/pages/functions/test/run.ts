/** One test run, and what is told about it afterwards. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { api, apiFetch } from '../../../api/client.ts'
import type { ApiError } from '../../../api/errors.ts'
import { functionPath } from '../../../api/functions.ts'
import type { Span } from '../../../components/waterfall.tsx'

export interface Run {
  status: number
  requestId: string
  /** Empty: the function did not fail. */
  errorType: string
  body: string
  headers: [string, string][]
  durationMs: number | null
  /** From sending to the last byte, in this browser. */
  totalMs: number
  memoryMB: number | null
  versionId: string
  instanceId: string
}

export interface RunInput {
  body: string
  /** Empty: LATEST. */
  qualifier: string
}

export function useRun(key: string) {
  return useMutation<Run, ApiError, RunInput>({ mutationFn: (input) => run(key, input) })
}

async function run(key: string, { body, qualifier }: RunInput): Promise<Run> {
  const startedMs = performance.now()
  const response = await apiFetch(`${functionPath(key)}/invocations`, {
    method: 'POST',
    query: { qualifier },
    body,
    headers: { 'content-type': 'application/octet-stream' },
    anyStatus: true,
  })
  const text = await response.text()
  const header = (name: string) => response.headers.get(name) ?? ''
  const numberOf = (name: string) => (header(name) === '' ? null : Number(header(name)))
  return {
    status: response.status,
    requestId: header('x-fc-request-id'),
    errorType: header('x-fc-error-type'),
    body: text,
    headers: [...response.headers],
    durationMs: numberOf('x-fc-invocation-duration'),
    totalMs: performance.now() - startedMs,
    memoryMB: numberOf('x-fc-max-memory-usage'),
    versionId: header('x-fc-invocation-code-version'),
    instanceId: header('x-fc-instance-id'),
  }
}

/** Indented when it is JSON. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

export interface LogLine {
  timeMs: number
  stream: 'stdout' | 'stderr' | 'system'
  text: string
}

/** Logs and phases are written in batches: they are asked for until they are whole, but not for ever. */
const POLL_MS = 300
const POLLS_MAX = 20
const again = (polls: number, isWhole: boolean) => (isWhole || polls >= POLLS_MAX ? false : POLL_MS)

export function useRunLog(key: string, requestId: string) {
  return useQuery<LogLine[], ApiError>({
    queryKey: ['run log', key, requestId],
    queryFn: async ({ signal }) => {
      const query = { function: key, requestId, limit: 1000 }
      return (await api<{ lines: LogLine[] }>('/sluice/v1/logs', { query, signal })).lines
    },
    enabled: requestId !== '',
    refetchInterval: ({ state }) =>
      again(state.dataUpdateCount, state.data?.some(({ text }) => text.startsWith('FC Invoke End')) ?? false),
  })
}

export function useRunSpans(requestId: string) {
  return useQuery<Span[], ApiError>({
    queryKey: ['run spans', requestId],
    queryFn: async ({ signal }) =>
      (await api<{ spans: Span[] }>('/sluice/v1/traces', { query: { requestId }, signal })).spans,
    enabled: requestId !== '',
    refetchInterval: ({ state }) => again(state.dataUpdateCount, (state.data?.length ?? 0) > 0),
  })
}
