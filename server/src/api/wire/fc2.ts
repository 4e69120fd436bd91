/**
 * Versions 2016-08-15 and 2021-04-06: services that hold functions. One table for both; they differ in how the
 * qualifier travels (suffix of the service in the path, or query), in `triggerConfig` (object or string) and in a
 * few paths.
 */
import type { Context } from '../operations/context.ts'
import type { Route } from '../route.ts'
import { fc2AccountRoutes } from './fc2/account.ts'
import { aliasRoutes } from './fc2/aliases.ts'
import { asyncRoutes } from './fc2/async.ts'
import { domainRoutes } from './fc2/domains.ts'
import { functionRoutes } from './fc2/functions.ts'
import { instanceRoutes } from './fc2/instances.ts'
import { layerRoutes } from './fc2/layers.ts'
import { fc2NotOffered } from './fc2/not-offered.ts'
import { serviceRoutes } from './fc2/services.ts'
import { triggerRoutes } from './fc2/triggers.ts'
import { scalingRoutes } from './fc2/scaling.ts'
import { vpcBindingRoutes } from './fc2/vpc-bindings.ts'
import type { Fc2Version } from './fc2/version.ts'
import { versionRoutes } from './fc2/versions.ts'

export function fc2Routes(context: Context, version: Fc2Version): Route[] {
  return [
    ...serviceRoutes(context),
    ...versionRoutes(context),
    ...aliasRoutes(context),
    ...functionRoutes(context),
    ...triggerRoutes(context, version),
    ...domainRoutes(context),
    ...fc2AccountRoutes(context, version),
    ...layerRoutes(context),
    ...scalingRoutes(context),
    ...instanceRoutes(context),
    ...asyncRoutes(context),
    ...vpcBindingRoutes(context, version),
    ...fc2NotOffered(version),
  ]
}
