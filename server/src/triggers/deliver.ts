/** The one way from a trigger to its function: an asynchronous invocation, unless triggers go round in circles. */
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { CHAIN_LENGTH_MAX, type AsyncInvocations, type AsyncRequest } from '../invocations/port.ts'
import type { LogLine } from '../logs/port.ts'
import type { TriggerDocument } from '../model.ts'
import type { TriggerCounts } from './counts.ts'
import type { Deliver, TriggerEvent } from './port.ts'

export interface DeliverDeps {
  clock: Clock
  invocations: Pick<AsyncInvocations, 'accept' | 'discard'>
  counts: TriggerCounts
  appendLine: (line: LogLine) => void
  /** For the operator. */
  warn: (message: string) => void
}

export function createDeliver(deps: DeliverDeps): Deliver {
  const { invocations, counts } = deps

  /** The owner of the function reads its log, the operator that of the platform. */
  function tell(trigger: TriggerDocument, requestId: string, text: string): void {
    const { functionKey, triggerName, triggerType } = trigger
    counts.add(triggerType, 'failed')
    deps.appendLine({
      functionKey,
      versionId: trigger.qualifier,
      requestId,
      instanceId: '',
      timeMs: deps.clock.nowMs(),
      stream: 'system',
      text: `Trigger '${triggerName}': ${text}`,
      hook: null,
    })
    deps.warn(`trigger '${triggerName}' of function '${functionKey}': ${text}`)
  }

  return async (trigger, event) => {
    const request = requestOf(trigger, event)
    try {
      if (event.depth < CHAIN_LENGTH_MAX) {
        await invocations.accept(request)
        counts.add(trigger.triggerType, 'fired')
        return
      }
      const reason = `its event was not run, for ${event.depth} triggers in a row led to it: does the function cause the events that trigger it?`
      tell(trigger, event.requestId, reason)
      await invocations.discard(request, new FcError('LimitExceededError', reason))
    } catch (error) {
      if (!(error instanceof FcError) || !isFinal(error)) throw error
      tell(trigger, event.requestId, `its event was dropped: ${error.message}`)
    }
  }
}

function requestOf(trigger: TriggerDocument, event: TriggerEvent): AsyncRequest {
  return {
    requestId: event.requestId,
    functionKey: trigger.functionKey,
    qualifier: trigger.qualifier,
    payload: event.payload,
    delaySeconds: 0,
    taskId: null,
    clientIp: event.clientIp ?? '',
    tracing: null,
    depth: event.depth + 1,
    overrides: event.overrides ?? null,
    ...(event.state && { state: event.state }),
  }
}

/** What no later attempt would change. */
function isFinal({ fault, status }: FcError): boolean {
  return fault === 'caller' && status !== 429
}
