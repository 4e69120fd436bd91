/** Triggers in versions 2016-08-15 and 2021-04-06. */
import { Type } from 'typebox'
import type { JsonObject, TriggerDocument } from '../../../model.ts'
import { functionKey, splitFunctionKey } from '../../../model.ts'
import type { Resource } from '../../operations/commit.ts'
import type { Context } from '../../operations/context.ts'
import { arnOf } from '../../operations/context.ts'
import * as triggers from '../../operations/triggers.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer, readTriggerConfig, triggerUrls } from '../answers.ts'
import { description, shape, text, nameOf } from '../shapes.ts'
import { pages } from './version.ts'
import type { Fc2Version } from './version.ts'

export function triggerRoutes(context: Context, version: Fc2Version): Route[] {
  function render(trigger: TriggerDocument): JsonObject {
    const urls = triggerUrls(context, trigger)
    const { service, name } = splitFunctionKey(trigger.functionKey)
    return {
      triggerId: trigger.triggerId,
      triggerName: trigger.triggerName,
      triggerType: trigger.triggerType,
      description: trigger.description,
      sourceArn: trigger.sourceArn,
      targetArn: arnOf(context, `services/${service}/functions/${name}`),
      invocationRole: trigger.invocationRole ?? '',
      qualifier: trigger.qualifier,
      triggerConfig: version === '2016-08-15' ? trigger.triggerConfig : JSON.stringify(trigger.triggerConfig),
      status: null,
      domainName: urls && new URL(urls.urlInternet).hostname,
      urlInternet: urls?.urlInternet ?? null,
      urlIntranet: urls?.urlIntranet ?? null,
      createdTime: trigger.createdTime,
      lastModifiedTime: trigger.lastModifiedTime,
    }
  }
  const answer = ({ value, etag }: Resource<'trigger'>) => ({ body: render(value), etag })
  const update = shape({ triggerConfig: Type.Unknown(), qualifier: text, description, invocationRole: text })
  const keyOf = (params: { serviceName: string; functionName: string }) =>
    functionKey(params.serviceName, params.functionName)

  return [
    route({
      operation: 'CreateTrigger',
      method: 'POST',
      path: '/services/:serviceName/functions/:functionName/triggers',
      body: Type.Object({
        triggerName: nameOf('triggerName'),
        triggerType: text,
        sourceArn: Type.Optional(text),
        ...update.properties,
      }),
      creates: 'triggerName',
      async handle({ params, body }) {
        const input = { ...body, triggerConfig: readTriggerConfig(body.triggerConfig) }
        return answer(await triggers.createTrigger(context, keyOf(params), input))
      },
    }),
    route({
      operation: 'GetTrigger',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName/triggers/:triggerName',
      handle: async ({ params }) => answer(await triggers.getTrigger(context, keyOf(params), params.triggerName)),
    }),
    route({
      operation: 'UpdateTrigger',
      method: 'PUT',
      path: '/services/:serviceName/functions/:functionName/triggers/:triggerName',
      body: update,
      async handle({ params, body, ifMatch }) {
        const patch = { ...body, triggerConfig: readTriggerConfig(body.triggerConfig) }
        return answer(await triggers.updateTrigger(context, keyOf(params), params.triggerName, patch, ifMatch))
      },
    }),
    route({
      operation: 'DeleteTrigger',
      method: 'DELETE',
      path: '/services/:serviceName/functions/:functionName/triggers/:triggerName',
      async handle({ params, ifMatch }) {
        await triggers.deleteTrigger(context, keyOf(params), params.triggerName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListTriggers',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName/triggers',
      query: shape(pages),
      handle: async ({ params, query }) =>
        pageAnswer('triggers', await triggers.listTriggers(context, keyOf(params), query), render),
    }),
  ]
}
