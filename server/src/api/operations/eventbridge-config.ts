/** What an eventbridge trigger accepts as its configuration. */
import { type TSchema, Type } from 'typebox'
import { FcError } from '../../errors.ts'
import { parseDestination } from '../../invocations/port.ts'
import type { JsonObject, TriggerDocument } from '../../model.ts'
import { busOf, checkEventPattern } from '../../triggers/port.ts'
import { createReader } from '../schema.ts'

const SOURCE_TYPES = ['Default', 'MNS', 'RocketMQ', 'RabbitMQ', 'Kafka', 'MQTT', 'DTS'] as const
const PATTERN_BYTES_MAX = 2048

const oneOf = <Value extends string>(...values: Value[]) => Type.Union(values.map((value) => Type.Literal(value)))
const optional = <Shape extends Record<string, TSchema>>(shape: Shape) => Type.Optional(Type.Object(shape))
const whole = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }))
const mode = Type.Optional(oneOf('event-driven', 'event-streaming'))

const config = createReader(
  Type.Object({
    triggerEnable: Type.Optional(Type.Boolean()),
    asyncInvocationType: Type.Optional(Type.Boolean()),
    eventRuleFilterPattern: Type.Optional(Type.String({ maxLength: PATTERN_BYTES_MAX })),
    eventSinkConfig: optional({
      deliveryOption: optional({
        eventSchema: Type.Optional(oneOf('CloudEvents', 'RawData')),
        concurrency: whole(1, 1000),
        mode,
      }),
    }),
    eventSourceConfig: optional({
      eventSourceType: Type.Optional(oneOf(...SOURCE_TYPES)),
      eventSourceParameters: Type.Optional(Type.Object({})),
    }),
    runOptions: optional({
      mode,
      maximumTasks: whole(1, 1000),
      errorsTolerance: Type.Optional(oneOf('ALL', 'NONE')),
      retryStrategy: optional({
        PushRetryStrategy: Type.Optional(oneOf('BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY')),
        MaximumEventAgeInSeconds: whole(1, 604_800),
        MaximumRetryAttempts: whole(0, 1000),
      }),
      deadLetterQueue: optional({ Arn: Type.Optional(Type.String({ maxLength: 512 })) }),
      batchWindow: optional({ CountBasedWindow: whole(1, 10_000), TimeBasedWindow: whole(0, 15) }),
    }),
  }),
)

/** The configuration with its defaults. Throws FcError: InvalidArgument that names the field, NotImplemented. */
export function readEventBridgeConfig(given: unknown): JsonObject {
  const read = config.read(given, 'triggerConfig')
  const { eventSourceType = 'Default' } = read.eventSourceConfig ?? {}
  if (eventSourceType !== 'Default') {
    throw new FcError(
      'NotImplemented',
      `eventSourceConfig.eventSourceType '${String(eventSourceType)}' is not offered by this version; Default is, whose events are published to a bus`,
    )
  }
  if (read.runOptions?.errorsTolerance === 'NONE') {
    throw new FcError(
      'NotImplemented',
      'runOptions.errorsTolerance NONE, which stops at an event that fails, is not offered by this version; ALL is',
    )
  }
  const eventRuleFilterPattern = read.eventRuleFilterPattern || '{}'
  checkEventPattern(eventRuleFilterPattern)
  return {
    ...read,
    triggerEnable: read.triggerEnable ?? true,
    asyncInvocationType: read.asyncInvocationType ?? false,
    eventRuleFilterPattern,
    eventSinkConfig: {
      deliveryOption: { eventSchema: 'CloudEvents', ...read.eventSinkConfig?.deliveryOption },
    },
    eventSourceConfig: { ...read.eventSourceConfig, eventSourceType },
    runOptions: { ...read.runOptions, errorsTolerance: 'ALL' },
  } as JsonObject
}

/** Throws FcError InvalidArgument. */
export function checkEventBridgeTrigger(
  { sourceArn, triggerConfig }: TriggerDocument,
  account: { accountId: string; region: string },
): void {
  if (busOf(sourceArn) === undefined) {
    throw new FcError(
      'InvalidArgument',
      'sourceArn must name a bus, as acs:eventbridge:{region}:{account}:eventbus/{bus}, or be left out for the bus default',
    )
  }
  const { runOptions } = triggerConfig as { runOptions: { deadLetterQueue?: { Arn?: string } } }
  const { Arn } = runOptions.deadLetterQueue ?? {}
  const destination = Arn ? parseDestination(Arn, account) : undefined
  if (typeof destination === 'string') {
    throw new FcError('InvalidArgument', `runOptions.deadLetterQueue.Arn: ${destination}`)
  }
}
