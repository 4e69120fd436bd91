/** The names of events that oss triggers wait for, and which of them two triggers could both hear of. Pure. */
import type { TriggerDocument } from '../../model.ts'
import { bucketOf } from '../source-arn.ts'

/** As triggers write them; the events themselves carry no `oss:`. */
export const OSS_EVENT_NAMES: readonly string[] = [
  'oss:ObjectCreated:*',
  'oss:ObjectCreated:PutObject',
  'oss:ObjectCreated:PostObject',
  'oss:ObjectCreated:CopyObject',
  'oss:ObjectCreated:AppendObject',
  'oss:ObjectCreated:PutSymlink',
  'oss:ObjectCreated:InitiateMultipartUpload',
  'oss:ObjectCreated:UploadPart',
  'oss:ObjectCreated:UploadPartCopy',
  'oss:ObjectCreated:CompleteMultipartUpload',
  'oss:ObjectModified:UpdateObjectMeta',
  'oss:ObjectRemoved:*',
  'oss:ObjectRemoved:DeleteObject',
  'oss:ObjectRemoved:DeleteObjects',
  'oss:ObjectRemoved:AbortMultipartUpload',
  'oss:ObjectReplication:ObjectCreated',
  'oss:ObjectReplication:ObjectRemoved',
  'oss:ObjectReplication:ObjectModified',
]

/** What one trigger waits for. */
export interface OssRule {
  trigger: TriggerDocument
  bucket: string
  /** With `oss:`, `*` for a whole kind. */
  events: readonly string[]
  prefix: string
  suffix: string
}

/** Undefined when the trigger names no bucket. */
export function ruleOf(trigger: TriggerDocument): OssRule | undefined {
  const bucket = bucketOf(trigger.sourceArn)
  if (bucket === undefined) return undefined
  const { events, filter } = trigger.triggerConfig as {
    events: string[]
    filter?: { key?: { prefix?: string; suffix?: string } }
  }
  return { trigger, bucket, events, prefix: filter?.key?.prefix ?? '', suffix: filter?.key?.suffix ?? '' }
}

/** `eventName` without `oss:`. */
export function isWanted({ events, prefix, suffix }: OssRule, key: string, eventName: string): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix) && events.some((event) => covers(event, `oss:${eventName}`))
}

/** Whether some event of some key could be for both. */
export function overlap(a: OssRule, b: OssRule): boolean {
  return (
    a.bucket === b.bucket &&
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix)) &&
    a.events.some((event) => b.events.some((other) => covers(event, other) || covers(other, event)))
  )
}

function covers(pattern: string, eventName: string): boolean {
  return pattern === eventName || (pattern.endsWith('*') && eventName.startsWith(pattern.slice(0, -1)))
}
