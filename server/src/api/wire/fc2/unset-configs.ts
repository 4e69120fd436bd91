/** Configurations of versions 2016-08-15 and 2021-04-06 that can be read, but not set. */
import { functionKey } from '../../../model.ts'
import type { Context } from '../../operations/context.ts'
import { findService } from '../../operations/find.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { NO_ASYNC_CONFIGS, unsetConfigs } from '../unset-configs.ts'
import type { Fc2Version } from './version.ts'
import { target } from './version.ts'

export function unsetConfigRoutes(context: Context, version: Fc2Version): Route[] {
  const { get, listOfFunction } = unsetConfigs(context, {
    functionPath: '/services/:serviceName/functions/:functionName',
    target(params: { serviceName: string; functionName: string }, query) {
      const { service, qualifier } = target(params.serviceName, query)
      return { key: functionKey(service, params.functionName), qualifier }
    },
  })
  const vpcBindings = (path: '/services/:serviceName/bindings' | '/services/:serviceName/binding') =>
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
    get('GetFunctionAsyncInvokeConfig', 'async-invoke-config'),
    listOfFunction('ListFunctionAsyncInvokeConfigs', 'async-invoke-configs', NO_ASYNC_CONFIGS),
    vpcBindings('/services/:serviceName/bindings'),
    ...(version === '2016-08-15' ? [vpcBindings('/services/:serviceName/binding')] : []),
  ]
}
