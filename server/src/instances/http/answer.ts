/** What a program's answer means. Pure. */
import type { FunctionFailure } from '../port.ts'

/** Said by the connection, not by the program; what `Connection` names goes, too. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'])

/** The head of RESPONSE; `headers` flat, names and values. */
export function responseHead(status: number, headers: readonly string[]): string {
  const dropped = new Set(HOP_HEADERS)
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== 'connection') continue
    for (const name of headers[i + 1]!.split(',')) dropped.add(name.trim().toLowerCase())
  }
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!dropped.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!)
  }
  return JSON.stringify({ status, headers: kept })
}

/** Function Compute: `x-fc-status` says 200 or 404 for success or failure; without it the status of the answer does. */
export function isSuccess(status: number, fcStatus: string | undefined): boolean {
  if (fcStatus !== undefined && fcStatus !== '') return fcStatus.trim() === '200'
  return status >= 200 && status < 300
}

/** A failure that the program reports: its own fields where it sends such JSON, else its text. */
export function reportedFailure(status: number, body: string): FunctionFailure {
  const given = fieldsOf(body)
  const { errorMessage, errorType, stackTrace } = given
  const failure: FunctionFailure = {
    errorType: typeof errorType === 'string' ? errorType : 'FunctionHandledError',
    errorMessage:
      typeof errorMessage === 'string' ? errorMessage : body || `the program answered with status ${status}`,
    handled: true,
  }
  if (Array.isArray(stackTrace)) failure.stackTrace = stackTrace.filter((line) => typeof line === 'string')
  return failure
}

function fieldsOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The connection to the program broke, or what came over it was no HTTP. */
export function brokenAnswer(error: NodeJS.ErrnoException, hasBegun: boolean): FunctionFailure {
  const isGarbage = error.code?.startsWith('HPE_') ?? false
  const what = isGarbage
    ? error.code === 'HPE_HEADER_OVERFLOW'
      ? 'its headers are too long'
      : `it is no HTTP/1.1 (${error.code})`
    : hasBegun
      ? 'it broke off'
      : `the program closed the connection without one (${error.code ?? error.message})`
  return { errorType: 'BadResponse', errorMessage: `the answer of the program cannot be used: ${what}`, handled: false }
}
