/** What is deployed, in memory: a snapshot fed by the metadata change feed, so that no request waits for storage. */
import { FcError } from '../errors.ts'
import type { Change } from '../metadata/port.ts'
import { packagesOf } from '../packages/port.ts'
import {
  functionKey,
  keyOf,
  LATEST,
  scopeOf,
  splitFunctionKey,
  type AliasDocument,
  type CustomDomainDocument,
  type FunctionDocument,
  type FunctionKey,
  type FunctionVersion,
  type ServiceDocument,
  type TriggerDocument,
  type VersionDocument,
} from '../model.ts'

interface Entry<Value> {
  value: Value
  revision: number
}

export interface Resolved {
  version: FunctionVersion
  qualifier: string
}

export class Routing {
  readonly #services = new Map<string, Entry<ServiceDocument>>()
  readonly #functions = new Map<FunctionKey, Entry<FunctionDocument>>()
  readonly #versions = new Map<string, Entry<VersionDocument>>()
  readonly #aliases = new Map<string, Entry<AliasDocument>>()
  readonly #domains = new Map<string, CustomDomainDocument>()
  /** SHA-256 by the key of the layer version. */
  readonly #layerCode = new Map<string, string>()
  readonly #triggers = new Map<string, TriggerDocument>()
  readonly #httpTriggersByHostId = new Map<string, TriggerDocument>()
  readonly #httpTriggersByFunction = new Map<FunctionKey, TriggerDocument[]>()
  /** Made at first use; by function key and version id. */
  readonly #resolved = new Map<string, FunctionVersion>()
  readonly #onRetired: (versionId: FunctionVersion['id']) => void
  readonly #onAborted: (key: FunctionKey, reason: string) => void

  /**
   * `onRetired` hears of function versions that no request is routed to any more, `onAborted` of functions that were
   * disabled along with what runs.
   */
  constructor(
    onRetired: (versionId: FunctionVersion['id']) => void,
    onAborted: (key: FunctionKey, reason: string) => void,
  ) {
    this.#onRetired = onRetired
    this.#onAborted = onAborted
  }

