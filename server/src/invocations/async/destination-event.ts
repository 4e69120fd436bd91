/** What a destination is told, in the shape of Function Compute. */
import { splitFunctionKey } from '../../model.ts'
import { errorKind, failureBody } from '../failure-body.ts'
import type { TaskStatus } from '../port.ts'
import type { Target } from './group.ts'
import type { AttemptEnd } from './retry.ts'

export interface Ended {
  target: Target
  requestId: string
  status: TaskStatus
  /** Attempts that ran. */
  attempts: number
  payload: Uint8Array
  /** Of the last attempt; null: there was none. */
  end: AttemptEnd | null
}

/** Codes, region and account as Function Compute leaves them empty in the ARN. */
function arnOfTarget({ functionKey, qualifier }: Target): string {
  const { service, name } = splitFunctionKey(functionKey)
  return service === null
    ? `acs:fc:::functions/${name}/${qualifier}`
    : `acs:fc:::services/${service}.${qualifier}/functions/${name}`
}

export function destinationEvent({ target, requestId, status, attempts, payload, end }: Ended, nowMs: number): string {
  const failed = end?.kind === 'failed' ? end.failure : null
  const refused = end?.kind === 'refused' ? end.error : null
  const functionError = failed === null ? '' : errorKind(failed.handled)
  return JSON.stringify({
    timestamp: nowMs,
    requestContext: {
      requestId,
      functionArn: arnOfTarget(target),
      condition: conditionOf(status, functionError || (refused?.code ?? '')),
      approximateInvokeCount: attempts,
    },
    requestPayload: textOf(payload),
    responseContext: { statusCode: refused?.status ?? 200, functionError },
    responsePayload: responseText(end),
  })
}

/** Empty on success; else what was wrong at last. */
function conditionOf(status: TaskStatus, error: string): string {
  if (status === 'Succeeded') return ''
  if (status === 'Expired') return 'AsyncEventExpired'
  return error || 'UnhandledInvocationError'
}

/** What a caller who waited would have been answered, in text. */
export function responseText(end: AttemptEnd | null): string {
  if (end === null) return ''
  if (end.kind === 'answered') return textOf(end.body)
  if (end.kind === 'failed') return failureBody(end.failure)
  return JSON.stringify({ errorMessage: end.error.message, errorType: end.error.code })
}

/** Bytes that are no UTF-8 are replaced: the shape has text only. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
