/** The instances of one function version, by what they are for. */
import { FreeList } from './free-list.ts'
import type { Member, PooledInstance } from './member.ts'
import type { Provision } from './provision.ts'

export class Roster {
  readonly #members = new Map<PooledInstance, Member>()
  readonly #free = { provisioned: new FreeList<PooledInstance>(), onDemand: new FreeList<PooledInstance>() }
  #onDemandCount = 0

  get all(): ReadonlyMap<PooledInstance, Member> {
    return this.#members
  }

  /** Instances that are not provisioned. */
  get onDemandCount(): number {
    return this.#onDemandCount
  }

  /** Instances that take requests. */
  get servingCount(): number {
    let count = 0
    for (const member of this.#members.values()) if (member.isServing) count++
    return count
  }

  /** The instance for the next request: provisioned ones first, they cost the same busy or idle. */
  get nextFree(): PooledInstance | undefined {
    return this.#free.provisioned.next ?? this.#free.onDemand.next
  }

  add(member: Member): void {
    this.#members.set(member.instance, member)
    if (member.provision === null) this.#onDemandCount++
  }

  /** The member that it was; undefined when it was none any more. */
  remove(instance: PooledInstance): Member | undefined {
    const member = this.#members.get(instance)
    if (member === undefined) return undefined
    this.unfree(member)
    this.#members.delete(instance)
    if (member.provision === null) this.#onDemandCount--
    return member
  }

  /** It has a free slot, and was used just now. */
  free(member: Member): void {
    this.#listOf(member).use(member.instance)
  }

  /** It has a free slot again, and was not used meanwhile. */
  restore(member: Member): void {
    this.#listOf(member).restore(member.instance)
  }

  /** It takes no more requests for now. */
  unfree(member: Member): void {
    this.#listOf(member).remove(member.instance)
  }

  /** Those that are there for the provision, and not on their way out. */
  providedFor(provision: Provision): Member[] {
    return [...this.#members.values()].filter((member) => member.provision === provision && !member.isEnding)
  }

  /** Makes up to `count` on-demand instances provisioned. */
  promote(count: number, provision: Provision): void {
    if (count <= 0) return
    const serving = [...this.#members.values()].filter((member) => member.provision === null && member.isServing)
    for (const member of serving.slice(0, count)) {
      this.unfree(member)
      member.provision = provision
      this.#onDemandCount--
      if (member.instance.hasFreeSlot) this.free(member)
    }
  }

  #listOf(member: Member): FreeList<PooledInstance> {
    return member.provision === null ? this.#free.onDemand : this.#free.provisioned
  }
}
