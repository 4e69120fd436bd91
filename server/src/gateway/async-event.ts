/** Takes an event to be run later: 202 when it is on disk. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FcError } from '../errors.ts'
import { EXPOSED_HEADERS } from '../exposed-headers.ts'
import { DELAY_SECONDS_MAX, type AsyncInvocations, type AsyncRequest } from '../invocations/port.ts'
import type { ApiVersion } from './target.ts'

const TASK_ID = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/

export type AsyncOptions = Pick<AsyncRequest, 'delaySeconds' | 'taskId'>

/** What the headers ask for. Throws FcError InvalidArgument. 2.0 calls a task a stateful asynchronous invocation. */
export function readAsyncOptions({ headers }: IncomingMessage, requestId: string): AsyncOptions {
  const header = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const delay = header('x-fc-async-delay') ?? '0'
  if (!/^\d{1,4}$/.test(delay) || Number(delay) > DELAY_SECONDS_MAX) {
    throw new FcError('InvalidArgument', `x-fc-async-delay accepts whole seconds from 0 to ${DELAY_SECONDS_MAX}`)
  }
  const names = ['x-fc-async-task-id', 'x-fc-stateful-async-invocation-id']
  const given = names.find((name) => header(name) !== undefined)
  const taskId = given === undefined ? undefined : header(given)!
  if (taskId !== undefined && !TASK_ID.test(taskId)) {
    throw new FcError(
      'InvalidArgument',
      `${given} accepts 1 to 128 letters, digits, '_' and '-', the first a letter or '_'`,
    )
  }
  const isEnabled = header('x-fc-stateful-async-invocation-enable')?.toLowerCase()
  if (isEnabled !== undefined && isEnabled !== 'true' && isEnabled !== 'false') {
    throw new FcError('InvalidArgument', 'x-fc-stateful-async-invocation-enable accepts true or false')
  }
  return { delaySeconds: Number(delay), taskId: taskId ?? (isEnabled === 'true' ? requestId : null) }
}

export async function acceptEvent(
  asyncInvocations: Pick<AsyncInvocations, 'accept'>,
  request: AsyncRequest,
  apiVersion: ApiVersion,
  response: ServerResponse,
): Promise<void> {
  const taskId = await asyncInvocations.accept(request)
  if (response.destroyed) return
  const headers = [
    'X-Fc-Request-Id',
    request.requestId,
    'Content-Length',
    '0',
    'Access-Control-Expose-Headers',
    EXPOSED_HEADERS,
  ]
  const name = apiVersion === '2023-03-30' ? 'X-Fc-Async-Task-Id' : 'X-Fc-Stateful-Async-Invocation-Id'
  if (taskId !== null) headers.push(name, taskId)
  response.writeHead(202, headers)
  response.end()
}
