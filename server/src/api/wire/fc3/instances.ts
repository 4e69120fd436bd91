/** Live instances in version 2023-03-30. */
import { Type } from 'typebox'
import { FcError } from '../../../errors.ts'
import type { JsonObject } from '../../../model.ts'
import type { InstanceInfo } from '../../../instances/port.ts'
import type { Context } from '../../operations/context.ts'
import type { InstanceStatus } from '../../operations/instances.ts'
import { INSTANCE_STATUSES, listInstances, statusOf } from '../../operations/instances.ts'
import type { Route } from '../../route.ts'
import { route } from '../../route.ts'
import { instanceQuery, limitOf, listOf, refuseWithoutUpgrade, versionNumber } from '../instances.ts'
import { flag, shape } from '../shapes.ts'

const timeMs = Type.Integer({ minimum: 0 })

export function instanceRoutes(context: Context): Route[] {
  return [
    route({
      operation: 'ListInstances',
      method: 'GET',
      path: '/functions/:functionName/instances',
      query: shape({ ...instanceQuery, withAllActive: flag, startTimeMs: timeMs, endTimeMs: timeMs }),
      async handle({ params, query, rawQuery, requestId }) {
        const instances = await listInstances(context, params.functionName, {
          ...query,
          limit: limitOf(query),
          instanceIds: listOf(rawQuery, 'instanceIds'),
          statuses: listOf(rawQuery, 'instanceStatus')?.map(readStatus),
        })
        return { body: { instances: instances.map(render), requestId } }
      },
    }),
    route({
      operation: 'ExecInstance',
      method: 'GET',
      path: '/functions/:functionName/instances/:instanceId/exec',
      handle: refuseWithoutUpgrade,
    }),
  ]
}

function readStatus(text: string): InstanceStatus {
  const status = INSTANCE_STATUSES.find((known) => known.toLowerCase() === text.toLowerCase())
  if (status) return status
  throw new FcError('InvalidArgument', `instanceStatus must be a list of ${INSTANCE_STATUSES.join(', ')}`)
}

function render(instance: InstanceInfo): JsonObject {
  return {
    instanceId: instance.instanceId,
    versionId: versionNumber(instance.versionId),
    qualifier: instance.qualifier,
    status: statusOf(instance),
    resourceType: instance.isProvisioned ? 'Provisioned' : 'OnDemand',
    createdTimeMs: instance.createdMs,
    // What is destroyed is listed no more.
    destroyedTimeMs: 0,
  }
}
