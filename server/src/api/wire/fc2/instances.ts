/** Live instances in versions 2016-08-15 and 2021-04-06. */
import { functionKey } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { listInstances } from '../../operations/instances.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { instanceQuery, limitOf, listOf, refuseWithoutUpgrade, versionNumber } from '../instances.ts'
import { shape } from '../shapes.ts'
import { target } from './version.ts'

export function instanceRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'ListInstances',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName/instances',
      query: shape(instanceQuery),
      async handle({ params, query, rawQuery }) {
        const { service, qualifier } = target(params.serviceName, query)
        const instances = await listInstances(context, functionKey(service, params.functionName), {
          ...query,
          qualifier,
          limit: limitOf(query),
          instanceIds: listOf(rawQuery, 'instanceIds') ?? listOf(rawQuery, 'ids'),
        })
        const render = ({ instanceId, versionId }: (typeof instances)[number]) => ({
          instanceId,
          versionId: versionNumber(versionId),
        })
        return { body: { instances: instances.map(render) } }
      },
    }),
    route({
      operation: 'ExecInstance',
      method: 'GET',
      path: '/services/:serviceName/functions/:functionName/instances/:instanceId/exec',
      handle: refuseWithoutUpgrade,
    }),
  ]
}
