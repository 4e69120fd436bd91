/** Triggers in version 2023-03-30. */
import { Type } from 'typebox'
import type { JsonObject, TriggerDocument } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import * as triggers from '../../operations/triggers.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer, readTriggerConfig, triggerUrls } from '../answers.ts'
import { description, pageQuery, shape, text, nameOf } from '../shapes.ts'

export function triggerRoutes(context: Context): Route[] {
  function triggerAnswer(trigger: TriggerDocument): JsonObject {
    return {
      triggerId: trigger.triggerId,
      triggerName: trigger.triggerName,
      description: trigger.description,
      triggerType: trigger.triggerType,
      sourceArn: trigger.sourceArn,
      invocationRole: trigger.invocationRole,
      qualifier: trigger.qualifier,
      triggerConfig: JSON.stringify(trigger.triggerConfig),
      status: null,
      targetArn: null,
      createdTime: trigger.createdTime,
      lastModifiedTime: trigger.lastModifiedTime,
      httpTrigger: triggerUrls(context, trigger),
    }
  }
  const members = { triggerConfig: Type.Unknown(), qualifier: text, description, invocationRole: text }

  return [
    route({
      operation: 'CreateTrigger',
      method: 'POST',
      path: '/functions/:functionName/triggers',
      body: Type.Object({
        triggerName: nameOf('triggerName'),
        triggerType: text,
        ...shape({ ...members, sourceArn: text }).properties,
      }),
      creates: 'triggerName',
      async handle({ params, body }) {
        const { value, etag } = await triggers.createTrigger(context, params.functionName, {
          ...body,
          triggerConfig: readTriggerConfig(body.triggerConfig),
        })
        return { body: triggerAnswer(value), etag }
      },
    }),
    route({
      operation: 'GetTrigger',
      method: 'GET',
      path: '/functions/:functionName/triggers/:triggerName',
      async handle({ params }) {
        const { value, etag } = await triggers.getTrigger(context, params.functionName, params.triggerName)
        return { body: triggerAnswer(value), etag }
      },
    }),
    route({
      operation: 'UpdateTrigger',
      method: 'PUT',
      path: '/functions/:functionName/triggers/:triggerName',
      body: shape(members),
      async handle({ params, body, ifMatch }) {
        const patch = { ...body, triggerConfig: readTriggerConfig(body.triggerConfig) }
        const { functionName, triggerName } = params
        const { value, etag } = await triggers.updateTrigger(context, functionName, triggerName, patch, ifMatch)
        return { body: triggerAnswer(value), etag }
      },
    }),
    route({
      operation: 'DeleteTrigger',
      method: 'DELETE',
      path: '/functions/:functionName/triggers/:triggerName',
      async handle({ params, ifMatch }) {
        await triggers.deleteTrigger(context, params.functionName, params.triggerName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListTriggers',
      method: 'GET',
      path: '/functions/:functionName/triggers',
      query: shape(pageQuery),
      handle: async ({ params, query }) =>
        pageAnswer('triggers', await triggers.listTriggers(context, params.functionName, query), triggerAnswer),
    }),
  ]
}
