/** Triggers and a durable place for what they start, for tests. */
import { FcError } from '../errors.ts'
import { LATEST, type JsonObject, type TriggerDocument } from '../model.ts'
import type { State, StateWrite } from '../queue/port.ts'
import type { Deliver, TriggerEvent } from './port.ts'

export function triggerNamed(
  triggerName: string,
  triggerType: string,
  triggerConfig: JsonObject,
  changes: Partial<TriggerDocument> = {},
): TriggerDocument {
  return {
    functionKey: 'fn',
    triggerName,
    triggerType,
    triggerId: `id-of-${triggerName}`,
    triggerConfig,
    qualifier: LATEST,
    description: '',
    sourceArn: null,
    invocationRole: null,
    hostId: null,
    createdTime: '2030-01-01T00:00:00Z',
    lastModifiedTime: '2030-01-01T00:00:00Z',
    ...changes,
  }
}

export interface Delivered {
  trigger: TriggerDocument
  event: TriggerEvent
  payload: unknown
}

/** Takes what is delivered, or refuses the next `refusals` of it; states are written with what they came with. */
export class FakeDelivery {
  readonly delivered: Delivered[] = []
  readonly states = new Map<string, StateWrite>()
  refusals = 0
  refused = 0
  isBlocked: (trigger: TriggerDocument) => boolean = () => false

  readonly deliver: Deliver = async (trigger, event) => {
    if (this.isBlocked(trigger) || this.refusals > 0) {
      this.refusals--
      this.refused++
      throw new FcError('ResourceThrottled', 'the backlog is full')
    }
    this.delivered.push({ trigger, event, payload: JSON.parse(Buffer.from(event.payload).toString()) as unknown })
    if (event.state) this.states.set(event.state.key, event.state)
  }

  get requestIds(): string[] {
    return this.delivered.map(({ event }) => event.requestId)
  }

  /** As much of a queue as timers need. */
  readonly queue = {
    listStates: async () => ({
      states: [...this.states.values()] as State[],
      cursor: null,
    }),
    writeStates: async (writes: readonly StateWrite[]) => {
      for (const write of writes) {
        if (write.expiresMs === 0) this.states.delete(write.key)
        else this.states.set(write.key, write)
      }
    },
  }
}

/** Lets everything happen that needs no time to pass. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setImmediate(resolve))
}
