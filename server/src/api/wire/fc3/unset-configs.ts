/** Configurations of version 2023-03-30 that can be read, but not set. */
import type { Context } from '../../operations/context.ts'
import type { Route } from '../../route.ts'
import { NO_ASYNC_CONFIGS, unsetConfigs } from '../unset-configs.ts'

export function unsetConfigRoutes(context: Context): Route[] {
  const { get, listOfFunction, list } = unsetConfigs(context, {
    functionPath: '/functions/:functionName',
    target: (params: { functionName: string }, { qualifier }) => ({ key: params.functionName, qualifier }),
  })
  return [
    get('GetAsyncInvokeConfig', 'async-invoke-config'),
    listOfFunction('ListVpcBindings', 'vpc-bindings', { vpcIds: [] }),
    list('ListAsyncInvokeConfigs', '/async-invoke-configs', NO_ASYNC_CONFIGS),
  ]
}
