/** What the configuration of an eventbridge trigger means. Pure. */
import type { AsyncOverrides } from '../../invocations/port.ts'
import type { TriggerDocument } from '../../model.ts'
import { busOf } from '../source-arn.ts'
import { readEventPattern, type EventMatcher } from './pattern.ts'

export interface BatchWindow {
  countMax: number
  /** From the first event on. */
  timeMs: number
}

export interface EventRule {
  trigger: TriggerDocument
  busName: string
  matches: EventMatcher
  /** The function gets the data alone. */
  isRaw: boolean
  /** The function gets a list of events; null: one event. */
  batch: BatchWindow | null
  overrides: AsyncOverrides
}

/** As it is stored: checked, and with its defaults. */
interface StoredConfig {
  triggerEnable: boolean
  eventRuleFilterPattern: string
  eventSinkConfig: { deliveryOption: { eventSchema: 'CloudEvents' | 'RawData'; mode?: Mode } }
  runOptions: {
    mode?: Mode
    retryStrategy?: {
      PushRetryStrategy?: keyof typeof retryStrategies
      MaximumEventAgeInSeconds?: number
      MaximumRetryAttempts?: number
    }
    deadLetterQueue?: { Arn?: string }
    batchWindow?: { CountBasedWindow?: number; TimeBasedWindow?: number }
  }
}

type Mode = 'event-driven' | 'event-streaming'

const retryStrategies = {
  BACKOFF_RETRY: { retriesMax: 3 },
  EXPONENTIAL_DECAY_RETRY: { retriesMax: 176, maxAgeSeconds: 86_400 },
} as const satisfies Record<string, AsyncOverrides>

/** Undefined when it is not enabled. */
export function eventRuleOf(trigger: TriggerDocument): EventRule | undefined {
  const config = trigger.triggerConfig as unknown as StoredConfig
  const busName = busOf(trigger.sourceArn)
  if (!config.triggerEnable || busName === undefined) return undefined
  const { deliveryOption } = config.eventSinkConfig
  const { mode = deliveryOption.mode, batchWindow } = config.runOptions
  return {
    trigger,
    busName,
    matches: readEventPattern(config.eventRuleFilterPattern),
    isRaw: deliveryOption.eventSchema === 'RawData',
    batch:
      mode === 'event-streaming'
        ? { countMax: batchWindow?.CountBasedWindow ?? 1, timeMs: (batchWindow?.TimeBasedWindow ?? 0) * 1000 }
        : null,
    overrides: overridesOf(config.runOptions),
  }
}

function overridesOf({ retryStrategy, deadLetterQueue }: StoredConfig['runOptions']): AsyncOverrides {
  const { PushRetryStrategy, MaximumRetryAttempts, MaximumEventAgeInSeconds } = retryStrategy ?? {}
  return {
    ...(PushRetryStrategy && retryStrategies[PushRetryStrategy]),
    ...(MaximumRetryAttempts !== undefined && { retriesMax: MaximumRetryAttempts }),
    ...(MaximumEventAgeInSeconds !== undefined && { maxAgeSeconds: MaximumEventAgeInSeconds }),
    ...(deadLetterQueue?.Arn && { onFailure: deadLetterQueue.Arn }),
  }
}
