/**
 * Evaluates the rules in their rhythm. What a round changes is written in one commit, the notices with it, and only then
 * is it so: whatever dies in between, the next round begins where the last commit ended. Without rules there is no timer.
 */
import { uuidV7, type Clock, type Timer } from '../clock.ts'
import type { Book } from './book.ts'
import { decide, initialState, silenceOf, type Decision, type RuleState } from './decide.ts'
import type { Deliverer } from './deliverer.ts'
import type { AlertFeed } from './feed.ts'
import type { Change, StoredDelivery, StoredState } from './messages.ts'
import type { Observation, Observe } from './observe.ts'
import type { AlertEvent, AlertNotice, AlertRule, AlertStatus, Silence } from './port.ts'
import { describeEvent, noticeOf, type Sender } from './words.ts'
import { SETTLE_MS, TICK_MS, windowAt } from './window.ts'

export interface EvaluatorDeps {
  clock: Clock
  feed: Pick<AlertFeed, 'enabledRules' | 'silences'>
  observe: Observe
  book: Pick<Book, 'record'>
  deliverer: Pick<Deliverer, 'add' | 'room' | 'count'>
  sender: Sender
  /** Windows that ended before are not looked at. */
  upSinceMs: () => number
  onDefect: (error: unknown) => void
}

interface Entry {
  rule: AlertRule
  state: RuleState
  value: number | null
  evaluatedMs: number
  /** End of the last window that was looked at. */
  windowEndMs: number
  problem: string | null
}

/** After a standstill no more than the last minute is made up for. */
const TICKS_PER_ROUND_MAX = 6

export class Evaluator {
  readonly #deps: EvaluatorDeps
  readonly #entries = new Map<string, Entry>()
  /** Of rules that the feed has not told yet. */
  readonly #stored: Map<string, RuleState>
  #timer: Timer | null = null
  /** The last that was evaluated. */
  #tickMs = -Infinity
  #isWorking = false
  #isClosed = false

  constructor(deps: EvaluatorDeps, stored: readonly StoredState[]) {
    this.#deps = deps
    this.#stored = new Map(stored.map(({ rule, state }) => [rule, state]))
  }

