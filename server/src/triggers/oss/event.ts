/** What a function gets of a change of an object, as Object Storage Service writes it. */
import type { ObjectEvent } from '../../objects/port.ts'

export interface Account {
  accountId: string
  region: string
}

/** JSON: `{"events":[…]}` with this one event. `ruleId` names the trigger. */
export function ossEvent(event: ObjectEvent, ruleId: string, { accountId, region }: Account): Buffer {
  const { bucket, key, size, deltaSize, etag, contentType, meta } = event
  const userMeta = Object.fromEntries(Object.entries(meta).map(([name, value]) => [`x-oss-meta-${name}`, value]))
  return Buffer.from(
    JSON.stringify({
      events: [
        {
          eventName: event.eventName,
          eventSource: 'acs:oss',
          eventTime: new Date(event.timeMs).toISOString(),
          eventVersion: '1.0',
          oss: {
            bucket: {
              arn: `acs:oss:${region}:${accountId}:${bucket}`,
              name: bucket,
              ownerIdentity: accountId,
              virtualBucket: '',
            },
            object: { deltaSize, eTag: etag, key, objectMeta: { mimeType: contentType, userMeta }, size },
            ossSchemaVersion: '1.0',
            ruleId,
          },
          region,
          requestParameters: { sourceIPAddress: event.sourceIp },
          responseElements: { requestId: event.requestId },
          userIdentity: { principalId: event.principalId },
        },
      ],
    }),
  )
}
