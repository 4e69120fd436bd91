/**
 * Events that wait to be handed over together. Each is a message of the durable queue, in a group of its trigger, before
 * its publisher hears of it; the window itself is in memory, and begins anew when the platform does.
 */
import { backoffMs } from '../../backoff.ts'
import type { Clock, Timer } from '../../clock.ts'
import type { Delivery, MessageQueue } from '../../queue/port.ts'
import { KeyExistsError } from '../../queue/port.ts'
import type { TriggerCounts } from '../counts.ts'
import type { Deliver } from '../port.ts'
import { derivedRequestId } from '../request-id.ts'
import type { EventRule } from './options.ts'

const GROUP_PREFIX = 'events/'
/** Longer than any window, shorter than anybody waits for what a lost window held. */
const LEASE_MS = 60_000
/** Far beyond any window: a bound for the queue, which hands over what is older like the rest. */
const WAIT_MS_MAX = 86_400_000
/** Of the JSON of all events in one batch; an asynchronous invocation takes 128 KB. */
const BATCH_BYTES_MAX = 120 * 1024
const RETRY_FIRST_MS = 100
const RETRY_MS_MAX = 30_000

export interface WindowsDeps {
  clock: Clock
  queue: Pick<MessageQueue, 'enqueue' | 'receive' | 'complete' | 'retry' | 'onDue'>
  deliver: Deliver
  counts: TriggerCounts
  /** Undefined: the trigger is gone. */
  ruleOf: (triggerId: string) => EventRule | undefined
  /** For the operator. */
  warn: (message: string) => void
}

export interface WaitingEvent {
  requestId: string
  /** JSON. */
  payload: Buffer
  depth: number
  clientIp: string
}

interface Window {
  held: Delivery[]
  bytes: number
  timer: Timer | undefined
  /** In a row, to hand a batch over. */
  failures: number
  isReceiving: boolean
  hasMore: boolean
}

export class BatchWindows {
  readonly #deps: WindowsDeps
  readonly #windows = new Map<string, Window>()
  #isStarted = false
  #isClosed = false

  constructor(deps: WindowsDeps) {
    this.#deps = deps
  }

  /** Every trigger is known now: takes what waits. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#deps.queue.onDue((group) => {
      if (group.startsWith(GROUP_PREFIX)) this.#receive(group.slice(GROUP_PREFIX.length))
    })
  }

  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#windows.values()) timer?.cancel()
  }

  /** On disk when it resolves; the same event again is no error. */
  async add(triggerId: string, { requestId, payload, depth, clientIp }: WaitingEvent): Promise<void> {
    const nowMs = this.#deps.clock.nowMs()
    try {
      await this.#deps.queue.enqueue({
        id: requestId,
        group: `${GROUP_PREFIX}${triggerId}`,
        body: payload,
        attributes: JSON.stringify({ depth, clientIp }),
        dueMs: nowMs,
        expiresMs: nowMs + WAIT_MS_MAX,
      })
    } catch (error) {
      if (!(error instanceof KeyExistsError)) throw error
    }
  }

  #receive(triggerId: string): void {
    const window = this.#windowOf(triggerId)
    window.hasMore = true
    if (window.isReceiving) return
    window.isReceiving = true
    this.#receiveAll(triggerId, window).catch((error: unknown) => {
      window.isReceiving = false
      this.#deps.warn(`events that wait for a batch could not be read or handed over: ${String(error)}`)
      this.#later(triggerId, window)
    })
  }

  #windowOf(triggerId: string): Window {
    const known = this.#windows.get(triggerId)
    if (known) return known
    const window = { held: [], bytes: 0, timer: undefined, failures: 0, isReceiving: false, hasMore: false }
    this.#windows.set(triggerId, window)
    return window
  }

  async #receiveAll(triggerId: string, window: Window): Promise<void> {
    const { queue, clock } = this.#deps
    while (window.hasMore && !this.#isClosed) {
      window.hasMore = false
      const countMax = this.#deps.ruleOf(triggerId)?.batch?.countMax ?? 1
      const messages = await queue.receive(`${GROUP_PREFIX}${triggerId}`, countMax - window.held.length, LEASE_MS)
      for (const message of messages) {
        if (window.bytes + message.body.length > BATCH_BYTES_MAX) await this.#handOver(triggerId, window)
        window.held.push(message)
        window.bytes += message.body.length + 1
      }
      if (messages.length > 0) window.hasMore = true
      if (window.held.length >= countMax) await this.#handOver(triggerId, window)
    }
    const timeMs = this.#deps.ruleOf(triggerId)?.batch?.timeMs ?? 0
    if (window.held.length > 0 && timeMs === 0) await this.#handOver(triggerId, window)
    else if (window.held.length > 0) {
      window.timer ??= clock.setTimer(timeMs, () => {
        window.timer = undefined
        this.#handOver(triggerId, window).catch((error: unknown) => this.#deps.warn(String(error)))
      })
    }
    window.isReceiving = false
    if (window.held.length === 0 && window.failures === 0) this.#windows.delete(triggerId)
  }

  /** One invocation for all that is held; what it cannot take goes back to the queue, to be taken again later. */
  async #handOver(triggerId: string, window: Window): Promise<void> {
    const { queue, deliver, clock, counts, warn } = this.#deps
    const batch = window.held
    window.held = []
    window.bytes = 0
    window.timer?.cancel()
    window.timer = undefined
    if (batch.length === 0 || this.#isClosed) return
    const rule = this.#deps.ruleOf(triggerId)
    if (!rule) {
      counts.add('eventbridge', 'failed', batch.length)
      warn(`${batch.length} events that waited for a batch were dropped, for their trigger was deleted or disabled`)
      await Promise.all(batch.map(({ id }) => queue.complete(id)))
      return
    }
    const origins = batch.map(({ attributes }) => JSON.parse(attributes) as { depth: number; clientIp: string })
    try {
      await deliver(rule.trigger, {
        requestId: derivedRequestId(null, 'batch', triggerId, ...batch.map(({ id }) => id)),
        payload: Buffer.from(`[${batch.map(({ body }) => Buffer.from(body).toString()).join(',')}]`),
        depth: Math.max(...origins.map(({ depth }) => depth)),
        clientIp: origins[0]!.clientIp,
        overrides: rule.overrides,
      })
    } catch (error) {
      window.failures++
      if (window.failures === 1) warn(`a batch for trigger '${rule.trigger.triggerName}' waits: ${String(error)}`)
      const dueMs = clock.nowMs() + backoffMs(window.failures, RETRY_FIRST_MS, RETRY_MS_MAX)
      await Promise.all(batch.map(({ id, attributes }) => queue.retry(id, dueMs, attributes)))
      return
    }
    window.failures = 0
    await Promise.all(batch.map(({ id }) => queue.complete(id)))
  }

  #later(triggerId: string, window: Window): void {
    window.failures++
    const delayMs = backoffMs(window.failures, RETRY_FIRST_MS, RETRY_MS_MAX)
    this.#deps.clock.setTimer(delayMs, () => !this.#isClosed && this.#receive(triggerId))
  }
}
