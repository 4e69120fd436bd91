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
}

/** A message that a platform was killed over so often is taken for the reason. */
const CUT_SHORT_MAX = 3

/** How often it was given out and nothing came back: the platform ended, or its lease did. */
export function cutShort(delivery: Delivery, { settled }: { settled: number }): number {
  return delivery.deliveries - 1 - settled
}

export function isPoison(delivery: Delivery, attributes: { settled: number }): boolean {
  return cutShort(delivery, attributes) >= CUT_SHORT_MAX
}

export function readInvocation({ attributes }: Delivery): InvocationAttributes {
  return JSON.parse(attributes) as InvocationAttributes
}
