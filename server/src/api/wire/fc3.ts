/** Version 2023-03-30: functions without services. Functions of 2.0 appear as `service$function`. */
import type { Context } from '../operations/context.ts'
import { regions } from '../operations/settings.ts'
import type { Route } from '../route.ts'
import { route } from '../route.ts'
import { aliasRoutes } from './fc3/aliases.ts'
import { asyncRoutes } from './fc3/async.ts'
import { domainRoutes } from './fc3/domains.ts'
import { functionRoutes } from './fc3/functions.ts'
import { instanceRoutes } from './fc3/instances.ts'
import { layerRoutes } from './fc3/layers.ts'
import { fc3NotOffered } from './fc3/not-offered.ts'
import { tagRoutes } from './fc3/tags.ts'
import { triggerRoutes } from './fc3/triggers.ts'
import { scalingRoutes } from './fc3/scaling.ts'
import { vpcBindingRoutes } from './fc3/vpc-bindings.ts'
import { versionRoutes } from './fc3/versions.ts'

export function fc3Routes(context: Context): Route[] {
  return [
    ...functionRoutes(context),
    ...versionRoutes(context),
    ...aliasRoutes(context),
    ...triggerRoutes(context),
    ...domainRoutes(context),
    ...tagRoutes(context),
    route({
      operation: 'DescribeRegions',
      method: 'GET',
      path: '/regions',
      handle: async () => ({ body: regions(context) }),
    }),
    ...layerRoutes(context),
    ...scalingRoutes(context),
    ...instanceRoutes(context),
    ...asyncRoutes(context),
    ...vpcBindingRoutes(context),
    ...fc3NotOffered,
  ]
}
