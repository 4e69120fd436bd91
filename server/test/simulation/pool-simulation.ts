/** Drives the real pool and scheduler through simulated traffic: instances are numbers, time is a heap of events. */
import type { FunctionVersion } from '../../src/model.ts'
import { SimulatedClock, seededRandom } from '../../src/simulated-clock.ts'
import { Pool, type PooledInstance, type PoolHost, type PoolSettings } from '../../src/instances/pool.ts'
import type { Slot, SlotHolder } from '../../src/instances/port.ts'
import { nextState, type InstanceState } from '../../src/instances/states.ts'
import { StartFailure } from '../../src/instances/failure.ts'

export interface Scenario {
  seed: number
  /** Arrival times, ms, ascending. */
  arrivalsMs: readonly number[]
  serviceMs: (fraction: number) => number
  coldStartMs: (fraction: number) => number
  instanceConcurrency: number
  instancesMax: number
  startsMax: number
  settings: PoolSettings
  /** Share of starts that fail. */
  startFailures?: number
  /** Share of requests during which the instance dies. */
  crashes?: number
}

export interface Report {
  served: number
  refused: number
  failed: number
  coldStarts: number
  liveMax: number
  inFlightMax: number
  waitsMs: number[]
  /** Time from arrival to the end of the last request. */
  endedMs: number
  leftOver: number
}

interface Owner {
  onSlotFreed(instance: SimulatedInstance): void
  onGone(instance: SimulatedInstance): void
}

class SimulatedInstance implements PooledInstance {
  readonly id: string
  readonly concurrency: number
  readonly phases = { scheduleMs: 0, packageMs: 0, sandboxMs: 0, runtimeMs: 0, initializerMs: 0 }
  readonly createdMs: number
  state: InstanceState = 'starting'
  idleSinceMs = 0
  readonly holders = new Set<SlotHolder>()
  readonly #clock: SimulatedClock
  readonly #owner: Owner

  constructor(id: string, concurrency: number, clock: SimulatedClock, owner: Owner) {
    this.id = id
    this.concurrency = concurrency
    this.#clock = clock
    this.createdMs = clock.nowMs()
    this.#owner = owner
  }

  get inFlight(): number {
    return this.holders.size
  }

  get hasFreeSlot(): boolean {
    return (this.state === 'ready' || this.state === 'busy') && this.holders.size < this.concurrency
  }

  begin(): void {
    this.state = nextState(nextState(this.state, 'connected'), 'loaded')
    this.idleSinceMs = this.#clock.monotonicMs()
  }

  assign(holder: SlotHolder): Slot {
    this.state = nextState(this.state, 'assigned')
    this.holders.add(holder)
    const release = () => this.#release(holder)
    return {
      instanceId: this.id,
      coldStart: null,
      invoke: () => {
        throw new Error('a simulation runs no code')
      },
      peakMemoryMB: () => 0,
      release,
      abandon: release,
    }
  }

  #release(holder: SlotHolder): void {
    if (!this.holders.delete(holder) || this.state === 'gone') return
    this.state = nextState(this.state, this.holders.size > 0 ? 'freed' : 'emptied')
    if (this.holders.size === 0) this.idleSinceMs = this.#clock.monotonicMs()
    if (this.state !== 'draining') this.#owner.onSlotFreed(this)
    else if (this.holders.size === 0) this.end()
  }

  ping(): void {}
  renewCredentials(): void {}

  drain(): void {
    this.state = nextState(this.state, 'drain')
    if (this.holders.size === 0) this.end()
  }

  async stop(): Promise<void> {
    this.end()
  }

  end(): void {
    if (this.state === 'gone') return
    this.state = nextState(this.state, 'ended')
    for (const holder of this.holders)
      holder.onInstanceGone({ cause: 'simulated', outOfMemory: false, peakMemoryMB: 0 })
    this.holders.clear()
    this.#owner.onGone(this)
  }
}

