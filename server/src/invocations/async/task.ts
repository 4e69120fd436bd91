/** The state of a task as the queue keeps it, from one status to the next. Pure. */
import type { State, StateWrite } from '../../queue/port.ts'
import type { Task, TaskEvent, TaskStatus } from '../port.ts'
import { groupOf, targetOfGroup, type Target } from './group.ts'

/** An ended task can be read for so long. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000
/** Throttling can go on for days: of more events the first and the last are kept. */
const EVENTS_MAX = 50

const ENDED: ReadonlySet<TaskStatus> = new Set(['Succeeded', 'Failed', 'Stopped', 'Expired', 'Invalid'])

export const isEnded = ({ status }: Pick<Task, 'status'>) => ENDED.has(status)

type Document = Omit<Task, 'taskId' | 'functionKey' | 'qualifier' | 'status' | 'startedMs'>

export function newTask(target: Target, taskId: string, requestId: string, payload: string, nowMs: number): Task {
  return {
    taskId,
    ...target,
    requestId,
    status: 'Enqueued',
    startedMs: nowMs,
    endMs: 0,
    durationMs: 0,
    retries: 0,
    destinationStatus: '',
    instanceId: '',
    payload,
    returnPayload: '',
    errorMessage: '',
    events: [{ eventId: 1, status: 'Enqueued', timeMs: nowMs, detail: '' }],
  }
}

/** The task in its next status, with an event that tells of it. */
export function advance(task: Task, status: TaskStatus, nowMs: number, detail = '', changes: Partial<Task> = {}): Task {
  const event: TaskEvent = { eventId: (task.events.at(-1)?.eventId ?? 0) + 1, status, timeMs: nowMs, detail }
  const events = [...task.events, event]
  if (events.length > EVENTS_MAX) events.splice(1, 1)
  return { ...task, ...changes, status, events, endMs: ENDED.has(status) ? nowMs : 0 }
}

/** `waitsUntilMs`: it may still be waiting then, if it has not ended. */
export function writeTask(task: Task, nowMs: number, waitsUntilMs = nowMs, isNew = false): StateWrite {
  const { taskId, functionKey, qualifier, status, startedMs, ...document } = task
  return {
    group: groupOf({ functionKey, qualifier }),
    key: taskId,
    status,
    startedMs,
    document: JSON.stringify(document satisfies Document),
    isNew,
    expiresMs: Math.max(nowMs, waitsUntilMs) + KEPT_MS,
  }
}

export function readTask({ group, key, status, startedMs, document }: State): Task {
  return {
    taskId: key,
    ...targetOfGroup(group),
    status: status as TaskStatus,
    startedMs,
    ...(JSON.parse(document) as Document),
  }
}
