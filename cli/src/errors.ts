/** How a command ends when it does not end well. */

export const exitCodes = { ok: 0, failure: 1, usage: 2, notFound: 3, denied: 4, unreachable: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A failure meant for the user: what went wrong, and what to do about it when that is known. */
export class CliError extends Error {
  readonly exitCode: ExitCode
  readonly hint: string | undefined

  constructor(message: string, exitCode: ExitCode = exitCodes.failure, hint?: string) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
    this.hint = hint
  }
}

export const usageError = (message: string, hint?: string) => new CliError(message, exitCodes.usage, hint)

/** An error answer of the platform, by its Function Compute code. */
export class ApiError extends CliError {
  readonly status: number
  readonly code: string
  readonly requestId: string
  /** In a query that was sent, in UTF-16 units; undefined: it is about no place in one. */
  readonly position: number | undefined

  constructor(
    status: number,
    code: string,
    message: string,
    requestId: string,
    more: { position?: number; hint?: string } = {},
  ) {
    super(message, exitCodeOfStatus(status), more.hint ?? hintOfCode(code))
    this.name = 'ApiError'
    this.position = more.position
    this.status = status
    this.code = code
    this.requestId = requestId
  }
}

function exitCodeOfStatus(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.denied
  return exitCodes.failure
}

function hintOfCode(code: string): string | undefined {
  if (code === 'InvalidAccessKeyID' || code === 'SignatureNotMatch') {
    return (
      'the platform at this address has another key: set SLUICE_DATA_DIR to its data folder, or ' +
      'SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET to its key pair'
    )
  }
  return undefined
}

export const isApiError = (thrown: unknown, code: string) => thrown instanceof ApiError && thrown.code === code

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
