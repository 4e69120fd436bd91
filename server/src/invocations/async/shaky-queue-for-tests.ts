/** The queue as one process has it, which tests break, let forget its leases, and kill. */
import type { MessageQueue } from '../../queue/port.ts'

export interface ShakyQueue extends MessageQueue {
  /** Set: every call rejects with it. */
  broken: Error | null
  /** Set: leases are not extended, as when the process is held up. */
  isHeldUp: boolean
  /** Set: nothing is heard of this process any more. */
  isKilled: boolean
  renewals: number
  /** Attributes of what was given back, in order. */
  givenBack: string[]
  /** Messages that are kept, whoever has them. */
  kept(): number
}

export function shakyQueue(queue: MessageQueue): ShakyQueue {
  const never = new Promise<never>(() => {})
  const asking =
    <Arguments extends unknown[], Value>(ask: (...given: Arguments) => Promise<Value>) =>
    async (...given: Arguments): Promise<Value> => {
      if (shaky.isKilled) return never
      if (shaky.broken) throw shaky.broken
      return ask(...given)
    }
  const shaky: ShakyQueue = {
    broken: null,
    isHeldUp: false,
    isKilled: false,
    renewals: 0,
    givenBack: [],
    kept: () => queue.stats().reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0),
    enqueue: asking(async (message, state) => queue.enqueue(message, state)),
    receive: asking(async (group, limit, leaseMs) => queue.receive(group, limit, leaseMs)),
    renew: asking(async (id, leaseMs) => {
      shaky.renewals++
      return !shaky.isHeldUp && (await queue.renew(id, leaseMs))
    }),
    complete: asking(async (id, state) => queue.complete(id, state)),
    retry: asking(async (id, dueMs, attributes, state) => {
      shaky.givenBack.push(attributes)
      return queue.retry(id, dueMs, attributes, state)
    }),
    cancel: asking(async (id, state) => queue.cancel(id, state)),
    writeStates: asking(async (writes) => queue.writeStates(writes)),
    readState: asking(async (group, key) => queue.readState(group, key)),
    listStates: asking(async (query) => queue.listStates(query)),
    onDue: (listener) =>
      queue.onDue((group) => {
        if (!shaky.isKilled) listener(group)
      }),
    check: asking(async () => queue.check()),
    stats: () => queue.stats(),
    close: async () => queue.close(),
  }
  return shaky
}
