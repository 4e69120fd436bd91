/** One place for a request on an instance, for as long as the request has it. */
import type { ColdStartPhases } from '../logs/port.ts'
import type { Instance } from './instance.ts'
import type { LinkStream, Slot, SlotHolder, StreamHandler } from './port.ts'

export class InstanceSlot implements Slot {
  readonly #instance: Instance
  readonly #holder: SlotHolder
  readonly coldStart: ColdStartPhases | null

  constructor(instance: Instance, holder: SlotHolder, coldStart: ColdStartPhases | null) {
    this.#instance = instance
    this.#holder = holder
    this.coldStart = coldStart
  }

  get instanceId(): string {
    return this.#instance.id
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream {
    return this.#instance.invoke(head, body, end, handler)
  }

  peakMemoryMB(): number {
    return this.#instance.peakMemoryMB()
  }

  release(): void {
    this.#instance.release(this.#holder)
  }

  abandon(): void {
    this.#instance.abandon(this.#holder)
  }
}
