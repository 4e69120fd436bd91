/** What functions have set for their own logs, kept from the change feed. */
import type { Change } from '../metadata/port.ts'
import type { FunctionKey } from '../model.ts'
import type { FunctionBounds, OwnBounds } from './horizons.ts'
import type { LogBounds } from './port.ts'

const MB = 1024 * 1024

export class FeedBounds {
  readonly #onChanged: (bounds: FunctionBounds) => void
  readonly #functions = new Map<FunctionKey, OwnBounds>()

  constructor(onChanged: (bounds: FunctionBounds) => void) {
    this.#onChanged = onChanged
  }

  apply(changes: readonly Change[]): void {
    let isChanged = false
    for (const change of changes) {
      if (change.kind !== 'logBounds') continue
      isChanged = true
      if (change.value === null) this.#functions.delete(change.key)
      else this.#functions.set(change.key, ownBounds(change.value))
    }
    if (isChanged) this.#onChanged(new Map(this.#functions))
  }
}

function ownBounds({ retentionDays, maxMB }: Partial<Record<keyof LogBounds, number | null>>): OwnBounds {
  return {
    ...(typeof retentionDays === 'number' && { retentionDays }),
    ...(typeof maxMB === 'number' && { bytesMax: maxMB * MB }),
  }
}
