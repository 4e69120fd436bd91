/** Asynchronous invocation in version 2023-03-30: its configurations, and tasks. */
import type { Task } from '../../../invocations/port.ts'
import type { AsyncConfigDocument, JsonObject } from '../../../model.ts'
import { LATEST } from '../../../model.ts'
import * as configs from '../../operations/async-configs.ts'
import * as tasks from '../../operations/async-tasks.ts'
import type { Context } from '../../operations/context.ts'
import { arnOf } from '../../operations/context.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer } from '../answers.ts'
import {
  asyncConfigAnswer,
  asyncConfigMembers,
  asyncConfigOf,
  asyncConfigPage,
  taskAnswer,
  taskListOf,
  taskQueryMembers,
} from '../async-shape.ts'
import { flag, pageQuery, shape, text } from '../shapes.ts'

const qualifierQuery = shape({ qualifier: text })
const CONFIG = '/functions/:functionName/async-invoke-config'
const TASKS = '/functions/:functionName/async-tasks'

export function asyncRoutes(context: Context): Route[] {
  return [...configRoutes(context), ...taskRoutes(context)]
}

function arnUnder(context: Context, functionKey: string, qualifier: string): string {
  return arnOf(context, `functions/${functionKey}${qualifier === LATEST ? '' : `/${qualifier}`}`)
}

function configRoutes(context: Context): Route[] {
  const render = (document: AsyncConfigDocument): JsonObject => ({
    functionArn: arnUnder(context, document.functionKey, document.qualifier),
    ...asyncConfigAnswer(document),
    asyncTask: document.isTask,
  })
  return [
    route({
      operation: 'PutAsyncInvokeConfig',
      method: 'PUT',
      path: CONFIG,
      query: qualifierQuery,
      body: shape({ ...asyncConfigMembers, asyncTask: flag }),
      async handle({ params, query, body, ifMatch }) {
        const input = asyncConfigOf(body, body.asyncTask)
        const put = await configs.putAsyncConfig(context, params.functionName, query.qualifier, input, ifMatch)
        return { body: render(put.value), etag: put.etag }
      },
    }),
    route({
      operation: 'GetAsyncInvokeConfig',
      method: 'GET',
      path: CONFIG,
      query: qualifierQuery,
      async handle({ params, query }) {
        const { value, etag } = await configs.getAsyncConfig(context, params.functionName, query.qualifier)
        return { body: render(value), etag }
      },
    }),
    route({
      operation: 'DeleteAsyncInvokeConfig',
      method: 'DELETE',
      path: CONFIG,
      query: qualifierQuery,
      async handle({ params, query, ifMatch }) {
        await configs.deleteAsyncConfig(context, params.functionName, query.qualifier, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListAsyncInvokeConfigs',
      method: 'GET',
      path: '/async-invoke-configs',
      query: shape({ functionName: text, limit: pageQuery.limit, nextToken: pageQuery.nextToken }),
      async handle({ query: { functionName, ...request } }) {
        return asyncConfigPage(await configs.listAsyncConfigs(context, functionName || undefined, request), render)
      },
    }),
  ]
}

function taskRoutes(context: Context): Route[] {
  const names = { id: 'taskId', payload: 'taskPayload', error: 'taskErrorMessage' }
  const render = (task: Task, withPayload: boolean): JsonObject => ({
    functionArn: arnUnder(context, task.functionKey, task.qualifier),
    ...taskAnswer(task, names, withPayload),
  })
  return [
    route({
      operation: 'ListAsyncTasks',
      method: 'GET',
      path: TASKS,
      query: shape({ ...taskQueryMembers, prefix: pageQuery.prefix }),
      async handle({ params, query }) {
        const request = taskListOf(query, query.prefix)
        const page = await tasks.listTasks(context, params.functionName, query.qualifier, request)
        return pageAnswer('tasks', page, (task) => render(task, query.includePayload ?? false))
      },
    }),
    route({
      operation: 'GetAsyncTask',
      method: 'GET',
      path: `${TASKS}/:taskId`,
      query: qualifierQuery,
      async handle({ params, query }) {
        const task = await tasks.getTask(context, params.functionName, query.qualifier, params.taskId)
        return { body: render(task, true) }
      },
    }),
    route({
      operation: 'StopAsyncTask',
      method: 'PUT',
      path: `${TASKS}/:taskId/stop`,
      query: qualifierQuery,
      async handle({ params, query }) {
        await tasks.stopTask(context, params.functionName, query.qualifier, params.taskId)
        return {}
      },
    }),
  ]
}
