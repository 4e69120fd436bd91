/** Errors that a runtime reports, read with distrust. */
import type { FunctionFailure } from './port.ts'

/** Loading failed for a reason of the function's own. */
export class StartFailure extends Error {
  readonly failure: FunctionFailure
  constructor(failure: FunctionFailure) {
    super(failure.errorMessage)
    this.failure = failure
  }
}

/** The text as a JSON object; null when it is none. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** Reads an error that a runtime sent; what is missing or of the wrong type is replaced, never trusted. */
export function failureOf(error: unknown): FunctionFailure {
  const given = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {}
  const text = (value: unknown, initial: string) => (typeof value === 'string' ? value : initial)
  const failure: FunctionFailure = {
    errorType: text(given['errorType'], 'FunctionUnhandledError'),
    errorMessage: text(given['errorMessage'], 'the runtime reported an error without a message'),
    handled: given['handled'] === true,
  }
  if (Array.isArray(given['stackTrace']))
    failure.stackTrace = given['stackTrace'].filter((line) => typeof line === 'string')
  return failure
}

/** As `failureOf`, from the JSON text of an ERROR frame. */
export function parseFailure(payload: string): FunctionFailure {
  return failureOf(parseObject(payload))
}

/** What a caller is told of a platform's own failure: the reason, but no path of this host, which system errors name. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error'
  const { code, syscall } = error as NodeJS.ErrnoException
  return code === undefined ? error.message : `${code}${syscall === undefined ? '' : ` (${syscall})`}`
}
