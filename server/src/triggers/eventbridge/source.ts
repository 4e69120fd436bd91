/** The event bus: events that are published from outside go to the triggers whose pattern they match. */
import type { Clock } from '../../clock.ts'
import type { AsyncInvocations } from '../../invocations/port.ts'
import { keyOf, type FunctionKey, type TriggerDocument } from '../../model.ts'
import type { MessageQueue } from '../../queue/port.ts'
import type { TriggerCounts } from '../counts.ts'
import type { Deliver, EventBus, Publisher, TriggerSource } from '../port.ts'
import { derivedRequestId } from '../request-id.ts'
import type { CloudEvent } from './cloud-event.ts'
import { eventRuleOf, type EventRule } from './options.ts'
import { BatchWindows } from './windows.ts'

export interface EventSourceOptions {
  accountId: string
  region: string
}

export interface EventSourceDeps {
  clock: Clock
  invocations: Pick<AsyncInvocations, 'runningDepth'>
  queue: Pick<MessageQueue, 'enqueue' | 'receive' | 'complete' | 'retry' | 'onDue'>
  deliver: Deliver
  counts: TriggerCounts
  /** For the operator. */
  warn: (message: string) => void
}

export function createEventSource(options: EventSourceOptions, deps: EventSourceDeps): TriggerSource & EventBus {
  return new EventSource(options, deps)
}

class EventSource implements TriggerSource, EventBus {
  readonly triggerType = 'eventbridge'
  readonly #options: EventSourceOptions
  readonly #deps: EventSourceDeps
  readonly #rules = new Map<string, EventRule>()
  readonly #byTriggerId = new Map<string, EventRule>()
  readonly #windows: BatchWindows
  #isClosed = false

  constructor(options: EventSourceOptions, deps: EventSourceDeps) {
    this.#options = options
    this.#deps = deps
    this.#windows = new BatchWindows({ ...deps, ruleOf: (triggerId) => this.#byTriggerId.get(triggerId) })
  }

  attach(trigger: TriggerDocument): void {
    this.detach(trigger.functionKey, trigger.triggerName)
    const rule = eventRuleOf(trigger)
    if (!rule) return
    this.#rules.set(keyOf.trigger(trigger.functionKey, trigger.triggerName), rule)
    this.#byTriggerId.set(trigger.triggerId, rule)
  }

  detach(functionKey: FunctionKey, triggerName: string): void {
    const key = keyOf.trigger(functionKey, triggerName)
    const rule = this.#rules.get(key)
    if (!rule) return
    this.#rules.delete(key)
    this.#byTriggerId.delete(rule.trigger.triggerId)
  }

  start(): void {
    this.#windows.start()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#windows.close()
  }

  async publish(busName: string, events: readonly CloudEvent[], publisher: Publisher): Promise<number> {
    if (this.#isClosed) return 0
    const { clock, invocations, counts } = this.#deps
    const nowMs = clock.nowMs()
    const depth = publisher.functionKey === null ? 0 : invocations.runningDepth(publisher.functionKey)
    const rules = [...this.#rules.values()].filter((rule) => rule.busName === busName)
    const deliveries = events.flatMap((event) => {
      const published = this.#published(event, busName, publisher, nowMs)
      const matching = rules.filter((rule) => rule.matches(published))
      counts.add(this.triggerType, 'filtered', rules.length - matching.length)
      return matching.map((rule) => this.#deliver(rule, published, depth, publisher.clientIp))
    })
    const outcomes = await Promise.allSettled(deliveries)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    return deliveries.length
  }

  /** With what the bus adds to each event. */
  #published(event: CloudEvent, busName: string, { clientIp }: Publisher, nowMs: number): CloudEvent {
    const { accountId, region } = this.#options
    const nowText = new Date(nowMs).toISOString()
    return {
      time: nowText,
      ...event,
      aliyunaccountid: accountId,
      aliyunpublishtime: nowText,
      aliyunoriginalaccountid: accountId,
      aliyuneventbusname: busName,
      aliyunregionid: region,
      aliyunpublishaddr: clientIp,
    }
  }

  /** Source and id name an event among all others: that is how CloudEvents know a repeated one. */
  async #deliver(rule: EventRule, event: CloudEvent, depth: number, clientIp: string): Promise<void> {
    const { trigger, batch, isRaw, overrides } = rule
    const requestId = derivedRequestId(null, 'eventbridge', trigger.triggerId, event.source, event.id)
    const content = isRaw ? (event['data'] ?? event['data_base64'] ?? null) : event
    if (batch === null) {
      const payload = isRaw ? rawBytes(event) : Buffer.from(JSON.stringify(event))
      return this.#deps.deliver(trigger, { requestId, payload, depth, clientIp, overrides })
    }
    const json = JSON.stringify(content)
    if (batch.countMax > 1) {
      return this.#windows.add(trigger.triggerId, { requestId, payload: Buffer.from(json), depth, clientIp })
    }
    const payload = Buffer.from(`[${json}]`)
    return this.#deps.deliver(trigger, { requestId, payload, depth, clientIp, overrides })
  }
}

/** Text and bytes as they were; everything else as JSON. */
function rawBytes({ data, data_base64: base64 }: CloudEvent): Buffer {
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64')
  return Buffer.from(typeof data === 'string' ? data : JSON.stringify(data ?? null))
}
