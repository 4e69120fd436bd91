/**
 * Runs timers. All of them wait in one heap, behind one timer of the process; what is due at the same time is worked off in
 * slices, so that ten thousand timers of one second do not hold up a request. A run is accepted and recorded in one commit.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { backoffMs } from '../../backoff.ts'
import type { Clock, Timer } from '../../clock.ts'
import { keyOf, type FunctionKey, type TriggerDocument } from '../../model.ts'
import type { TriggerCounts } from '../counts.ts'
import type { Deliver, TriggerRuns, TriggerSource } from '../port.ts'
import { derivedRequestId } from '../request-id.ts'
import { DueHeap, type HeapEntry } from './due-heap.ts'
import { MISSED_COUNT_MAX, readSchedule, type Schedule } from './schedule.ts'
import { timerState, type TimerStates } from './states.ts'

/** Timers that are looked at before other work gets its turn; half a millisecond each, when their patterns are all new. */
const SLICE_TIMERS = 8
/** A wall clock that is set forward is noticed within this, and a process timer cannot wait for years. */
const SLEEP_MS_MAX = 60_000
/** A recorded run that lies further ahead is the mistake of a clock that was wrong. */
const CLOCK_BACK_MS_MAX = 86_400_000
const RETRY_FIRST_MS = 1000
const RETRY_MS_MAX = 60_000

export interface TimerSourceDeps {
  clock: Clock
  deliver: Deliver
  states: TimerStates
  counts: TriggerCounts
  /** For the operator. */
  warn: (message: string) => void
}

interface Entry extends HeapEntry {
  trigger: TriggerDocument
  schedule: Schedule
  /** Due times up to here are done with. */
  handledMs: number
  lastMs: number | null
  nextMs: number | null
  /** In a row, to accept a run. */
  failures: number
}

export async function createTimerSource(deps: TimerSourceDeps): Promise<TriggerSource> {
  return new TimerSource(deps, await deps.states.readAll())
}

class TimerSource implements TriggerSource {
  readonly triggerType = 'timer'
  readonly #deps: TimerSourceDeps
  /** Last runs of before the start, by the id of the trigger. */
  readonly #lastRuns: Map<string, number>
  readonly #entries = new Map<string, Entry>()
  readonly #heap = new DueHeap<Entry>()
  #timer: Timer | undefined
  #isWorking = false
  #isStarted = false
  #isClosed = false

  constructor(deps: TimerSourceDeps, lastRuns: Map<string, number>) {
    this.#deps = deps
    this.#lastRuns = lastRuns
  }

  attach(trigger: TriggerDocument): void {
    const key = keyOf.trigger(trigger.functionKey, trigger.triggerName)
    const before = this.#drop(key)
    const lastMs = before?.lastMs ?? this.#lastRuns.get(trigger.triggerId) ?? null
    if (trigger.triggerConfig['enable'] === false) {
      if (lastMs !== null) this.#lastRuns.set(trigger.triggerId, lastMs)
      return
    }
    const nowMs = this.#deps.clock.nowMs()
    const changedMs = Date.parse(trigger.lastModifiedTime)
    const entry: Entry = {
      trigger,
      schedule: readSchedule(trigger.triggerConfig['cronExpression'] as string, changedMs),
      handledMs: Math.max(lastMs ?? 0, changedMs),
      lastMs,
      nextMs: null,
      failures: 0,
      // Its due times are worked out in its turn.
      wakeMs: nowMs,
      heapIndex: -1,
    }
    this.#entries.set(key, entry)
    this.#heap.add(entry)
    this.#work()
  }

