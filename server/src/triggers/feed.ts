/** Triggers at their sources: attached, changed and let go of as the change feed tells. */
import type { Change } from '../metadata/port.ts'
import { type FunctionKey, type TriggerDocument } from '../model.ts'
import type { ListedTrigger, TriggerSource } from './port.ts'

export class TriggerFeed {
  readonly #sources: ReadonlyMap<string, TriggerSource>
  readonly #triggers = new Map<string, TriggerDocument>()
  readonly #warn: (message: string) => void
  #isStarted = false

  /** `warn`: for the operator. */
  constructor(sources: readonly TriggerSource[], warn: (message: string) => void) {
    this.#sources = new Map(sources.map((source) => [source.triggerType, source]))
    this.#warn = warn
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'trigger') this.#applyOne(change.key, change.value)
    }
    if (this.#isStarted) return
    this.#isStarted = true
    for (const source of this.#sources.values()) source.start()
  }

  /** Of one function, or of all. */
  list(functionKey: FunctionKey | undefined): ListedTrigger[] {
    return [...this.#triggers.values()]
      .filter((trigger) => functionKey === undefined || trigger.functionKey === functionKey)
      .map((trigger) => {
        const source = this.#sources.get(trigger.triggerType)
        const runs = source?.runsOf?.(trigger.functionKey, trigger.triggerName)
        return { trigger, ...(runs ?? { lastMs: null, nextMs: null }) }
      })
  }

  /** One that another version stored, and this one cannot read, must not keep the others from their sources. */
  #attach(trigger: TriggerDocument): void {
    const { functionKey, triggerName, triggerType } = trigger
    const source = this.#sources.get(triggerType)
    try {
      source?.attach(trigger)
    } catch (error) {
      source?.detach(functionKey, triggerName)
      this.#warn(`trigger '${triggerName}' of function '${functionKey}' is out of use: ${String(error)}`)
    }
  }

  #applyOne(key: string, trigger: TriggerDocument | null): void {
    const before = this.#triggers.get(key)
    if (trigger === null) this.#triggers.delete(key)
    else this.#triggers.set(key, trigger)
    // Whoever is made anew under an old name is another trigger.
    if (before && before.triggerId !== trigger?.triggerId) {
      this.#sources.get(before.triggerType)?.detach(before.functionKey, before.triggerName)
    }
    if (trigger) this.#attach(trigger)
  }
}
