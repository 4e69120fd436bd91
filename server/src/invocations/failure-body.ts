/** A function's own failure as its caller is shown it. */
import type { FunctionFailure } from '../instances/port.ts'

/** Fields as the language runtimes of Function Compute name them. */
export function failureBody({ errorMessage, errorType, stackTrace, cause }: FunctionFailure): string {
  return JSON.stringify({ errorMessage, errorType, ...(stackTrace ? { stackTrace } : {}), ...(cause ? { cause } : {}) })
}

export const errorKind = (handled: boolean) => (handled ? 'HandledInvocationError' : 'UnhandledInvocationError')
