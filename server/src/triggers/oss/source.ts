/**
 * Delivers changes of objects: the object store keeps them with the change itself, until they are delivered and acknowledged.
 * At least once, for each trigger in the order of the changes. A function that takes no more holds up no other: its
 * events stay where they are, and are tried again from the oldest on.
 */
import { backoffMs } from '../../backoff.ts'
import type { Clock, Timer } from '../../clock.ts'
import type { FunctionKey, TriggerDocument } from '../../model.ts'
import type { ObjectEvent, ObjectStore } from '../../objects/port.ts'
import type { TriggerCounts } from '../counts.ts'
import type { Deliver, TriggerSource } from '../port.ts'
import { derivedRequestId } from '../request-id.ts'
import { ossEvent, type Account } from './event.ts'
import type { OssRules } from './rules.ts'

const BATCH_EVENTS = 256
const RETRY_FIRST_MS = 100
const RETRY_MS_MAX = 30_000

export interface OssSourceDeps {
  clock: Clock
  objects: Pick<ObjectStore, 'onEvents' | 'pendingEvents' | 'acknowledgeEvents'>
  rules: OssRules
  counts: TriggerCounts
  deliver: Deliver
  /** For the operator. */
  warn: (message: string) => void
}

export function createOssSource(account: Account, deps: OssSourceDeps): TriggerSource {
  return new OssSource(account, deps)
}

class OssSource implements TriggerSource {
  readonly triggerType = 'oss'
  readonly #account: Account
  readonly #deps: OssSourceDeps
  /** Events up to here were looked at; undefined: start from the oldest. */
  #afterId: string | undefined
  /** Triggers that took no more, by id: their events wait for the next round from the oldest on. */
  readonly #blocked = new Set<string>()
  #failures = 0
  #retryTimer: Timer | undefined
  #isStarted = false
  #isClosed = false
  #isDraining = false
  #hasMore = false
  #drained = Promise.resolve()

  constructor(account: Account, deps: OssSourceDeps) {
    this.#account = account
    this.#deps = deps
    deps.objects.onEvents(() => this.#drain())
  }

  attach(trigger: TriggerDocument): void {
    this.#deps.rules.set(trigger)
  }

  detach(functionKey: FunctionKey, triggerName: string): void {
    this.#deps.rules.remove(functionKey, triggerName)
  }

  start(): void {
    this.#isStarted = true
    this.#drain()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#retryTimer?.cancel()
    await this.#drained
  }

  #drain(): void {
    if (!this.#isStarted || this.#isClosed) return
    this.#hasMore = true
    if (this.#isDraining) return
    this.#isDraining = true
    this.#drained = this.#drainAll()
  }

  async #drainAll(): Promise<void> {
    try {
      while (this.#hasMore) {
        this.#hasMore = false
        while (!this.#isClosed && (await this.#drainBatch())) continue
      }
      if (this.#blocked.size > 0) this.#retryLater()
      else this.#failures = 0
    } catch (error) {
      if (this.#failures === 0) {
        this.#deps.warn(`events of objects cannot be read or acknowledged now: ${String(error)}`)
      }
      this.#retryLater()
    }
    this.#isDraining = false
  }

  /** False: there was none. */
  async #drainBatch(): Promise<boolean> {
    const { objects, counts, warn } = this.#deps
    const events = await objects.pendingEvents(BATCH_EVENTS, this.#afterId)
    if (events.length === 0) return false
    const outcomes = await Promise.all(events.map((event) => this.#deliver(event)))
    const doneIds = events.filter((_, index) => outcomes[index] !== 'waits').map(({ id }) => id)
    if (doneIds.length > 0) await objects.acknowledgeEvents(doneIds)
    this.#afterId = events.at(-1)!.id
    const dropped = outcomes.filter((outcome) => outcome === 'dropped').length
    if (dropped > 0) {
      counts.add(this.triggerType, 'failed', dropped)
      warn(`${dropped} events of objects were dropped, for their triggers were deleted`)
    }
    return true
  }

  /** Everything up to the call of `deliver` happens at once, so that events keep their order. */
  async #deliver(event: ObjectEvent): Promise<'delivered' | 'dropped' | 'waits'> {
    const triggers = this.#deps.rules.matching(event.bucket, event.key, event.eventName)
    if (triggers.length === 0) return 'dropped'
    const outcomes = await Promise.all(triggers.map((trigger) => this.#deliverTo(trigger, event)))
    return outcomes.includes(false) ? 'waits' : 'delivered'
  }

  async #deliverTo(trigger: TriggerDocument, event: ObjectEvent): Promise<boolean> {
    const { deliver, warn } = this.#deps
    const { triggerId } = trigger
    if (this.#blocked.has(triggerId)) return false
    try {
      await deliver(trigger, {
        requestId: derivedRequestId(event.timeMs, 'oss', triggerId, event.id),
        payload: ossEvent(event, triggerId, this.#account),
        depth: event.depth,
        clientIp: event.sourceIp,
      })
      return true
    } catch (error) {
      if (!this.#blocked.has(triggerId) && this.#failures === 0) {
        const { triggerName, functionKey } = trigger
        warn(`events for trigger '${triggerName}' of function '${functionKey}' wait: ${String(error)}`)
      }
      this.#blocked.add(triggerId)
      return false
    }
  }

  #retryLater(): void {
    if (this.#retryTimer !== undefined || this.#isClosed) return
    this.#failures++
    this.#retryTimer = this.#deps.clock.setTimer(backoffMs(this.#failures, RETRY_FIRST_MS, RETRY_MS_MAX), () => {
      this.#retryTimer = undefined
      this.#afterId = undefined
      this.#blocked.clear()
      this.#drain()
    })
  }
}
