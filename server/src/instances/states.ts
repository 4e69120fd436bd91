/** The life of an instance as a table; a step that is not in it is a defect and throws. */

const transitions = {
  starting: { connected: 'initializing', ended: 'gone' },
  initializing: { loaded: 'ready', ended: 'gone' },
  ready: { assigned: 'busy', prepare: 'freezing', freeze: 'frozen', drain: 'draining', ended: 'gone' },
  freezing: { prepared: 'ready', drain: 'draining', ended: 'gone' },
  frozen: { assigned: 'busy', thaw: 'ready', drain: 'draining', ended: 'gone' },
  busy: { assigned: 'busy', freed: 'busy', emptied: 'ready', drain: 'draining', ended: 'gone' },
  draining: { freed: 'draining', emptied: 'draining', drain: 'draining', ended: 'gone' },
  gone: {},
} as const satisfies Record<string, Partial<Record<string, string>>>

export type InstanceState = keyof typeof transitions
export type InstanceEvent =
  | 'connected'
  | 'loaded'
  | 'assigned'
  | 'freed'
  | 'emptied'
  | 'prepare'
  | 'prepared'
  | 'freeze'
  | 'thaw'
  | 'drain'
  | 'ended'

/** The state after `event`. Throws when the table does not allow it. */
export function nextState(state: InstanceState, event: InstanceEvent): InstanceState {
  const next = (transitions[state] as Partial<Record<InstanceEvent, InstanceState>>)[event]
  if (next === undefined) throw new Error(`an instance that is ${state} cannot be ${event}`)
  return next
}
