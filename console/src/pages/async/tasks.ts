/** Tasks as version 2023-03-30 has them: asynchronous invocations whose state is kept. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import type { ApiError } from '../../api/errors.ts'
import { FC3 } from '../../api/functions.ts'
import { useApi, useChange } from '../../api/use-api.ts'
import type { Tone } from '../../components/badge.tsx'

export interface Task {
  taskId: string
  qualifier: string
  requestId: string
  status: TaskStatus
  startedTime: number
  endTime: number
  durationMs: number
  alreadyRetriedTimes: number
  destinationStatus: string
  instanceId: string
  taskPayload: string
  returnPayload: string
  taskErrorMessage: string
  events: { eventId: number; status: string; timestamp: number; eventDetail: string }[]
}

export const STATUSES = [
  'Enqueued',
  'Dequeued',
  'Running',
  'Retrying',
  'Succeeded',
  'Failed',
  'Expired',
  'Invalid',
  'Stopping',
  'Stopped',
] as const
export type TaskStatus = (typeof STATUSES)[number]

export const TONES: Record<TaskStatus, Tone> = {
  Enqueued: 'neutral',
  Dequeued: 'info',
  Running: 'accent',
  Retrying: 'warn',
  Succeeded: 'good',
  Failed: 'bad',
  Expired: 'bad',
  Invalid: 'bad',
  Stopping: 'warn',
  Stopped: 'neutral',
}

export const hasEnded = (status: TaskStatus) =>
  ['Succeeded', 'Failed', 'Expired', 'Invalid', 'Stopped'].includes(status)

const PAGE_TASKS = 50
const ASK_AGAIN_MS = 3000

const pathOf = (functionKey: string) => `${FC3}/functions/${encodeURIComponent(functionKey)}/async-tasks`

interface Page {
  tasks: Task[]
  nextToken?: string
}

export function useTasks(functionKey: string, status: string, prefix: string) {
  return useInfiniteQuery<Page, ApiError>({
    queryKey: ['api', pathOf(functionKey), status, prefix],
    queryFn: ({ pageParam, signal }) =>
      api<Page>(pathOf(functionKey), {
        query: { status, prefix, limit: PAGE_TASKS, nextToken: pageParam as string | undefined },
        signal,
      }),
    initialPageParam: undefined,
    getNextPageParam: ({ nextToken }) => nextToken || undefined,
    refetchInterval: ASK_AGAIN_MS,
  })
}

export const useTask = (functionKey: string, { taskId, qualifier }: Task) =>
  useApi<Task>(
    `${pathOf(functionKey)}/${encodeURIComponent(taskId)}`,
    { qualifier },
    { refetchInterval: ({ state }) => (state.data && hasEnded(state.data.status) ? false : ASK_AGAIN_MS) },
  )

export const useStopTask = (functionKey: string) =>
  useChange<Task>(
    ({ taskId, qualifier }) =>
      api(`${pathOf(functionKey)}/${encodeURIComponent(taskId)}/stop`, { method: 'PUT', query: { qualifier } }),
    [pathOf(functionKey)],
  )
