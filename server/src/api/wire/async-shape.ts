/** Asynchronous configurations and tasks as both generations of the wire have them. */
import { Type } from 'typebox'
import type { Task, TaskStatus } from '../../invocations/port.ts'
import type { AsyncConfigDocument, JsonObject } from '../../model.ts'
import type { AsyncConfigInput } from '../operations/async-configs.ts'
import type { TaskListRequest } from '../operations/async-tasks.ts'
import type { Page } from '../operations/list.ts'
import { flag, oneOf, pageQuery, shape, text } from './shapes.ts'

const destination = shape({ destination: Type.String({ maxLength: 2048 }) })

export const asyncConfigMembers = {
  maxAsyncRetryAttempts: Type.Integer({ minimum: 0, maximum: 8 }),
  maxAsyncEventAgeInSeconds: Type.Integer({ minimum: 1, maximum: 604_800 }),
  destinationConfig: shape({ onSuccess: destination, onFailure: destination }),
}

interface AsyncConfigBody {
  maxAsyncRetryAttempts?: number
  maxAsyncEventAgeInSeconds?: number
  destinationConfig?: { onSuccess?: { destination?: string }; onFailure?: { destination?: string } }
}

export function asyncConfigOf(body: AsyncConfigBody, isTask: boolean | undefined): AsyncConfigInput {
  const { onSuccess, onFailure } = body.destinationConfig ?? {}
  return {
    retriesMax: body.maxAsyncRetryAttempts,
    maxAgeSeconds: body.maxAsyncEventAgeInSeconds,
    isTask,
    onSuccess: onSuccess?.destination,
    onFailure: onFailure?.destination,
  }
}

export function asyncConfigAnswer(document: AsyncConfigDocument): JsonObject {
  const { retriesMax, maxAgeSeconds, onSuccess, onFailure, createdTime, lastModifiedTime } = document
  return {
    maxAsyncRetryAttempts: retriesMax,
    maxAsyncEventAgeInSeconds: maxAgeSeconds,
    destinationConfig: { onSuccess: destinationAnswer(onSuccess), onFailure: destinationAnswer(onFailure) },
    createdTime,
    lastModifiedTime,
  }
}

const destinationAnswer = (given: string | null) => (given === null ? null : { destination: given })

/** The one list that says by an empty token that it ends; all others leave the token out. */
export function asyncConfigPage(
  page: Page<AsyncConfigDocument>,
  render: (document: AsyncConfigDocument) => JsonObject,
) {
  return { body: { configs: page.items.map(render), nextToken: page.nextToken ?? '' } }
}

const STATUSES = [
  'Enqueued',
  'Dequeued',
  'Running',
  'Succeeded',
  'Failed',
  'Stopped',
  'Stopping',
  'Expired',
  'Invalid',
  'Retrying',
] as const satisfies TaskStatus[]

const timeMs = Type.Integer({ minimum: 0 })
export const taskQueryMembers = {
  qualifier: text,
  status: oneOf(...STATUSES),
  startedTimeBegin: timeMs,
  startedTimeEnd: timeMs,
  sortOrderByTime: oneOf('asc', 'desc'),
  includePayload: flag,
  limit: pageQuery.limit,
  nextToken: pageQuery.nextToken,
}

interface TaskQuery {
  status?: TaskStatus
  startedTimeBegin?: number
  startedTimeEnd?: number
  sortOrderByTime?: 'asc' | 'desc'
  limit?: number
  nextToken?: string
}

export function taskListOf(query: TaskQuery, prefix: string | undefined): TaskListRequest {
  return {
    status: query.status,
    prefix,
    startedFromMs: query.startedTimeBegin,
    startedToMs: query.startedTimeEnd,
    isDescending: query.sortOrderByTime !== 'asc',
    limit: query.limit,
    nextToken: query.nextToken,
  }
}

/** `names`: of the members that the generations call differently. */
export function taskAnswer(
  task: Task,
  names: { id: string; payload: string; error: string },
  withPayload: boolean,
): JsonObject {
  return {
    [names.id]: task.taskId,
    qualifier: task.qualifier,
    requestId: task.requestId,
    status: task.status,
    startedTime: task.startedMs,
    endTime: task.endMs,
    durationMs: task.durationMs,
    alreadyRetriedTimes: task.retries,
    destinationStatus: task.destinationStatus,
    instanceId: task.instanceId,
    [names.payload]: withPayload ? task.payload : '',
    returnPayload: withPayload ? task.returnPayload : '',
    [names.error]: task.errorMessage,
    events: task.events.map(({ eventId, status, timeMs: timestamp, detail }) => ({
      eventId,
      status,
      timestamp,
      eventDetail: detail,
    })),
  }
}
