/** Versions of services in versions 2016-08-15 and 2021-04-06. */
import type { Context } from '../../operations/context.ts'
import * as versions from '../../operations/versions.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer, versionAnswer } from '../answers.ts'
import { description, direction, shape } from '../shapes.ts'
import { pages } from './version.ts'

export function versionRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'PublishServiceVersion',
      method: 'POST',
      path: '/services/:serviceName/versions',
      body: shape({ description }),
      async handle({ params, body, ifMatch }) {
        const scope = `services/${params.serviceName}`
        const { value, etag } = await versions.publishVersion(context, scope, body.description ?? '', ifMatch)
        return { body: versionAnswer(value), etag }
      },
    }),
    route({
      operation: 'ListServiceVersions',
      method: 'GET',
      path: '/services/:serviceName/versions',
      query: shape({ ...pages, direction }),
      async handle({ params, query }) {
        const way = query.direction ?? 'BACKWARD'
        const page = await versions.listVersions(context, `services/${params.serviceName}`, query, way)
        const { body } = pageAnswer('versions', page, versionAnswer)
        return { body: { ...body, direction: way } }
      },
    }),
    route({
      operation: 'DeleteServiceVersion',
      method: 'DELETE',
      path: '/services/:serviceName/versions/:versionId',
      async handle({ params, ifMatch }) {
        await versions.deleteVersion(context, `services/${params.serviceName}`, params.versionId, ifMatch)
        return {}
      },
    }),
  ]
}
