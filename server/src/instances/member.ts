/** An instance as its pool sees it. */
import type { ColdStartPhases } from '../logs/port.ts'
import { CpuRate } from './cpu-rate.ts'
import type { ExecProcess, ExecSpec, Slot, SlotHolder } from './port.ts'
import type { Provision } from './provision.ts'
import type { InstanceState } from './states.ts'
import type { PaidIdleness } from './usage-watch.ts'

/** What a pool needs of an instance. */
export interface PooledInstance {
  readonly id: string
  readonly concurrency: number
  readonly phases: ColdStartPhases
  readonly state: InstanceState
  readonly inFlight: number
  /** Also of one that is frozen. */
  readonly hasFreeSlot: boolean
  readonly idleSinceMs: number
  readonly createdMs: number
  /** CPU time used so far; null when it cannot be told. */
  cpuMs(): number | null
  /** Memory used now; null when it cannot be told. */
  usedMemoryMB(): number | null
  /** Thaws it where needed. */
  assign(holder: SlotHolder): Slot
  renewCredentials(): void
  /** Asks it for a sign of life when it has been idle for long; one that gives none ends. */
  ping(): void
  /** Stops its processes where they stand, once its preFreeze hook has run; false when it cannot be, for now. */
  freeze(): boolean
  /** No effect when it is not frozen. Its credentials are renewed. */
  thaw(): void
  /** Runs a program beside the function; thaws it where needed. */
  exec(spec: ExecSpec): Promise<ExecProcess>
  drain(): void
  stop(graceMs: number): Promise<void>
}

export class Member {
  readonly instance: PooledInstance
  /** The qualifier it was started for. */
  readonly qualifier: string
  /** What it is kept ready for; null: on demand. */
  provision: Provision | null
  /** Monotonic time when it could serve first; null before. */
  readyMs: number | null = null
  /** A request was given to it. */
  wasUsed = false
  /** Greedy-dual clock at its last use. */
  evictionClock = 0
  /** It was told to end. */
  isEnding = false
  readonly cpuRate = new CpuRate()
  /** What the meter was told. */
  isSeenBusy = false
  idleness: PaidIdleness | null = null

  constructor(instance: PooledInstance, qualifier: string, provision: Provision | null) {
    this.instance = instance
    this.qualifier = qualifier
    this.provision = provision
  }

  get isIdle(): boolean {
    return this.instance.state === 'ready' || this.instance.state === 'frozen'
  }

  get isServing(): boolean {
    const { state } = this.instance
    return (this.isIdle || state === 'busy' || state === 'freezing') && !this.isEnding
  }

  /** It may be given up for others. */
  get isEvictable(): boolean {
    return this.isIdle && !this.isEnding && (this.provision === null || this.provision.isLeaving)
  }
}
