/** Which triggers wait for which events of objects: in memory, because each change of an object asks. */
import { keyOf, type FunctionKey, type TriggerDocument } from '../../model.ts'
import type { EventFilter } from '../../objects/port.ts'
import type { TriggerCounts } from '../counts.ts'
import { isWanted, overlap, ruleOf, type OssRule } from './events.ts'

export class OssRules implements EventFilter {
  readonly #counts: TriggerCounts
  readonly #byBucket = new Map<string, OssRule[]>()
  readonly #byTrigger = new Map<string, OssRule>()

  constructor(counts: TriggerCounts) {
    this.#counts = counts
  }

  set(trigger: TriggerDocument): void {
    this.remove(trigger.functionKey, trigger.triggerName)
    const rule = ruleOf(trigger)
    if (!rule) return
    this.#byTrigger.set(keyOf.trigger(trigger.functionKey, trigger.triggerName), rule)
    this.#byBucket.set(rule.bucket, [...(this.#byBucket.get(rule.bucket) ?? []), rule])
  }

  remove(functionKey: FunctionKey, triggerName: string): void {
    const key = keyOf.trigger(functionKey, triggerName)
    const rule = this.#byTrigger.get(key)
    if (!rule) return
    this.#byTrigger.delete(key)
    const rest = this.#byBucket.get(rule.bucket)!.filter((each) => each !== rule)
    if (rest.length > 0) this.#byBucket.set(rule.bucket, rest)
    else this.#byBucket.delete(rule.bucket)
  }

  wants(bucket: string, key: string, eventName: string): boolean {
    const rules = this.#byBucket.get(bucket)
    if (!rules) return false
    if (rules.some((rule) => isWanted(rule, key, eventName))) return true
    this.#counts.add('oss', 'filtered')
    return false
  }

  /** The triggers that an event is for; mostly one, for those that overlap are refused. */
  matching(bucket: string, key: string, eventName: string): TriggerDocument[] {
    const rules = this.#byBucket.get(bucket) ?? []
    return rules.filter((rule) => isWanted(rule, key, eventName)).map(({ trigger }) => trigger)
  }

  /** Another trigger that could hear of the same event. */
  overlapping(trigger: TriggerDocument): TriggerDocument | undefined {
    const rule = ruleOf(trigger)
    if (!rule) return undefined
    const isSame = (other: TriggerDocument) =>
      other.functionKey === trigger.functionKey && other.triggerName === trigger.triggerName
    return (this.#byBucket.get(rule.bucket) ?? []).find((other) => !isSame(other.trigger) && overlap(rule, other))
      ?.trigger
  }
}
