/** Asynchronous invocation in versions 2016-08-15 and 2021-04-06; what 3.0 calls a task is a stateful invocation here. */
import type { Task } from '../../../invocations/port.ts'
import type { AsyncConfigDocument, FunctionKey, JsonObject } from '../../../model.ts'
import { functionKey, splitFunctionKey } from '../../../model.ts'
import * as configs from '../../operations/async-configs.ts'
import * as tasks from '../../operations/async-tasks.ts'
import type { Context } from '../../operations/context.ts'
import { findFunction } from '../../operations/find.ts'
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
import { flag, pageQuery, shape } from '../shapes.ts'
import { qualifierQuery, target } from './version.ts'

const FUNCTION = '/services/:serviceName/functions/:functionName'
const CONFIG = `${FUNCTION}/async-invoke-config` as const
const INVOCATIONS = `${FUNCTION}/stateful-async-invocations` as const
const limits = { limit: pageQuery.limit, nextToken: pageQuery.nextToken }

interface Params {
  serviceName: string
  functionName: string
}

function find(params: Params, query: { qualifier?: string }): [FunctionKey, string | undefined] {
  const { service, qualifier } = target(params.serviceName, query)
  return [functionKey(service, params.functionName), qualifier || undefined]
}

export function asyncRoutes(context: Context): Route[] {
  return [...configRoutes(context), ...invocationRoutes(context)]
}

function configRoutes(context: Context): Route[] {
  const render = (document: AsyncConfigDocument): JsonObject => {
    const { service, name } = splitFunctionKey(document.functionKey)
    return {
      service,
      function: name,
      qualifier: document.qualifier,
      ...asyncConfigAnswer(document),
      statefulInvocation: document.isTask,
    }
  }
  return [
    route({
      operation: 'PutFunctionAsyncInvokeConfig',
      method: 'PUT',
      path: CONFIG,
      query: qualifierQuery,
      body: shape({ ...asyncConfigMembers, statefulInvocation: flag }),
      async handle({ params, query, body, ifMatch }) {
        const input = asyncConfigOf(body, body.statefulInvocation)
        const put = await configs.putAsyncConfig(context, ...find(params, query), input, ifMatch)
        return { body: render(put.value), etag: put.etag }
      },
    }),
    route({
      operation: 'GetFunctionAsyncInvokeConfig',
      method: 'GET',
      path: CONFIG,
      query: qualifierQuery,
      async handle({ params, query }) {
        const { value, etag } = await configs.getAsyncConfig(context, ...find(params, query))
        return { body: render(value), etag }
      },
    }),
    route({
      operation: 'DeleteFunctionAsyncInvokeConfig',
      method: 'DELETE',
      path: CONFIG,
      query: qualifierQuery,
      async handle({ params, query, ifMatch }) {
        await configs.deleteAsyncConfig(context, ...find(params, query), ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListFunctionAsyncInvokeConfigs',
      method: 'GET',
      path: `${FUNCTION}/async-invoke-configs`,
      query: shape(limits),
      async handle({ params, query }) {
        const [key] = find(params, {})
        await findFunction(context, key)
        return asyncConfigPage(await configs.listAsyncConfigs(context, key, query), render)
      },
    }),
  ]
}

function invocationRoutes(context: Context): Route[] {
  const names = { id: 'invocationId', payload: 'invocationPayload', error: 'invocationErrorMessage' }
  const render = (task: Task, withPayload: boolean): JsonObject => {
    const { service, name } = splitFunctionKey(task.functionKey)
    return { serviceName: service, functionName: name, ...taskAnswer(task, names, withPayload) }
  }
  return [
    route({
      operation: 'ListStatefulAsyncInvocations',
      method: 'GET',
      path: INVOCATIONS,
      query: shape({ ...taskQueryMembers, invocationIdPrefix: pageQuery.prefix }),
      async handle({ params, query }) {
        const request = taskListOf(query, query.invocationIdPrefix)
        const page = await tasks.listTasks(context, ...find(params, query), request)
        return pageAnswer('invocations', page, (task) => render(task, query.includePayload ?? false))
      },
    }),
    route({
      operation: 'GetStatefulAsyncInvocation',
      method: 'GET',
      path: `${INVOCATIONS}/:invocationId`,
      query: qualifierQuery,
      async handle({ params, query }) {
        return { body: render(await tasks.getTask(context, ...find(params, query), params.invocationId), true) }
      },
    }),
    route({
      operation: 'StopStatefulAsyncInvocation',
      method: 'PUT',
      path: `${INVOCATIONS}/:invocationId`,
      query: qualifierQuery,
      async handle({ params, query }) {
        await tasks.stopTask(context, ...find(params, query), params.invocationId)
        return {}
      },
    }),
    route({
      operation: 'ListStatefulAsyncInvocationFunctions',
      method: 'GET',
      path: '/stateful-async-invocation-functions',
      query: shape(limits),
      async handle({ query }) {
        const page = await configs.listAsyncConfigs(
          context,
          undefined,
          query,
          ({ isTask, functionKey: key }) => isTask && splitFunctionKey(key).service !== null,
        )
        return pageAnswer('data', page, ({ functionKey: key, qualifier }) => {
          const { service, name } = splitFunctionKey(key)
          return { serviceName: service, functionName: name, qualifier }
        })
      },
    }),
  ]
}
