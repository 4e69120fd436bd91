/** The live instances of a function. */
import { FcError } from '../../errors.ts'
import type { FunctionKey } from '../../model.ts'
import { LATEST, scopeOf, splitFunctionKey } from '../../model.ts'
import type { InstanceInfo } from '../../instances/port.ts'
import type { Context } from './context.ts'
import { findAlias, findFunction, findQualifiedFunction } from './find.ts'

export const INSTANCE_STATUSES = ['Starting', 'Running', 'Idle', 'Stopping'] as const
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number]

/** Can serve requests, and run programs. */
const ABLE: readonly InstanceStatus[] = ['Running', 'Idle']

export interface InstanceFilter {
  /** Absent: LATEST. */
  qualifier?: string | undefined
  /** Those of every version, and those that serve no requests yet or any more. */
  withAllActive?: boolean | undefined
  instanceIds?: readonly string[] | undefined
  statuses?: readonly InstanceStatus[] | undefined
  /** Those that lived within this time. */
  startTimeMs?: number | undefined
  endTimeMs?: number | undefined
  /** First id, inclusive. */
  startKey?: string | undefined
  limit: number
}

export function statusOf({ state, inFlight }: InstanceInfo): InstanceStatus {
  if (state === 'starting' || state === 'initializing') return 'Starting'
  if (state === 'draining' || state === 'gone') return 'Stopping'
  return inFlight > 0 ? 'Running' : 'Idle'
}

/** In the order of their ids. Without a wish for others: those that can serve requests now. */
export async function listInstances(
  context: Context,
  key: FunctionKey,
  filter: InstanceFilter,
): Promise<InstanceInfo[]> {
  const { withAllActive = false, instanceIds, statuses, startTimeMs = 0, endTimeMs = Infinity, startKey = '' } = filter
  const versionIds = withAllActive ? null : await versionIdsOf(context, key, filter.qualifier || LATEST)
  if (withAllActive) await findFunction(context, key)
  const wanted = statuses ?? (withAllActive ? INSTANCE_STATUSES : ABLE)
  return context.instances
    .list()
    .filter(
      (instance) =>
        instance.functionKey === key &&
        versionIds?.includes(instance.versionId) !== false &&
        instanceIds?.includes(instance.instanceId) !== false &&
        wanted.includes(statusOf(instance)) &&
        instance.createdMs <= endTimeMs &&
        context.clock.nowMs() >= startTimeMs &&
        instance.instanceId >= startKey,
    )
    .toSorted((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
    .slice(0, filter.limit)
}

async function versionIdsOf(context: Context, key: FunctionKey, qualifier: string): Promise<string[]> {
  const { versionId } = await findQualifiedFunction(context, key, qualifier)
  if (qualifier === LATEST || /^\d+$/.test(qualifier)) return [versionId]
  const { value } = await findAlias(context, scopeOf(key), qualifier)
  return [versionId, ...Object.keys(value.additionalVersionWeight)]
}

export async function findInstance(context: Context, key: FunctionKey, instanceId: string): Promise<InstanceInfo> {
  await findFunction(context, key)
  const found = context.instances
    .list()
    .find((instance) => instance.instanceId === instanceId && instance.functionKey === key)
  if (found && ABLE.includes(statusOf(found))) return found
  const { name } = splitFunctionKey(key)
  throw new FcError('InstanceNotFound', `function '${name}' has no live instance '${instanceId.slice(0, 128)}'`)
}
