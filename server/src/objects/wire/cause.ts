/** What a change of objects is put down to. */
import type { Principal } from '../../auth/port.ts'
import type { Cause } from '../port.ts'
import type { Exchange, WireContext } from './exchange.ts'

/** A function's changes count on from the triggers that led to it, so that a loop through a bucket is found. */
export function causeOf(
  { requestId, sourceIp }: Pick<Exchange, 'requestId' | 'sourceIp'>,
  caller: Principal | null,
  context: Pick<WireContext, 'runningDepth'>,
): Cause {
  const functionKey = caller?.kind === 'function' ? caller.functionKey : null
  const principalId = functionKey ?? caller?.accountId ?? 'anonymous'
  const depth = functionKey === null ? 0 : context.runningDepth(functionKey)
  return { requestId, sourceIp, principalId, functionKey, depth }
}
