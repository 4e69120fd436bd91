/** VPC bindings of a service in versions 2016-08-15 and 2021-04-06: none can be made, and reading says so. */
import type { Context } from '../../operations/context.ts'
import { findService } from '../../operations/find.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import type { Fc2Version } from './version.ts'

export function vpcBindingRoutes(context: Context, version: Fc2Version): Route[] {
  const list = (path: '/services/:serviceName/bindings' | '/services/:serviceName/binding') =>
    route({
      operation: 'ListVpcBindings',
      method: 'GET',
      path,
      async handle({ params }) {
        await findService(context, params.serviceName)
        return { body: { vpcIds: [] } }
      },
    })
  return [
    list('/services/:serviceName/bindings'),
    ...(version === '2016-08-15' ? [list('/services/:serviceName/binding')] : []),
  ]
}
