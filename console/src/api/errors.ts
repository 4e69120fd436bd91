/** What the platform answers when it refuses, whichever wire says it. */

export class ApiError extends Error {
  /** 0: no answer came. */
  readonly status: number
  readonly code: string
  /** Empty when the answer had none. */
  readonly requestId: string
  /** Where in a query the mistake is, in UTF-16 units. */
  readonly position: number | undefined
  /** The answer as it came. */
  readonly body: string

  constructor(parts: {
    status: number
    code: string
    message: string
    requestId?: string
    position?: number
    body?: string
  }) {
    super(parts.message)
    this.name = 'ApiError'
    this.status = parts.status
    this.code = parts.code
    this.requestId = parts.requestId ?? ''
    this.position = parts.position
    this.body = parts.body ?? ''
  }
}

export function errorOf(status: number, body: string, requestId: string | null): ApiError {
  const members = membersOf(body)
  const text = (...names: string[]) =>
    names.map((name) => members[name]).find((value): value is string => typeof value === 'string')
  const position = members['Position']
  return new ApiError({
    status,
    code: text('ErrorCode', 'Code') ?? `HTTP ${status}`,
    message: text('ErrorMessage', 'Message') ?? body.slice(0, 500),
    requestId: text('RequestId') ?? requestId ?? '',
    body,
    ...(typeof position === 'number' && { position }),
  })
}

function membersOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
