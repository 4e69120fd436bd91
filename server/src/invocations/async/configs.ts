/** The configurations of asynchronous invocation in memory, kept from the change feed. */
import type { Change } from '../../metadata/port.ts'
import { keyOf, type AsyncConfigDocument } from '../../model.ts'
import type { Target } from './group.ts'

export class FeedAsyncConfigs {
  readonly #configs = new Map<string, AsyncConfigDocument>()

  apply(changes: readonly Change[]): void {
    for (const { kind, key, value } of changes) {
      if (kind !== 'asyncConfig') continue
      if (value === null) this.#configs.delete(key)
      else this.#configs.set(key, value)
    }
  }

  of({ functionKey, qualifier }: Target): AsyncConfigDocument | undefined {
    return this.#configs.get(keyOf.asyncConfig(functionKey, qualifier))
  }
}