  get functionCount(): number {
    return this.#functions.size
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) this.#applyOne(change)
  }

  /** Throws FcError: ServiceNotFound, FunctionNotFound, AliasNotFound, VersionNotFound. `fraction` in [0, 1) picks among an alias's versions. */
  resolve(service: string | null, name: string, qualifier: string, fraction: () => number): Resolved {
    if (qualifier === '' || qualifier === LATEST) return { version: this.#latest(service, name), qualifier: LATEST }
    const key = functionKey(service, name)
    const scope = scopeOf(key)
    if (service === null && !this.#functions.has(key)) throw notFound(service, name)
    if (service !== null && !this.#services.has(service)) throw serviceNotFound(service)
    if (/^\d+$/.test(qualifier)) return { version: this.#published(key, scope, qualifier), qualifier }
    const alias = this.#aliases.get(keyOf.alias(scope, qualifier))
    if (!alias)
      throw new FcError('AliasNotFound', `alias '${qualifier}' does not exist in ${scope.replace('/', " '")}'`)
    const versionId = pickVersion(alias.value, fraction)
    return {
      version: versionId === LATEST ? this.#latest(service, name) : this.#published(key, scope, versionId),
      qualifier,
    }
  }

  /** What a qualifier runs first of all; undefined when it leads nowhere. */
  mainVersion(key: FunctionKey, qualifier: string): FunctionVersion | undefined {
    const { service, name } = splitFunctionKey(key)
    try {
      return this.resolve(service, name, qualifier, () => Infinity).version
    } catch (error) {
      if (error instanceof FcError) return undefined
      throw error
    }
  }

  /** Version ids that a qualifier may lead to, LATEST among them. */
  versionIds(key: FunctionKey, qualifier: string): readonly string[] {
    const alias = this.#aliases.get(keyOf.alias(scopeOf(key), qualifier))?.value
    return alias ? [alias.versionId, ...Object.keys(alias.additionalVersionWeight)] : [qualifier]
  }

  httpTrigger(hostId: string): TriggerDocument | undefined {
    return this.#httpTriggersByHostId.get(hostId)
  }

  /** The http trigger of a function for a qualifier (`''` is LATEST). */
  httpTriggerOf(key: FunctionKey, qualifier: string): TriggerDocument | undefined {
    const wanted = qualifier === '' ? LATEST : qualifier
    return this.#httpTriggersByFunction.get(key)?.find((trigger) => (trigger.qualifier || LATEST) === wanted)
  }

  domain(name: string): CustomDomainDocument | undefined {
    return this.#domains.get(name)
  }

  /** Every package and image that a function, a version or a layer refers to, in the terms of the package store. */
  codeInUse(): Set<string> {
    return new Set([...this.configs().flatMap(packagesOf), ...this.#layerCode.values()])
  }

  /** Of every function and published version. */
  configs(): FunctionDocument['config'][] {
    const published = [...this.#versions.values()].flatMap(({ value }) => Object.values(value.functions))
    return [...published, ...[...this.#functions.values()].map(({ value }) => value)].map(({ config }) => config)
  }

  #latest(service: string | null, name: string): FunctionVersion {
    const key = functionKey(service, name)
    const id = `${key}@${LATEST}`
    const known = this.#resolved.get(id)
    if (known) return known
    const owner = service === null ? null : this.#services.get(service)
    if (owner === undefined) throw serviceNotFound(service!)
    const found = this.#functions.get(key)
    if (!found) throw notFound(service, name)
    const version: FunctionVersion = {
      id: `${id}#${found.revision}.${owner?.revision ?? 0}`,
      key,
      service: owner?.value ?? null,
      function: found.value,
      versionId: LATEST,
    }
    this.#resolved.set(id, version)
    return version
  }

  #published(key: FunctionKey, scope: string, versionId: string): FunctionVersion {
    const id = `${key}@${versionId}`
    const known = this.#resolved.get(id)
    if (known) return known
    const found = this.#versions.get(keyOf.version(scope, versionId))
    if (!found)
      throw new FcError('VersionNotFound', `version '${versionId}' does not exist in ${scope.replace('/', " '")}'`)
    const name = key.slice(key.indexOf('$') + 1)
    const frozen = found.value.functions[name]
    if (!frozen) throw notFound(found.value.service?.name ?? null, name)
    // Disabling a function disables its versions too: the switch is not part of what a version freezes.
    const restriction = this.#functions.get(key)?.value.restriction ?? null
    const version: FunctionVersion = {
      id: `${id}#${found.revision}`,
      key,
      service: found.value.service,
      function: { ...frozen, restriction },
      versionId,
    }
    this.#resolved.set(id, version)
    return version
  }

  #applyOne(change: Change): void {
    switch (change.kind) {
      case 'service':
        set(this.#services, change)
        for (const key of this.#functions.keys()) if (key.startsWith(`${change.key}$`)) this.#retire(`${key}@${LATEST}`)
        return
      case 'function':
        this.#applyFunction(change)
        return
      case 'version':
        set(this.#versions, change)
        for (const [id, version] of this.#resolved) {
          if (keyOf.version(scopeOf(version.key), version.versionId) === change.key) this.#retire(id)
        }
        return
      case 'alias':
        set(this.#aliases, change)
        return
      case 'domain':
        if (change.value === null) this.#domains.delete(change.key)
        else this.#domains.set(change.key, change.value)
        return
      case 'trigger':
        this.#applyTrigger(change.key, change.value)
        return
      case 'layerVersion':
        if (change.value === null) this.#layerCode.delete(change.key)
        else this.#layerCode.set(change.key, change.value.code.sha256)
        return
      case 'layer':
      case 'scope':
      case 'tag':
      case 'scaling':
      case 'reservations':
      case 'asyncConfig':
      case 'testEvents':
        return
    }
  }

  /** Published versions stay, and so do their instances; they only learn of the switch that is not part of them. */
  #applyFunction(change: Extract<Change, { kind: 'function' }>): void {
    set(this.#functions, change)
    const restriction = change.value?.restriction ?? null
    if (restriction?.abortsOngoing) this.#onAborted(change.key, restriction.reason)
    this.#retire(`${change.key}@${LATEST}`)
    for (const [id, version] of this.#resolved) {
      if (version.key !== change.key) continue
      this.#resolved.set(id, { ...version, function: { ...version.function, restriction } })
    }
  }

  #applyTrigger(key: string, trigger: TriggerDocument | null): void {
    const old = this.#triggers.get(key)
    if (old?.hostId) {
      this.#httpTriggersByHostId.delete(old.hostId)
      const rest =
        this.#httpTriggersByFunction.get(old.functionKey)?.filter((each) => each.triggerName !== old.triggerName) ?? []
      if (rest.length > 0) this.#httpTriggersByFunction.set(old.functionKey, rest)
      else this.#httpTriggersByFunction.delete(old.functionKey)
    }
    if (trigger === null) {
      this.#triggers.delete(key)
      return
    }
    this.#triggers.set(key, trigger)
    if (trigger.hostId === null) return
    this.#httpTriggersByHostId.set(trigger.hostId, trigger)
    const others = this.#httpTriggersByFunction.get(trigger.functionKey) ?? []
    this.#httpTriggersByFunction.set(trigger.functionKey, [...others, trigger])
  }

  #retire(id: string): void {
    const version = this.#resolved.get(id)
    if (!version) return
    this.#resolved.delete(id)
    this.#onRetired(version.id)
  }
}

function set<Value>(
  map: Map<string, Entry<Value>>,
  change: { key: string; revision: number; value: Value | null },
): void {
  if (change.value === null) map.delete(change.key)
  else map.set(change.key, { value: change.value, revision: change.revision })
}

/** One version of an alias, by its weights. */
export function pickVersion(alias: AliasDocument, fraction: () => number): string {
  const extra = Object.entries(alias.additionalVersionWeight)
  if (extra.length === 0) return alias.versionId
  let left = fraction()
  for (const [versionId, weight] of extra) {
    if (left < weight) return versionId
    left -= weight
  }
  return alias.versionId
}

const serviceNotFound = (service: string) => new FcError('ServiceNotFound', `service '${service}' does not exist`)

function notFound(service: string | null, name: string): FcError {
  const where = service === null ? '.' : ` in service '${service}'`
  return new FcError('FunctionNotFound', `function '${name}' does not exist${where}`)
}
