/** The rules of scaling in memory: kept from the change feed, read by the instances on every decision. */
import type { ScalingRules } from '../instances/port.ts'
import type { Change } from '../metadata/port.ts'
import type { FunctionKey, FunctionVersion, ScalingDocument } from '../model.ts'
import { policyOf } from './policy.ts'

/** What qualifiers mean, as the routing snapshot has it. */
export interface Qualifiers {
  /** What a qualifier runs first of all; undefined when it leads nowhere. */
  mainVersion(key: FunctionKey, qualifier: string): FunctionVersion | undefined
  /** Version ids that a qualifier may lead to, LATEST among them. */
  versionIds(key: FunctionKey, qualifier: string): readonly string[]
}

type Provision = ReturnType<ScalingRules['provisions']>[number]

export class FeedScalingRules implements ScalingRules {
  readonly #qualifiers: Qualifiers
  readonly #onChanged: () => void
  readonly #provisioned = new Map<string, ScalingDocument>()
  /** Those with a limit of on-demand instances, by their key and by their function. */
  readonly #limited = new Map<string, ScalingDocument>()
  readonly #onDemand = new Map<FunctionKey, readonly ScalingDocument[]>()
  #reservations: ReadonlyMap<FunctionKey, number> = new Map()
  /** Made anew after a change. */
  #provisions: readonly Provision[] | null = null

  /** `onChanged` hears that a rule has changed, or what it applies to. */
  constructor(qualifiers: Qualifiers, onChanged: () => void) {
    this.#qualifiers = qualifiers
    this.#onChanged = onChanged
  }

  /** The qualifiers must know of the changes already. */
  apply(changes: readonly Change[]): void {
    let isChanged = false
    for (const change of changes) if (this.#applyOne(change)) isChanged = true
    if (!isChanged) return
    this.#provisions = null
    this.#onChanged()
  }

  reservations(): ReadonlyMap<FunctionKey, number> {
    return this.#reservations
  }

  /** Of several qualifiers that lead to the version, the one that allows least decides. */
  onDemandMax(version: FunctionVersion): number | null {
    if (version.function.config.settings['disableOndemand'] === true) return 0
    const limits = this.#onDemand.get(version.key) ?? []
    const own = limits.flatMap(({ qualifier, onDemandMax }) =>
      onDemandMax !== null && this.#qualifiers.versionIds(version.key, qualifier).includes(version.versionId)
        ? [onDemandMax]
        : [],
    )
    return own.length === 0 ? null : Math.min(...own)
  }

  /** An alias that splits its traffic keeps its main version ready. */
  provisions(): readonly Provision[] {
    this.#provisions ??= [...this.#provisioned.values()].flatMap(({ functionKey, qualifier, provision }) => {
      const version = this.#qualifiers.mainVersion(functionKey, qualifier)
      return version && provision ? [{ version, qualifier, policy: policyOf(provision) }] : []
    })
    return this.#provisions
  }

  /** Whether rules may have changed by it. */
  #applyOne(change: Change): boolean {
    switch (change.kind) {
      case 'scaling':
        this.#applyScaling(change.key, change.value)
        return true
      case 'reservations':
        this.#reservations = new Map(Object.entries(change.value?.reserved ?? {}))
        return true
      case 'function':
      case 'version':
      case 'alias':
      case 'service':
        return this.#provisioned.size > 0 || this.#limited.size > 0
      default:
        return false
    }
  }

  #applyScaling(key: string, document: ScalingDocument | null): void {
    if (document?.provision) this.#provisioned.set(key, document)
    else this.#provisioned.delete(key)
    const old = this.#limited.get(key)
    if (old) {
      this.#limited.delete(key)
      const rest = this.#onDemand.get(old.functionKey)!.filter((each) => each !== old)
      if (rest.length > 0) this.#onDemand.set(old.functionKey, rest)
      else this.#onDemand.delete(old.functionKey)
    }
    if (document === null || document.onDemandMax === null) return
    this.#limited.set(key, document)
    this.#onDemand.set(document.functionKey, [...(this.#onDemand.get(document.functionKey) ?? []), document])
  }
}
