/** Provisioned instances as both generations of the wire write them. */
import type { Static } from 'typebox'
import { Type } from 'typebox'
import type { JsonObject, ProvisionSettings, ScalingDocument, ScheduledAction, TargetTracking } from '../../model.ts'
import type { Context } from '../operations/context.ts'
import type { ProvisionWords } from '../operations/provision-settings.ts'
import { checkProvision } from '../operations/provision-settings.ts'
import { flag, oneOf } from './shapes.ts'

const TARGET_MAX = 10_000
const POLICIES_MAX = 100

export const target = Type.Integer({ minimum: 0, maximum: TARGET_MAX })
const policyName = Type.String({ minLength: 1, maxLength: 64, description: 'text of 1 to 64 characters' })
const short = Type.String({ maxLength: 64 })
const window = { startTime: Type.Optional(short), endTime: Type.Optional(short), timeZone: Type.Optional(short) }

export const scheduledActions = Type.Array(
  Type.Object({ name: policyName, scheduleExpression: Type.String({ maxLength: 256 }), target, ...window }),
  { maxItems: POLICIES_MAX },
)
/** GPUs are not offered, and so is no metric of them. */
export const trackingMembers = {
  name: policyName,
  metricType: oneOf('ProvisionedConcurrencyUtilization', 'CPUUtilization'),
  metricTarget: Type.Number({ minimum: 0, maximum: 1 }),
  ...window,
}
export const trackingList = <Schema extends Parameters<typeof Type.Array>[0]>(policy: Schema) =>
  Type.Array(policy, { maxItems: POLICIES_MAX })

export const provisionMembers = {
  target,
  alwaysAllocateCPU: flag,
  alwaysAllocateGPU: flag,
  scheduledActions,
  targetTrackingPolicies: trackingList(Type.Object({ ...trackingMembers, minCapacity: target, maxCapacity: target })),
}

const provisionWords: ProvisionWords = {
  scheduled: 'scheduledActions',
  tracking: 'targetTrackingPolicies',
  min: 'minCapacity',
  max: 'maxCapacity',
}

interface Window {
  startTime?: string
  endTime?: string
  timeZone?: string
}

const windowOf = ({ startTime = '', endTime = '', timeZone = '' }: Window) => ({ startTime, endTime, timeZone })

export function scheduledOf(actions: Static<typeof scheduledActions> | undefined): ScheduledAction[] {
  return (actions ?? []).map((action) => ({
    name: action.name,
    scheduleExpression: action.scheduleExpression,
    target: action.target,
    ...windowOf(action),
  }))
}

export function trackingOf(policy: TrackingInput, min: number, max: number): TargetTracking {
  const { name, metricType, metricTarget } = policy
  return { name, metricType, metricTarget, min, max, ...windowOf(policy) }
}

type TrackingInput = Window & Pick<TargetTracking, 'name' | 'metricType' | 'metricTarget'>

type ProvisionBody = Partial<Static<ReturnType<typeof Type.Object<typeof provisionMembers>>>>

/** Throws InvalidArgument for what no schema can say. */
export function provisionOf(body: ProvisionBody, defaultTarget: number | undefined): ProvisionSettings {
  const settings: ProvisionSettings = {
    target: defaultTarget ?? body.target ?? 0,
    alwaysAllocateCpu: body.alwaysAllocateCPU ?? false,
    alwaysAllocateGpu: body.alwaysAllocateGPU ?? false,
    scheduled: scheduledOf(body.scheduledActions),
    tracking: (body.targetTrackingPolicies ?? []).map((policy) =>
      trackingOf(policy, policy.minCapacity, policy.maxCapacity),
    ),
  }
  checkProvision(settings, provisionWords)
  return settings
}

/** Without what was not given. */
export function scheduledAnswer({ name, scheduleExpression, target, ...window }: ScheduledAction): JsonObject {
  return { name, scheduleExpression, target, ...withoutBlanks(window) }
}

export function trackingAnswer(policy: TargetTracking, min: string, max: string): JsonObject {
  const { name, metricType, metricTarget, startTime, endTime, timeZone } = policy
  const bounds = { [min]: policy.min, [max]: policy.max }
  return { name, metricType, metricTarget, ...bounds, ...withoutBlanks({ startTime, endTime, timeZone }) }
}

function withoutBlanks(window: Record<string, string>): JsonObject {
  return Object.fromEntries(Object.entries(window).filter(([, text]) => text !== ''))
}

/** How many there are and should be now; before the instances know of it: as it is set. */
export function statusOf({ instances }: Context, { functionKey, qualifier, provision }: ScalingDocument) {
  const status = instances.provisionStatus(functionKey, qualifier)
  return {
    current: status?.current ?? 0,
    target: status?.target ?? provision?.target ?? 0,
    currentError: status?.currentError ?? '',
  }
}

/** Members of provision-config that both generations have. */
export function provisionAnswer(context: Context, document: ScalingDocument): JsonObject {
  const { provision } = document
  return {
    ...statusOf(context, document),
    alwaysAllocateCPU: provision?.alwaysAllocateCpu ?? false,
    scheduledActions: (provision?.scheduled ?? []).map(scheduledAnswer),
    targetTrackingPolicies: (provision?.tracking ?? []).map((policy) =>
      trackingAnswer(policy, 'minCapacity', 'maxCapacity'),
    ),
  }
}
