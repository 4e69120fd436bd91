/** Aliases of services in versions 2016-08-15 and 2021-04-06. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import type { JsonObject } from '../../../model.ts'
import * as aliases from '../../operations/aliases.ts'
import type { Resource } from '../../operations/commit.ts'
import type { Context } from '../../operations/context.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { aliasAnswer, pageAnswer } from '../answers.ts'
import { description, given, oneOf, shape, text, nameOf } from '../shapes.ts'
import { pages } from './version.ts'

export function aliasRoutes(context: Context): Route[] {
  const settings = {
    resolvePolicy: oneOf('Random', 'Content'),
    routePolicy: shape({
      condition: text,
      policyItems: Type.Array(shape({ key: text, operator: text, type: text, value: text })),
    }),
  }
  const update = shape({
    versionId: text,
    description,
    additionalVersionWeight: Type.Record(text, Type.Number({ minimum: 0, maximum: 1 })),
    ...settings,
  })
  const patchOf = ({ versionId, description, additionalVersionWeight, ...rest }: Static<typeof update>) => ({
    versionId,
    description,
    additionalVersionWeight,
    settings: given(rest, ['resolvePolicy', 'routePolicy']),
  })
  const answer = ({ value, etag }: Resource<'alias'>) => ({ body: render(value), etag })
  const render = (alias: Resource<'alias'>['value']): JsonObject => ({
    ...aliasAnswer(alias),
    resolvePolicy: alias.settings['resolvePolicy'] ?? null,
    routePolicy: alias.settings['routePolicy'] ?? null,
  })
  return [
    route({
      operation: 'CreateAlias',
      method: 'POST',
      path: '/services/:serviceName/aliases',
      body: Type.Object({ ...update.properties, aliasName: nameOf('aliasName'), versionId: text }),
      creates: 'aliasName',
      handle: async ({ params, body }) =>
        answer(await aliases.createAlias(context, `services/${params.serviceName}`, body.aliasName, patchOf(body))),
    }),
    route({
      operation: 'GetAlias',
      method: 'GET',
      path: '/services/:serviceName/aliases/:aliasName',
      handle: async ({ params }) =>
        answer(await aliases.getAlias(context, `services/${params.serviceName}`, params.aliasName)),
    }),
    route({
      operation: 'UpdateAlias',
      method: 'PUT',
      path: '/services/:serviceName/aliases/:aliasName',
      body: update,
      async handle({ params, body, ifMatch }) {
        const scope = `services/${params.serviceName}`
        return answer(await aliases.updateAlias(context, scope, params.aliasName, patchOf(body), ifMatch))
      },
    }),
    route({
      operation: 'DeleteAlias',
      method: 'DELETE',
      path: '/services/:serviceName/aliases/:aliasName',
      async handle({ params, ifMatch }) {
        await aliases.deleteAlias(context, `services/${params.serviceName}`, params.aliasName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListAliases',
      method: 'GET',
      path: '/services/:serviceName/aliases',
      query: shape(pages),
      handle: async ({ params, query }) =>
        pageAnswer('aliases', await aliases.listAliases(context, `services/${params.serviceName}`, query), render),
    }),
  ]
}
