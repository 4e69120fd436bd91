/** Services in versions 2016-08-15 and 2021-04-06. */
import type { Resource } from '../../operations/commit.ts'
import type { Context } from '../../operations/context.ts'
import * as services from '../../operations/services.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { pageAnswer } from '../answers.ts'
import { serviceAnswer, serviceCreate, servicePatch, serviceUpdate } from './shapes.ts'
import { shape } from '../shapes.ts'
import { pages, qualifierQuery, target } from './version.ts'

export function serviceRoutes(context: Context): Route[] {
  const answer = ({ value, etag }: Resource<'service'>) => ({ body: serviceAnswer(value), etag })
  return [
    route({
      operation: 'CreateService',
      method: 'POST',
      path: '/services',
      body: serviceCreate,
      creates: 'serviceName',
      handle: async ({ body }) => answer(await services.createService(context, body.serviceName, servicePatch(body))),
    }),
    route({
      operation: 'GetService',
      method: 'GET',
      path: '/services/:serviceName',
      query: qualifierQuery,
      async handle({ params, query }) {
        const { service, qualifier } = target(params.serviceName, query)
        return answer(await services.getService(context, service, qualifier))
      },
    }),
    route({
      operation: 'UpdateService',
      method: 'PUT',
      path: '/services/:serviceName',
      body: serviceUpdate,
      handle: async ({ params, body, ifMatch }) =>
        answer(await services.updateService(context, params.serviceName, servicePatch(body), ifMatch)),
    }),
    route({
      operation: 'DeleteService',
      method: 'DELETE',
      path: '/services/:serviceName',
      async handle({ params, ifMatch }) {
        await services.deleteService(context, params.serviceName, ifMatch)
        return {}
      },
    }),
    route({
      operation: 'ListServices',
      method: 'GET',
      path: '/services',
      query: shape(pages),
      async handle({ query, rawQuery }) {
        const page = await services.listServices(context, query, tagFilter(rawQuery))
        return pageAnswer('services', page, serviceAnswer)
      },
    }),
  ]
}

/** `?tag_{key}={value}`, all of which must hold. */
function tagFilter(query: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      name.startsWith('tag_') && typeof value === 'string' ? [[name.slice('tag_'.length), value]] : [],
    ),
  )
}
