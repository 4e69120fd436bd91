/** Versions of functions in version 2023-03-30. */
import type { Context } from '../../operations/context.ts'
import * as versions from '../../operations/versions.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer, versionAnswer } from '../answers.ts'
import { description, direction, pageQuery, shape } from '../shapes.ts'
import { ownScope } from './scope.ts'

export function versionRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'PublishFunctionVersion',
      method: 'POST',
      path: '/functions/:functionName/versions',
      body: shape({ description }),
      async handle({ params, body, ifMatch }) {
        const scope = ownScope(params.functionName)
        const { value, etag } = await versions.publishVersion(context, scope, body.description ?? '', ifMatch)
        return { body: versionAnswer(value), etag }
      },
    }),
    route({
      operation: 'ListFunctionVersions',
      method: 'GET',
      path: '/functions/:functionName/versions',
      query: shape({ ...pageQuery, direction }),
      async handle({ params, query }) {
        const way = query.direction ?? 'BACKWARD'
        const page = await versions.listVersions(context, ownScope(params.functionName), query, way)
        const { body } = pageAnswer('versions', page, versionAnswer)
        return { body: { ...body, direction: way } }
      },
    }),
    route({
      operation: 'DeleteFunctionVersion',
      method: 'DELETE',
      path: '/functions/:functionName/versions/:versionId',
      async handle({ params, ifMatch }) {
        await versions.deleteVersion(context, ownScope(params.functionName), params.versionId, ifMatch)
        return {}
      },
    }),
  ]
}