  /** The feed has other rules. The first time it has them all. */
  rulesChanged(): void {
    const nowMs = this.#deps.clock.nowMs()
    const rules = new Map(this.#deps.feed.enabledRules().map((rule) => [rule.name, rule]))
    for (const rule of rules.values()) {
      const entry = this.#entries.get(rule.name)
      // The state goes on under the changed rule: what fires and should not any more is resolved in words.
      if (entry) entry.rule = rule
      else this.#entries.set(rule.name, newEntry(rule, this.#stored.get(rule.name) ?? initialState(nowMs)))
      this.#stored.delete(rule.name)
    }
    const gone = [...this.#entries.values()].filter(({ rule }) => !rules.has(rule.name))
    for (const { rule } of gone) this.#entries.delete(rule.name)
    this.#forget(gone, nowMs)
    this.#schedule()
  }

  statuses(): AlertStatus[] {
    const nowMs = this.#deps.clock.nowMs()
    return [...this.#entries.values()]
      .map(({ rule, state, value, evaluatedMs, problem }) => ({
        rule: rule.name,
        state: state.state,
        sinceMs: state.sinceMs,
        value,
        silencedBy: silenceOf(rule.name, this.#deps.feed.silences(), nowMs)?.id ?? null,
        evaluatedMs,
        problem,
      }))
      .sort((a, b) => (a.rule < b.rule ? -1 : 1))
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  /** Rules that were deleted or disabled, also while the platform was down. */
  #forget(gone: readonly Entry[], nowMs: number): void {
    const forgotten = [...gone.map(({ rule }) => rule.name), ...this.#stored.keys()]
    this.#stored.clear()
    if (forgotten.length === 0) return
    const events = gone
      .filter(({ state }) => state.state === 'firing')
      .map(({ rule, value }) =>
        this.#event('resolved', rule, value, 'the rule was disabled or deleted while it fired; nobody was told', nowMs),
      )
    this.#record({ states: [], forgotten, events, deliveries: [] }, nowMs).catch(() => {})
  }

  #schedule(): void {
    const { clock } = this.#deps
    this.#timer?.cancel()
    this.#timer = null
    if (this.#entries.size === 0 || this.#isClosed || this.#isWorking) return
    const sinceTickMs = (clock.nowMs() - SETTLE_MS) % TICK_MS
    this.#timer = clock.setTimer(TICK_MS - sinceTickMs, () => void this.#round())
  }

  async #round(): Promise<void> {
    this.#isWorking = true
    try {
      for (const tickMs of this.#dueTicks()) await this.#evaluate(tickMs + SETTLE_MS)
    } catch (error) {
      this.#deps.onDefect(error)
    } finally {
      this.#isWorking = false
      this.#schedule()
    }
  }

  /** The last tick, and before it those that came while a round took long. */
  #dueTicks(): number[] {
    const lastMs = Math.floor((this.#deps.clock.nowMs() - SETTLE_MS) / TICK_MS) * TICK_MS
    const missed = (lastMs - this.#tickMs) / TICK_MS
    this.#tickMs = lastMs
    // Of a clock that was set back none was missed, and the first round has none before it.
    const count = missed > 0 && Number.isFinite(missed) ? Math.min(missed, TICKS_PER_ROUND_MAX) : 1
    return Array.from({ length: count }, (_, i) => lastMs - (count - 1 - i) * TICK_MS)
  }

  async #evaluate(nowMs: number): Promise<void> {
    const results = await Promise.all([...this.#entries.values()].map((entry) => this.#look(entry, nowMs)))
    const outcomes = results.filter((result) => result !== undefined)
    // Rules that changed or went while the history was asked are looked at in the next round.
    const current = outcomes.filter(({ entry, rule }) => this.#entries.get(rule.name) === entry && entry.rule === rule)
    const silences = [...this.#deps.feed.silences()]
    const changes = current.map((outcome) =>
      this.#change(outcome, silenceOf(outcome.rule.name, silences, nowMs), nowMs),
    )
    const change: Change = {
      states: changes.flatMap(({ states }) => states),
      forgotten: [],
      events: changes.flatMap(({ events }) => events),
      deliveries: [],
    }
    this.#address(
      change,
      changes.flatMap(({ notices }) => notices),
      nowMs,
    )
    if (change.states.length > 0 || change.events.length > 0) {
      try {
        await this.#record(change, nowMs)
      } catch {
        // The storage thread has told why. Nothing has changed: the next round decides the same again.
        return
      }
    }
    for (const { rule, state } of change.states) {
      const entry = this.#entries.get(rule)
      if (entry) entry.state = state
    }
    this.#deps.deliverer.add(change.deliveries)
  }

  /** Undefined: there is nothing to decide, for now. */
  async #look(entry: Entry, nowMs: number): Promise<Outcome | undefined> {
    const { rule } = entry
    const window = windowAt(nowMs - SETTLE_MS, rule.windowSeconds)
    if (window.toMs === entry.windowEndMs || window.toMs <= this.#deps.upSinceMs()) return undefined
    entry.windowEndMs = window.toMs
    try {
      const observation = await this.#deps.observe(rule, window)
      entry.value = observation.value
      entry.evaluatedMs = nowMs
      entry.problem = observation.problem
      return { entry, rule, observation }
    } catch (error) {
      entry.problem = error instanceof Error ? error.message : String(error)
      return undefined
    }
  }

  #change({ entry, rule, observation }: Outcome, silence: Silence | undefined, nowMs: number) {
    const { info, verdict, value } = observation
    const decision = decide(rule, entry.state, verdict, nowMs, silence !== undefined)
    const parts = { value, unit: info.unit, silence: silence?.id ?? null }
    const events = decision.events.map((kind) =>
      this.#event(kind, rule, value, describeEvent(kind, rule, parts), nowMs),
    )
    const isChanged = JSON.stringify(decision.next) !== JSON.stringify(entry.state)
    return {
      states: isChanged ? [{ rule: rule.name, state: decision.next }] : [],
      events,
      notices: this.#notices(entry, rule, observation, decision, events, nowMs),
    }
  }

  #notices(
    entry: Entry,
    rule: AlertRule,
    { info, value }: Observation,
    { told, next }: Decision,
    events: readonly AlertEvent[],
    nowMs: number,
  ): { rule: AlertRule; notice: AlertNotice }[] {
    const event = events.find(({ kind }) => kind === told)
    if (!event) return []
    const isOver = told === 'resolved'
    const notice = noticeOf(rule, info, this.#deps.sender, {
      id: event.id,
      state: isOver ? 'resolved' : 'firing',
      value,
      message: event.message,
      startedMs: isOver ? entry.state.sinceMs : next.sinceMs,
      nowMs,
    })
    return [{ rule, notice }]
  }

  /** One delivery for each route, as far as there is room. */
  #address(change: Change, notices: readonly { rule: AlertRule; notice: AlertNotice }[], nowMs: number): void {
    let { room } = this.#deps.deliverer
    for (const { rule, notice } of notices) {
      for (const route of rule.routes) {
        if (room-- > 0) change.deliveries.push(newDelivery(route, notice, nowMs))
        else {
          const message = 'given up: too many notices wait to be delivered'
          change.events.push({ ...this.#event('deliveryFailed', rule, notice.value, message, nowMs), route })
          this.#deps.deliverer.count(route, 'refused')
        }
      }
    }
  }

  #record(change: Change, nowMs: number): Promise<unknown> {
    return this.#deps.book.record({ ...change, nowMs })
  }

  #event(
    kind: AlertEvent['kind'],
    { name }: AlertRule,
    value: number | null,
    message: string,
    nowMs: number,
  ): AlertEvent {
    return { id: uuidV7(nowMs), rule: name, timeMs: nowMs, kind, value, message, route: null }
  }
}

interface Outcome {
  entry: Entry
  /** As it was when the history was asked. */
  rule: AlertRule
  observation: Observation
}

function newEntry(rule: AlertRule, state: RuleState): Entry {
  return { rule, state, value: null, evaluatedMs: 0, windowEndMs: 0, problem: null }
}

function newDelivery(route: string, notice: AlertNotice, nowMs: number): StoredDelivery {
  return { id: uuidV7(nowMs), route, notice, attempts: 0, dueMs: nowMs }
}
