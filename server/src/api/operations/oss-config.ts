/** What an oss trigger accepts as its configuration. */
import { Type } from 'typebox'
import { FcError } from '../../errors.ts'
import type { JsonObject, TriggerDocument } from '../../model.ts'
import { bucketOf, OSS_EVENT_NAMES, type TriggerRules } from '../../triggers/port.ts'
import { createReader } from '../schema.ts'

/** Of a prefix or a suffix: what a key may have. */
const KEY_BYTES_MAX = 1023

const keyPart = Type.Optional(Type.String({ maxLength: KEY_BYTES_MAX }))
const config = createReader(
  Type.Object({
    events: Type.Array(Type.Union(OSS_EVENT_NAMES.map((name) => Type.Literal(name))), {
      minItems: 1,
      description: `a list of at least one of ${OSS_EVENT_NAMES.join(', ')}`,
    }),
    filter: Type.Optional(Type.Object({ key: Type.Optional(Type.Object({ prefix: keyPart, suffix: keyPart })) })),
  }),
)

/** Throws FcError InvalidArgument that names the field. */
export function readOssConfig(given: unknown): JsonObject {
  const { events, filter } = config.read(given, 'triggerConfig')
  const { prefix = '', suffix = '' } = filter?.key ?? {}
  return { events: [...new Set(events)], filter: { key: { prefix, suffix } } }
}

/**
 * The bucket must be there, and the events must be for no other trigger, too. Throws FcError: InvalidArgument,
 * TriggerAlreadyExists. `rules` undefined: nothing is known of buckets and other triggers.
 */
export function checkOssTrigger(trigger: TriggerDocument, rules: TriggerRules | undefined): void {
  const bucket = bucketOf(trigger.sourceArn)
  if (bucket === undefined) {
    throw new FcError(
      'InvalidArgument',
      'sourceArn must name a bucket, as acs:oss:{region}:{account}:{bucket}; region and account are not looked at',
    )
  }
  if (rules === undefined) return
  if (!rules.hasBucket(bucket)) {
    throw new FcError('InvalidArgument', `sourceArn: bucket '${bucket}' does not exist; create it first`)
  }
  const other = rules.overlapping(trigger)
  if (other) {
    throw new FcError(
      'TriggerAlreadyExists',
      `trigger '${other.triggerName}' of function '${other.functionKey}' waits for the same event of bucket '${bucket}' with an overlapping prefix and suffix`,
    )
  }
}