  detach(functionKey: FunctionKey, triggerName: string): void {
    const entry = this.#drop(keyOf.trigger(functionKey, triggerName))
    if (!entry) return
    this.#lastRuns.delete(entry.trigger.triggerId)
    // A run that is being accepted writes its state after this; that one is forgotten in its time.
    this.#deps.states.forget(entry.trigger.triggerId).catch((error: unknown) => {
      this.#deps.warn(`the last run of a deleted timer could not be forgotten: ${String(error)}`)
    })
  }

  start(): void {
    this.#isStarted = true
    this.#work()
  }

  runsOf(functionKey: FunctionKey, triggerName: string): TriggerRuns | undefined {
    const entry = this.#entries.get(keyOf.trigger(functionKey, triggerName))
    return entry && { lastMs: entry.lastMs, nextMs: entry.nextMs }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #drop(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#heap.remove(entry)
    return entry
  }

  #isAttached(entry: Entry): boolean {
    return this.#entries.get(keyOf.trigger(entry.trigger.functionKey, entry.trigger.triggerName)) === entry
  }

  #work(): void {
    if (!this.#isStarted || this.#isClosed || this.#isWorking) return
    this.#isWorking = true
    void this.#workOff().then(() => {
      this.#isWorking = false
      this.#sleep()
    })
  }

  async #workOff(): Promise<void> {
    const { clock } = this.#deps
    let inSlice = 0
    while (!this.#isClosed) {
      const entry = this.#heap.takeDue(clock.nowMs())
      if (!entry) return
      this.#look(entry)
      inSlice = (inSlice + 1) % SLICE_TIMERS
      if (inSlice === 0) await nextTurn()
    }
  }

  #sleep(): void {
    this.#timer?.cancel()
    const { firstMs } = this.#heap
    if (firstMs === undefined || this.#isClosed) return
    const { clock } = this.#deps
    const delayMs = Math.min(SLEEP_MS_MAX, Math.max(0, firstMs - clock.nowMs()))
    this.#timer = clock.setTimer(delayMs, () => this.#work())
  }

  /** Runs the latest of the due times that have come; those before it are missed. */
  #look(entry: Entry): void {
    const nowMs = this.#deps.clock.nowMs()
    if (entry.handledMs > nowMs + CLOCK_BACK_MS_MAX) {
      const { functionKey, triggerName } = entry.trigger
      const aheadMs = entry.handledMs - nowMs
      this.#deps.warn(
        `timer '${triggerName}' of function '${functionKey}' ran last ${Math.round(aheadMs / 3_600_000)} hours after now: the clock was set back; it goes by the clock again`,
      )
      entry.handledMs = nowMs
    }
    const { latestMs, count, nextMs } = entry.schedule.runs(entry.handledMs, nowMs)
    entry.nextMs = nextMs
    if (latestMs === null) this.#wait(entry, nextMs)
    else void this.#run(entry, latestMs, count - 1, nextMs)
  }

  #wait(entry: Entry, wakeMs: number | null): void {
    if (wakeMs === null || !this.#isAttached(entry)) return
    entry.wakeMs = wakeMs
    this.#heap.add(entry)
    if (this.#isStarted && !this.#isWorking && this.#heap.firstMs === wakeMs) this.#sleep()
  }

  async #run(entry: Entry, dueMs: number, missed: number, nextMs: number | null): Promise<void> {
    const { clock, deliver, warn } = this.#deps
    const { trigger } = entry
    const { triggerId, triggerName, functionKey, triggerConfig } = trigger
    try {
      await deliver(trigger, {
        requestId: derivedRequestId(dueMs, 'timer', triggerId, String(dueMs)),
        payload: timerEvent(triggerName, dueMs, triggerConfig['payload']),
        depth: 0,
        state: timerState(triggerId, dueMs, nextMs ?? 0),
      })
    } catch (error) {
      entry.failures++
      if (entry.failures === 1) {
        warn(`timer '${triggerName}' of function '${functionKey}' cannot run now, trying again: ${String(error)}`)
      }
      this.#wait(entry, clock.nowMs() + backoffMs(entry.failures, RETRY_FIRST_MS, RETRY_MS_MAX))
      return
    }
    entry.failures = 0
    entry.handledMs = dueMs
    entry.lastMs = dueMs
    if (missed > 0) this.#tellMissed(trigger, missed)
    this.#wait(entry, nextMs)
  }

  #tellMissed({ functionKey, triggerName }: TriggerDocument, missed: number): void {
    this.#deps.counts.add(this.triggerType, 'missed', missed)
    const number = missed >= MISSED_COUNT_MAX - 1 ? `${missed} or more` : String(missed)
    this.#deps.warn(`timer '${triggerName}' of function '${functionKey}' missed ${number} runs before its last one`)
  }
}

/** What the function gets; `triggerTime` is when the run was due. */
function timerEvent(triggerName: string, dueMs: number, payload: unknown): Buffer {
  const triggerTime = `${new Date(dueMs).toISOString().slice(0, 19)}Z`
  return Buffer.from(JSON.stringify({ triggerTime, triggerName, payload: payload ?? '' }))
}
