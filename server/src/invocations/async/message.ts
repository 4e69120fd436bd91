/** What a message of the queue carries beside the event. */
import type { Delivery } from '../../queue/port.ts'
import type { AsyncOverrides, TraceContext } from '../port.ts'

export interface InvocationAttributes {
  requestId: string
  taskId: string | null
  acceptedMs: number
  clientIp: string
  tracing: TraceContext | null
  depth: number
  overrides: AsyncOverrides | null
  /** Attempts that failed by the function's fault. */
  failures: number
  /** Attempts in a row that the platform could not make. */
  refusals: number
  /** Deliveries that came to an end of ours: beyond them, each was cut short. */
  settled: number
  /** Deliveries cut short when it was last put off for them. */
  restedAfter: number
}

/** From here on a message may be the reason that the platform ends. */
const SUSPECT_AFTER = 3
/** A message that so many platforms ended over is taken for the reason. */
const CUT_SHORT_MAX = 16

/** How often it was given out and nothing came back: the platform ended, or its lease did. */
export function cutShort(delivery: Delivery, { settled }: { settled: number }): number {
  return delivery.deliveries - 1 - settled
}

export function isPoison(delivery: Delivery, attributes: { settled: number }): boolean {
  return cutShort(delivery, attributes) >= CUT_SHORT_MAX
}

/**
 * A platform that is killed now and then cuts innocent messages short, too. Those that it happened to often are put off
 * for a while each time, and then run one at a time: the one that is the reason takes no other with it.
 */
export function caution(
  delivery: Delivery,
  attributes: Pick<InvocationAttributes, 'settled' | 'restedAfter'>,
): 'none' | 'rest' | 'alone' {
  const cuts = cutShort(delivery, attributes)
  if (cuts < SUSPECT_AFTER) return 'none'
  return attributes.restedAfter < cuts ? 'rest' : 'alone'
}

export function readInvocation({ attributes }: Delivery): InvocationAttributes {
  return JSON.parse(attributes) as InvocationAttributes
}
