/** Documented operations of versions 2016-08-15 and 2021-04-06 that this version answers with NotImplemented. */
import type { Method, Route } from '../../route.ts'
import { notOffered } from '../../route.ts'
import type { Fc2Version } from './version.ts'

const SERVICE = '/services/:serviceName'
const FUNCTION = `${SERVICE}/functions/:functionName`

type Row = readonly [operation: string, method: Method, path: string]

const both: readonly Row[] = [
  ['CreateVpcBinding', 'POST', `${SERVICE}/bindings`],
  ['DeleteVpcBinding', 'DELETE', `${SERVICE}/bindings/:vpcId`],
]

const only: Record<Fc2Version, readonly Row[]> = {
  '2016-08-15': [
    ['CreateVpcBinding', 'POST', `${SERVICE}/binding`],
    ['DeleteVpcBinding', 'DELETE', `${SERVICE}/binding/:vpcId`],
  ],
  '2021-04-06': [
    ['RegisterEventSource', 'POST', `${FUNCTION}/event-sources`],
    ['ListEventSources', 'GET', `${FUNCTION}/event-sources`],
    ['DeregisterEventSource', 'DELETE', `${FUNCTION}/event-sources/:sourceArn`],
    ['ClaimGPUInstance', 'POST', '/gpuInstances'],
    ['ReleaseGPUInstance', 'DELETE', '/gpuInstances/:instanceId'],
  ],
}

export function fc2NotOffered(version: Fc2Version): Route[] {
  return notOffered([...both, ...only[version]])
}
