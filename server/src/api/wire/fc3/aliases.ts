/** Aliases of functions in version 2023-03-30. */
import { Type } from 'typebox'
import * as aliases from '../../operations/aliases.ts'
import type { Context } from '../../operations/context.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { aliasAnswer, pageAnswer } from '../answers.ts'
import { description, pageQuery, shape, text, nameOf } from '../shapes.ts'
import { ownScope } from './scope.ts'

export function aliasRoutes(context: Context): Route[] {
  const members = {
    versionId: text,
    description,
    additionalVersionWeight: Type.Record(text, Type.Number({ minimum: 0, maximum: 1 })),
  }
  return [
    route({
      operation: 'CreateAlias',
      method: 'POST',
      path: '/functions/:functionName/aliases',
      body: Type.Object({
        aliasName: nameOf('aliasName'),
        versionId: text,
        description: Type.Optional(description),
        additionalVersionWeight: Type.Optional(members.additionalVersionWeight),
      }),
      creates: 'aliasName',
      async handle({ params, body }) {
        const scope = ownScope(params.functionName)
        const { value, etag } = await aliases.createAlias(context, scope, body.aliasName, body)
        return { body: aliasAnswer(value), etag }
      },
    }),
    route({
      operation: 'GetAlias',
      method: 'GET',
      path: '/functions/:functionName/aliases/:aliasName',
      async handle({ params }) {
        const { value, etag } = await aliases.getAlias(context, ownScope(params.functionName), params.aliasName)
        return { body: aliasAnswer(value), etag }
      },
    }),
    route({
      operation: 'UpdateAlias',
      method: 'PUT',
      path: '/functions/:functionName/aliases/:aliasName',
      body: shape(members),
      async handle({ params, body, ifMatch }) {
        const scope = ownScope(params.functionName)
        const { value, etag } = await aliases.updateAlias(context, scope, params.aliasName, body, ifMatch)
        return { body: aliasAnswer(value), etag }
      },
    }),
    route({
      operation: 'DeleteAlias',
      method: 'DELETE',
      path: '/functions/:functionName/aliases/:aliasName',
      async handle({ params, ifMatch }) {
        await aliases.deleteAlias(context, ownScope(params.functionName), params.aliasName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListAliases',
      method: 'GET',
      path: '/functions/:functionName/aliases',
      query: shape(pageQuery),
      handle: async ({ params, query }) =>
        pageAnswer('aliases', await aliases.listAliases(context, ownScope(params.functionName), query), aliasAnswer),
    }),
  ]
}
