/** Tells the meter what instances of one function version do: when they work, and how long provisioned ones do not. */
import type { Clock } from '../clock.ts'
import type { InstanceMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import type { Member } from './member.ts'

/** Idle time is told at its end, and at latest so often: a crash loses no more of it. */
export const IDLE_TOLD_MS = 60_000

/** A stretch of idleness that is paid for. */
export interface PaidIdleness {
  /** Monotonic, in whole ms, so that stretches that follow each other add up. */
  sinceMs: number
  isCpuAllocated: boolean
}

export class UsageWatch {
  readonly #version: FunctionVersion
  readonly #meter: InstanceMeter
  readonly #clock: Clock

  constructor(version: FunctionVersion, meter: InstanceMeter, clock: Clock) {
    this.#version = version
    this.#meter = meter
    this.#clock = clock
  }

  /** To be called when an instance may have begun or ceased to work, to be provisioned, or to be at all. */
  see(member: Member): void {
    const { instance, idleness } = member
    const isBusy = instance.inFlight > 0 && instance.state !== 'gone'
    if (isBusy !== member.isSeenBusy) {
      member.isSeenBusy = isBusy
      this.#meter.observeBusy(this.#version, isBusy ? 1 : -1)
    }
    // On-demand instances cost nothing while they idle.
    const isPaidIdle = member.provision !== null && member.isIdle && !member.isEnding
    if (!isPaidIdle) {
      if (idleness !== null) this.#tell(member, idleness, null)
      return
    }
    const isCpuAllocated = member.provision!.alwaysAllocateCpu
    if (idleness === null) member.idleness = { sinceMs: this.#nowMs(), isCpuAllocated }
    else if (idleness.isCpuAllocated !== isCpuAllocated) this.#tell(member, idleness, isCpuAllocated)
  }

  /** Tells idleness that goes on. */
  tellLong(member: Member): void {
    const { idleness } = member
    if (idleness === null || this.#nowMs() - idleness.sinceMs < IDLE_TOLD_MS) return
    this.#tell(member, idleness, idleness.isCpuAllocated)
  }

  /** `goesOn`: whether its vCPU counts as active from now on; null: it is over. */
  #tell(member: Member, { sinceMs, isCpuAllocated }: PaidIdleness, goesOn: boolean | null): void {
    const nowMs = this.#nowMs()
    const toMs = this.#clock.nowMs()
    // By the monotonic clock: the time of day may have been set meanwhile.
    this.#meter.recordIdle({ version: this.#version, fromMs: toMs - (nowMs - sinceMs), toMs, isCpuAllocated })
    member.idleness = goesOn === null ? null : { sinceMs: nowMs, isCpuAllocated: goesOn }
  }

  #nowMs(): number {
    return Math.round(this.#clock.monotonicMs())
  }
}
