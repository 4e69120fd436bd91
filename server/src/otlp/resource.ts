/** Who a signal is of, under the names of the semantic conventions: an instance of a function, or the platform. */
import { splitFunctionKey, type FunctionKey } from '../model.ts'
import { attributes, type KeyValue } from './values.ts'

export interface Installation {
  version: string
  accountId: string
  region: string
}

export interface InstanceOf {
  functionKey: FunctionKey
  versionId: string
  instanceId: string
}

export interface Resource {
  attributes: KeyValue[]
}

export function functionResource({ functionKey, versionId, instanceId }: InstanceOf, at: Installation): Resource {
  const { service, name } = splitFunctionKey(functionKey)
  const path = service === null ? `functions/${name}` : `services/${service}/functions/${name}`
  return {
    attributes: attributes({
      'service.name': name,
      'service.namespace': service ?? undefined,
      'service.version': versionId,
      'service.instance.id': instanceId === '' ? undefined : instanceId,
      'faas.name': name,
      'faas.version': versionId,
      'faas.instance': instanceId === '' ? undefined : instanceId,
      'cloud.account.id': at.accountId,
      'cloud.region': at.region,
      'cloud.resource_id': `acs:fc:${at.region}:${at.accountId}:${path}`,
    }),
  }
}

export function platformResource(at: Installation): Resource {
  return {
    attributes: attributes({
      'service.name': 'sluice',
      'service.version': at.version,
      'cloud.account.id': at.accountId,
      'cloud.region': at.region,
    }),
  }
}

/** What has told it. */
export const scopeOf = ({ version }: Installation) => ({ name: 'sluice', version })

/** In the order in which each instance was first seen. */
export function byInstance<Item extends InstanceOf>(items: readonly Item[]): Item[][] {
  return [...Map.groupBy(items, (item) => `${item.functionKey} ${item.versionId} ${item.instanceId}`).values()]
}
