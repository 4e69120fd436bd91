/** Replays a workload on the real fleet and scheduler in simulated time: instances are numbers, a seed repeats it all. */
import type { FunctionVersion } from '../../src/model.ts'
import { noMeter } from '../../src/meter/port.ts'
import { Fleet, type FleetOptions } from '../../src/instances/fleet.ts'
import { StartFailure } from '../../src/instances/failure.ts'
import type { ScalingRules, Slot, SlotHolder } from '../../src/instances/port.ts'
import { FakeInstance, fakeVersion } from '../../src/instances/test-support.ts'
import { seededRandom, SimulatedClock } from '../../src/simulated-clock.ts'
import type { Arrival, Workload } from './workload.ts'

export interface ReplayOptions {
  seed: number
  fleet: FleetOptions
  rules?: ScalingRules
  /** Share of starts that fail for the function's own fault. */
  startFailures?: number
  /** Share of requests during which their instance dies. */
  crashes?: number
  /** Called after every event, to look whether something that must hold does. */
  watch?: (fleet: Fleet, clock: SimulatedClock) => void
}

export interface ReplayReport {
  requests: number
  served: number
  refused: number
  failed: number
  /** Requests that waited for a start. */
  cold: number
  starts: number
  liveMax: number
  inFlightMax: number
  /** Of the requests that were served, ascending. */
  waitsMs: number[]
  /** Memory of instances that were up and did nothing, in GB × hours. */
  idleGBh: number
  busyGBh: number
  /** Arrival of the first to the end of the last request, ms. */
  endedMs: number
  /** Requests that heard nothing. */
  leftOver: number
}

interface Usage {
  memoryMB: number
  readyMs: number | null
  busySinceMs: number
  busyMs: number
}

const GBH = 1024 * 3_600_000

export async function replay(workload: Workload, options: ReplayOptions): Promise<ReplayReport> {
  const run = new Replay(workload, options)
  await run.play()
  return run.report
}

class Replay {
  readonly report: ReplayReport = {
    requests: 0,
    served: 0,
    refused: 0,
    failed: 0,
    cold: 0,
    starts: 0,
    liveMax: 0,
    inFlightMax: 0,
    waitsMs: [],
    idleGBh: 0,
    busyGBh: 0,
    endedMs: 0,
    leftOver: 0,
  }
  readonly #workload: Workload
  readonly #options: ReplayOptions
  readonly #clock = new SimulatedClock()
  readonly #random
  readonly #fleet: Fleet
  readonly #versions = new Map<string, FunctionVersion>()
  readonly #usage = new Map<string, Usage & { instance: FakeInstance }>()
  #inFlight = 0
  /** A promise was settled: those who wait for it are to hear of it before the time moves on. */
  #hasSettled = false

