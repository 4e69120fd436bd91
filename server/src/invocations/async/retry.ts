/** What becomes of an invocation after an attempt. Pure. */
import { backoffMs } from '../../backoff.ts'
import type { FcError } from '../../errors.ts'
import type { FunctionFailure } from '../../instances/port.ts'
import type { TaskStatus } from '../port.ts'
import type { InvocationAttributes } from './message.ts'

/** The function's own failures: it may need a moment to recover. */
const FAILURE_FIRST_MS = 1_000
const FAILURE_MAX_MS = 60_000
/** Throttling and failures of the platform, from 0.5 s on (Function Compute). */
export const REFUSAL_FIRST_MS = 500
export const REFUSAL_MAX_MS = 30_000

/** How an attempt ended. */
export type AttemptEnd =
  | { kind: 'answered'; body: Buffer }
  | { kind: 'failed'; failure: FunctionFailure }
  | { kind: 'refused'; error: FcError }

export type Verdict =
  | { kind: 'ended'; status: Extract<TaskStatus, 'Succeeded' | 'Failed' | 'Invalid'> }
  | { kind: 'retry'; delayMs: number; failures: number; refusals: number }

/**
 * A failure of the function counts against the retries. What the platform could not do is tried again, without being
 * counted, until the message is too old; what can never be done ends at once.
 */
export function decide(
  end: AttemptEnd,
  { failures, refusals }: Pick<InvocationAttributes, 'failures' | 'refusals'>,
  retriesMax: number,
): Verdict {
  if (end.kind === 'answered') return { kind: 'ended', status: 'Succeeded' }
  if (end.kind === 'refused' && end.error.fault !== 'function') {
    if (isFinal(end.error)) return { kind: 'ended', status: 'Invalid' }
    const delayMs = backoffMs(refusals + 1, REFUSAL_FIRST_MS, REFUSAL_MAX_MS)
    return { kind: 'retry', delayMs, failures, refusals: refusals + 1 }
  }
  if (failures >= retriesMax) return { kind: 'ended', status: 'Failed' }
  return {
    kind: 'retry',
    delayMs: backoffMs(failures + 1, FAILURE_FIRST_MS, FAILURE_MAX_MS),
    failures: failures + 1,
    refusals: 0,
  }
}

/** No later attempt could go otherwise: what is to run does not exist, or does not take such an event. */
function isFinal({ status }: FcError): boolean {
  return status === 404 || status === 400
}
