/** VPC bindings of a function in version 2023-03-30: none can be made, and reading says so. */
import type { Context } from '../../operations/context.ts'
import { findFunction } from '../../operations/find.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'

export function vpcBindingRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'ListVpcBindings',
      method: 'GET',
      path: '/functions/:functionName/vpc-bindings',
      async handle({ params }) {
        await findFunction(context, params.functionName)
        return { body: { vpcIds: [] } }
      },
    }),
  ]
}
