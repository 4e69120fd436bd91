/** Invokes functions with notices as their events. */
import type { AsyncInvocations } from '../../invocations/port.ts'
import type { Carry } from './carrier.ts'

/** Accepted is delivered: from there on the queue sees to it. An attempt that is made again is not run again. */
export function createFunctionCarrier(invocations: Pick<AsyncInvocations, 'accept'>): Carry<'function'> {
  return async ({ id, notice }, { functionKey, qualifier }) => {
    await invocations.accept({
      requestId: id,
      functionKey,
      qualifier,
      payload: Buffer.from(JSON.stringify(notice)),
      delaySeconds: 0,
      taskId: null,
      clientIp: '',
      tracing: null,
      depth: 1,
      overrides: null,
    })
  }
}