  constructor(workload: Workload, options: ReplayOptions) {
    this.#workload = workload
    this.#options = options
    this.#random = seededRandom(options.seed)
    for (const [key, given] of workload.functions) this.#versions.set(key, fakeVersion(key, given))
    this.#fleet = new Fleet(options.fleet, {
      clock: this.#clock,
      meter: noMeter,
      launch: (version, _qualifier, _requestId, events) => this.#launch(version, events),
      onPlatformFailure(error) {
        throw error
      },
    })
    if (options.rules) this.#fleet.rulesChanged(options.rules)
  }

  async play(): Promise<void> {
    const { arrivals, durationMs } = this.#workload
    for (const arrival of arrivals) {
      await this.#passUntil(arrival.atMs)
      this.#arrive(arrival)
      this.#check()
    }
    await this.#passUntil(durationMs)
    for (const usage of this.#usage.values()) this.#account(usage)
    // Whoever still waits or runs comes to an end; what stays idle meanwhile counts no more.
    this.#usage.clear()
    while (this.report.leftOver > 0 && this.#clock.step()) await this.#settled()
  }

  async #passUntil(atMs: number): Promise<void> {
    while (this.#clock.stepUntil(atMs)) {
      if (this.#hasSettled) await this.#settled()
      this.#check()
    }
  }

  async #settled(): Promise<void> {
    this.#hasSettled = false
    for (let turn = 0; turn < 4; turn++) await Promise.resolve()
  }

  #check(): void {
    this.#options.watch?.(this.#fleet, this.#clock)
  }

  #launch(version: FunctionVersion, events: ConstructorParameters<typeof FakeInstance>[3]) {
    const { memoryMB, coldStartMs } = this.#workload.functions.get(version.key)!
    const { instanceConcurrency } = version.function.config
    const instance = new FakeInstance(`c-${this.report.starts++}`, instanceConcurrency, this.#clock, {
      ...events,
      onGone: (gone) => {
        const usage = this.#usage.get(gone.id)
        if (usage) this.#account(usage)
        this.#usage.delete(gone.id)
        events.onGone(gone)
      },
    })
    this.#usage.set(instance.id, { instance, memoryMB, readyMs: null, busySinceMs: 0, busyMs: 0 })
    this.report.liveMax = Math.max(this.report.liveMax, this.#usage.size)
    const started = new Promise<void>((resolve, reject) => {
      this.#clock.setTimer(coldStartMs * (0.8 + 0.4 * this.#random.fraction()), () => {
        this.#hasSettled = true
        if (this.#random.fraction() < (this.#options.startFailures ?? 0)) {
          instance.end()
          reject(new StartFailure({ errorType: 'ImportModuleError', errorMessage: 'no', handled: false }))
          return
        }
        instance.becomeReady()
        const usage = this.#usage.get(instance.id)
        if (usage) usage.readyMs = this.#clock.monotonicMs()
        resolve()
      })
    })
    return { instance, started }
  }

  #account({ instance, memoryMB, readyMs, busySinceMs, busyMs }: Usage & { instance: FakeInstance }): void {
    if (readyMs === null) return
    const nowMs = this.#clock.monotonicMs()
    const busy = busyMs + (instance.inFlight > 0 ? nowMs - busySinceMs : 0)
    this.report.busyGBh += (busy * memoryMB) / GBH
    this.report.idleGBh += (Math.max(0, nowMs - readyMs - busy) * memoryMB) / GBH
  }

  #arrive({ key, serviceMs }: Arrival): void {
    const { report } = this
    report.requests++
    report.leftOver++
    const version = this.#versions.get(key)!
    const arrivedMs = this.#clock.monotonicMs()
    const answered = () => {
      report.leftOver--
      report.endedMs = this.#clock.monotonicMs()
    }
    let isGone = false
    const ended = () => {
      this.#inFlight--
      answered()
    }
    const holder: SlotHolder = {
      requestId: '',
      onSlot: (slot) => {
        report.inFlightMax = Math.max(report.inFlightMax, ++this.#inFlight)
        report.waitsMs.push(this.#clock.monotonicMs() - arrivedMs)
        const usage = this.#usage.get(slot.instanceId)
        if (usage?.readyMs === this.#clock.monotonicMs()) report.cold++
        if (usage?.instance.inFlight === 1) usage.busySinceMs = this.#clock.monotonicMs()
        const crashes = this.#random.fraction() < (this.#options.crashes ?? 0)
        this.#clock.setTimer(serviceMs, () => {
          if (isGone) return
          if (crashes) {
            usage?.instance.end()
            return
          }
          report.served++
          ended()
          this.#fleet.observeServiceMs(version, serviceMs)
          this.#free(slot, usage)
        })
      },
      onRefused: () => {
        report.refused++
        answered()
      },
      onStartFailed: () => {
        report.failed++
        answered()
      },
      onInstanceGone: () => {
        isGone = true
        report.failed++
        ended()
      },
      onOutput() {},
    }
    this.#fleet.acquire(version, 'LATEST', holder)
  }

  #free(slot: Slot, usage: (Usage & { instance: FakeInstance }) | undefined): void {
    if (usage?.instance.inFlight === 1) usage.busyMs += this.#clock.monotonicMs() - usage.busySinceMs
    slot.release()
  }
}
