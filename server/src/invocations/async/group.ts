/** Names of the queue's groups: one for each function and qualifier, and one for each place that results go to. */
import type { FunctionKey } from '../../model.ts'

export interface Target {
  functionKey: FunctionKey
  qualifier: string
}

const INVOCATIONS = 'invocations/'
const DESTINATIONS = 'destinations/'

/** No name of a function or qualifier holds a slash. */
export const groupOf = ({ functionKey, qualifier }: Target) => `${INVOCATIONS}${functionKey}/${qualifier}`
export const destinationGroup = (place: string) => DESTINATIONS + place
export const isInvocationGroup = (group: string) => group.startsWith(INVOCATIONS)
export const isDestinationGroup = (group: string) => group.startsWith(DESTINATIONS)

export function targetOfGroup(group: string): Target {
  const [, functionKey = '', qualifier = ''] = group.split('/')
  return { functionKey, qualifier }
}
