/** Tasks: asynchronous invocations whose state can be read, and which can be stopped. */
import { FcError, type ErrorCode } from '../../errors.ts'
import type { Task, TaskStatus } from '../../invocations/port.ts'
import type { FunctionKey } from '../../model.ts'
import type { Context } from './context.ts'
import { findQualifiedFunction } from './find.ts'
import type { Page } from './list.ts'
import { LIST_LIMIT_DEFAULT } from './list.ts'

export interface TaskListRequest {
  status: TaskStatus | undefined
  prefix: string | undefined
  startedFromMs: number | undefined
  startedToMs: number | undefined
  isDescending: boolean
  limit: number | undefined
  nextToken: string | undefined
}

export async function listTasks(
  context: Context,
  functionKey: FunctionKey,
  qualifier: string | undefined,
  { limit = LIST_LIMIT_DEFAULT, nextToken, ...query }: TaskListRequest,
): Promise<Page<Task>> {
  const found = await findQualifiedFunction(context, functionKey, qualifier)
  const { tasks, cursor } = await context.tasks.list({
    functionKey,
    qualifier: found.qualifier,
    ...query,
    limit,
    cursor: nextToken,
  })
  return cursor === null ? { items: tasks } : { items: tasks, nextToken: cursor }
}

export async function getTask(
  context: Context,
  functionKey: FunctionKey,
  qualifier: string | undefined,
  taskId: string,
): Promise<Task> {
  const found = await findQualifiedFunction(context, functionKey, qualifier)
  const task = await context.tasks.get(functionKey, found.qualifier, taskId)
  if (!task) throw notFound(context, functionKey, found.qualifier, taskId)
  return task
}

export async function stopTask(
  context: Context,
  functionKey: FunctionKey,
  qualifier: string | undefined,
  taskId: string,
): Promise<void> {
  const found = await findQualifiedFunction(context, functionKey, qualifier)
  const isThere = await context.tasks.stop(functionKey, found.qualifier, taskId)
  if (!isThere) throw notFound(context, functionKey, found.qualifier, taskId)
}

function notFound({ knowsServices }: Context, functionKey: FunctionKey, qualifier: string, taskId: string): FcError {
  const code: ErrorCode = knowsServices ? 'StatefulAsyncInvocationNotFound' : 'AsyncTaskNotFound'
  const what = knowsServices ? 'stateful asynchronous invocation' : 'asynchronous task'
  return new FcError(
    code,
    `function '${functionKey}' has no ${what} '${taskId.slice(0, 128)}' for qualifier '${qualifier}'`,
  )
}