/** Plays the scenario to its end. Throws when an invariant of the pool is broken on the way. */
export async function simulate(scenario: Scenario): Promise<Report> {
  const clock = new SimulatedClock()
  const random = seededRandom(scenario.seed)
  const report: Report = {
    served: 0,
    refused: 0,
    failed: 0,
    coldStarts: 0,
    liveMax: 0,
    inFlightMax: 0,
    waitsMs: [],
    endedMs: 0,
    leftOver: 0,
  }
  let starting = 0
  let inFlight = 0

  const host: PoolHost = {
    limits: (pool) => ({
      instancesLeft: scenario.instancesMax - pool.instances.size,
      memoryLeft: Infinity,
      startsLeft: scenario.startsMax - starting,
    }),
    launch(pool) {
      const instance = new SimulatedInstance(`c-${report.coldStarts}`, scenario.instanceConcurrency, clock, {
        onSlotFreed: (freed) => pool.onSlotFreed(freed),
        onGone: (gone) => pool.onGone(gone),
      })
      starting++
      report.coldStarts++
      const started = new Promise<void>((resolve, reject) => {
        clock.setTimer(scenario.coldStartMs(random.fraction()), () => {
          starting--
          if (random.fraction() < (scenario.startFailures ?? 0)) {
            reject(new StartFailure({ errorType: 'ImportModuleError', errorMessage: 'no', handled: false }))
          } else {
            instance.begin()
            resolve()
          }
        })
      })
      return { instance, started }
    },
    onGone() {},
    onPlatformFailure(error) {
      throw error
    },
  }
  const version = {
    id: 'f@LATEST#1',
    key: 'f',
    function: { config: { instanceConcurrency: scenario.instanceConcurrency, memoryMB: 128 } },
  }
  const pool = new Pool(version as FunctionVersion, scenario.settings, host, clock)

  let unanswered = 0
  const arrive = () => {
    const arrivedMs = clock.monotonicMs()
    unanswered++
    const answered = () => {
      unanswered--
      report.endedMs = clock.monotonicMs()
    }
    const holder: SlotHolder = {
      requestId: `r-${arrivedMs}`,
      onSlot(slot) {
        inFlight++
        report.inFlightMax = Math.max(report.inFlightMax, inFlight)
        report.waitsMs.push(clock.monotonicMs() - arrivedMs)
        const serviceMs = scenario.serviceMs(random.fraction())
        const crashes = random.fraction() < (scenario.crashes ?? 0)
        clock.setTimer(serviceMs, () => {
          if (crashes) {
            const dying = [...pool.instances].find(({ id }) => id === slot.instanceId) as SimulatedInstance | undefined
            dying?.end()
            return
          }
          if (isGone) return
          inFlight--
          report.served++
          answered()
          pool.observeServiceMs(serviceMs)
          slot.release()
        })
      },
      onRefused() {
        report.refused++
        answered()
      },
      onStartFailed() {
        report.failed++
        answered()
      },
      onInstanceGone() {
        isGone = true
        inFlight--
        report.failed++
        answered()
      },
      onOutput() {},
    }
    let isGone = false
    pool.acquire('LATEST', holder)
    const live = pool.instances.size
    report.liveMax = Math.max(report.liveMax, live)
    if (live > scenario.instancesMax) throw new Error(`${live} instances, ${scenario.instancesMax} are allowed`)
    if (starting > scenario.startsMax) throw new Error(`${starting} starts at once, ${scenario.startsMax} are allowed`)
    if (inFlight > live * scenario.instanceConcurrency) throw new Error('more requests than slots')
  }
  for (const atMs of scenario.arrivalsMs) clock.setTimer(atMs, arrive)
  // Promises settle between two events of the simulated time, as they do in the real one.
  while (clock.step()) for (let i = 0; i < 4; i++) await Promise.resolve()
  report.leftOver = unanswered
  return report
}
