/** Results on their way to a destination: messages of the queue themselves, so that none is lost. */
import { requestIdV3, uuidV7, type Clock } from '../../clock.ts'
import type { FunctionKey } from '../../model.ts'
import { KeyExistsError, type Delivery, type MessageQueue, type NewMessage } from '../../queue/port.ts'
import type { TraceContext } from '../port.ts'
import { destinationEvent, type Ended } from './destination-event.ts'
import { parseDestination, type Account, type Destination } from './destination.ts'
import { destinationGroup, groupOf, type Target } from './group.ts'
import type { InvocationAttributes } from './message.ts'

/** A destination that does not take it for so long is given up. */
const DELIVERY_MS_MAX = 24 * 60 * 60 * 1000

export interface ResultAttributes {
  destination: string
  /** Of the invocation that it is the result of. */
  target: Target
  requestId: string
  versionId: string
  taskId: string | null
  tracing: TraceContext | null
  depth: number
  /** For an invocation that it leads to: the same whenever it is delivered, so that it is run once. */
  nextRequestId: string
  failures: number
  settled: number
}

export const readResult = ({ attributes }: Delivery) => JSON.parse(attributes) as ResultAttributes

/** In the queue when it resolves; once, however often it is called. */
export async function enqueueResult(
  { queue, clock, ...account }: Account & { queue: MessageQueue; clock: Clock },
  destination: string,
  ended: Ended,
  { taskId, tracing, depth }: InvocationAttributes,
  versionId: string,
): Promise<void> {
  const nowMs = clock.nowMs()
  const parsed = parseDestination(destination, account)
  const { target, requestId } = ended
  const attributes: ResultAttributes = {
    destination,
    target,
    requestId,
    versionId,
    taskId,
    tracing,
    depth,
    nextRequestId: nextRequestId(parsed, nowMs),
    failures: 0,
    settled: 0,
  }
  const message: NewMessage = {
    id: `${requestId}>`,
    group: destinationGroup(placeOf(parsed, target)),
    body: Buffer.from(destinationEvent(ended, nowMs)),
    attributes: JSON.stringify(attributes),
    dueMs: nowMs,
    expiresMs: nowMs + DELIVERY_MS_MAX,
  }
  try {
    await queue.enqueue(message)
  } catch (error) {
    if (!(error instanceof KeyExistsError)) throw error
  }
}

/** One that is slow must not hold up the others. */
function placeOf(destination: Destination | string, target: Target): string {
  if (typeof destination === 'string') return `none/${groupOf(target)}`
  if (destination.kind === 'function') return groupOf(destination)
  return destination.kind === 'http' ? new URL(destination.url).origin : `oss/${destination.bucket}`
}

const isOfService = (functionKey: FunctionKey) => functionKey.includes('$')

function nextRequestId(destination: Destination | string, nowMs: number): string {
  if (typeof destination === 'string' || destination.kind !== 'function') return ''
  return isOfService(destination.functionKey) ? uuidV7(nowMs) : requestIdV3(nowMs)
}
