/** Event sources and their triggers, from the change feed to asynchronous invocations. */
import type { Clock } from '../clock.ts'
import type { AsyncInvocations } from '../invocations/port.ts'
import type { LogLine } from '../logs/port.ts'
import type { ObjectStore } from '../objects/port.ts'
import type { MessageQueue } from '../queue/port.ts'
import { TriggerCounts } from './counts.ts'
import { createDeliver } from './deliver.ts'
import { createEventSource } from './eventbridge/source.ts'
import { TriggerFeed } from './feed.ts'
import { OssRules } from './oss/rules.ts'
import { createOssSource } from './oss/source.ts'
import type { EventBus, TriggerRules } from './port.ts'
import { createTimerSource } from './timer/source.ts'
import { createTimerStates } from './timer/states.ts'

export interface TriggersOptions {
  accountId: string
  region: string
}

export interface TriggersDeps {
  clock: Clock
  queue: MessageQueue
  objects: ObjectStore
  /** Made first, for the object store asks it. */
  watched: WatchedObjects
  invocations: AsyncInvocations
  appendLine: (line: LogLine) => void
  /** For the operator. */
  warn: (message: string) => void
}

export interface Triggers {
  /** The first call has the whole state: with it the sources begin. */
  feed: TriggerFeed
  bus: EventBus
  rules: TriggerRules
  counts: TriggerCounts
  close(): Promise<void>
}

export interface WatchedObjects {
  counts: TriggerCounts
  /** The `EventFilter` of the object store. */
  filter: OssRules
}

export function watchObjects(): WatchedObjects {
  const counts = new TriggerCounts()
  return { counts, filter: new OssRules(counts) }
}

export async function openTriggers(options: TriggersOptions, deps: TriggersDeps): Promise<Triggers> {
  const { clock, queue, objects, invocations, warn } = deps
  const { counts, filter } = deps.watched
  const deliver = createDeliver({ clock, invocations, counts, appendLine: deps.appendLine, warn })
  const shared = { clock, deliver, counts, warn }
  const timers = await createTimerSource({ ...shared, states: createTimerStates(queue) })
  const objectEvents = createOssSource(options, { ...shared, objects, rules: filter })
  const bus = createEventSource(options, { ...shared, queue, invocations })
  const sources = [timers, objectEvents, bus]
  return {
    feed: new TriggerFeed(sources, warn),
    bus,
    rules: {
      hasBucket: (name) => objects.bucket(name) !== undefined,
      overlapping: (trigger) => filter.overlapping(trigger),
    },
    counts,
    close: async () => void (await Promise.all(sources.map((source) => source.close()))),
  }
}
