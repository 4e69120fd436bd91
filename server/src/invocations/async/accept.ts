/** Takes asynchronous invocations: what cannot be run is refused here, and what is taken is on disk. */
import { FcError } from '../../errors.ts'
import { LATEST, type FunctionVersion } from '../../model.ts'
import { KeyExistsError } from '../../queue/port.ts'
import type { AsyncInvocations, AsyncRequest } from '../port.ts'
import { ANSWER_BYTES_MAX } from './attempt.ts'
import { textOf } from './destination-event.ts'
import { GroupBound } from './group-bound.ts'
import { groupOf, type Target } from './group.ts'
import type { InvocationAttributes } from './message.ts'
import { ASYNC_PAYLOAD_BYTES_MAX, policyOf } from './policy.ts'
import { enqueueResult } from './results.ts'
import type { AsyncDeps } from './runner.ts'
import { newTask, writeTask } from './task.ts'

/** What a destination is told of one event: the event and its answer, in JSON. */
const RESULT_BYTES_MAX = 6 * (ASYNC_PAYLOAD_BYTES_MAX + ANSWER_BYTES_MAX) + 4096

export type AcceptDeps = Pick<
  AsyncDeps,
  'clock' | 'queue' | 'configs' | 'resolve' | 'onEvent' | 'accountId' | 'region'
> & {
  /** Why nothing that is accepted would be run; null: all is well. */
  problem(): Error | null
}

export function createAcceptor(deps: AcceptDeps): Pick<AsyncInvocations, 'accept' | 'discard'> & {
  /** As `accept`, for results, which are larger than events. */
  acceptResult: AsyncInvocations['accept']
} {
  const { clock, queue, configs } = deps
  const bound = new GroupBound(queue, clock)

  function admit({ functionKey, qualifier, payload }: AsyncRequest, payloadBytesMax: number): void {
    const problem = deps.problem()
    if (problem !== null) {
      throw new FcError('ServiceUnavailable', 'asynchronous invocations cannot be accepted now; try again')
    }
    checkInvocable(deps.resolve(functionKey, qualifier))
    if (payload.length > payloadBytesMax) throw payloadTooLarge(payload.length)
  }

  async function enqueue(request: AsyncRequest, payloadBytesMax: number): Promise<string | null> {
    admit(request, payloadBytesMax)
    const nowMs = clock.nowMs()
    const target = targetOf(request)
    const group = groupOf(target)
    bound.check(group)
    const policy = policyOf(configs.of(target), request.overrides)
    const taskId = request.taskId ?? (policy.isTask ? request.requestId : null)
    const dueMs = nowMs + request.delaySeconds * 1000
    const message = {
      id: request.requestId,
      group,
      body: request.payload,
      attributes: JSON.stringify(attributesOf(request, taskId, nowMs)),
      dueMs,
      expiresMs: dueMs + policy.maxAgeSeconds * 1000,
    }
    try {
      if (taskId === null) {
        await queue.enqueue(message, request.state)
      } else {
        const task = newTask(target, taskId, request.requestId, textOf(request.payload), nowMs)
        await queue.enqueue(message, writeTask(task, nowMs, message.expiresMs, true))
        if (request.state) await queue.writeStates([request.state])
      }
    } catch (error) {
      if (!(error instanceof KeyExistsError)) throw error
      // Accepted before.
      if (error.key === request.requestId) return taskId
      if (error.key !== taskId) throw error
      throw new FcError(
        'StatefulAsyncInvocationAlreadyExists',
        `'${taskId}' is the id of another task of function '${request.functionKey}'`,
      )
    }
    deps.onEvent(request.functionKey, 'enqueued')
    return taskId
  }

  return {
    accept: (request) => enqueue(request, ASYNC_PAYLOAD_BYTES_MAX),
    acceptResult: (request) => enqueue(request, RESULT_BYTES_MAX),
    async discard(request, error) {
      const target = targetOf(request)
      const { onFailure } = policyOf(configs.of(target), request.overrides)
      deps.onEvent(request.functionKey, 'dropped')
      if (onFailure === null) return
      const end = { kind: 'refused', error } as const
      const { requestId, payload } = request
      await enqueueResult(
        deps,
        onFailure,
        { target, requestId, status: 'Invalid', attempts: 0, payload, end },
        attributesOf(request, null, clock.nowMs()),
        LATEST,
      )
    },
  }
}

const targetOf = ({ functionKey, qualifier }: AsyncRequest): Target => ({
  functionKey,
  qualifier: qualifier === '' ? LATEST : qualifier,
})

function attributesOf(request: AsyncRequest, taskId: string | null, acceptedMs: number): InvocationAttributes {
  const { requestId, clientIp, tracing, depth, overrides } = request
  return {
    requestId,
    taskId,
    acceptedMs,
    clientIp,
    tracing,
    depth,
    overrides,
    failures: 0,
    refusals: 0,
    settled: 0,
    restedAfter: 0,
  }
}

function checkInvocable({ key, function: { restriction } }: FunctionVersion): void {
  if (restriction === null) return
  throw new FcError(
    'FunctionInvocationDisabled',
    `invocation of function '${key}' is disabled: ${restriction.reason || 'no reason given'}`,
  )
}

function payloadTooLarge(bytes: number): FcError {
  return new FcError(
    'InvalidArgument',
    `the payload has ${bytes} bytes; an asynchronous invocation takes at most ${ASYNC_PAYLOAD_BYTES_MAX}`,
  )
}
