/** Buckets themselves: made, described, opened to others, versioned, removed. */
import { OssError } from '../../port.ts'
import { BUCKET_ACLS, STORAGE_CLASSES } from '../attributes.ts'
import { emptyAnswer, isoTime, xmlAnswer } from '../answers.ts'
import { logTargetOf } from '../features/access-log.ts'
import { encryptionAlgorithm } from '../features/small-settings.ts'
import { readChoice } from '../parameters.ts'
import { aclOf, locationOf, ownerOf } from '../shapes.ts'
import { childText, parseXml } from '../xml.ts'
import type { Exchange, Operation, WireContext } from '../exchange.ts'

const CONFIGURATION_BYTES_MAX = 64 * 1024

const bucketRow = { level: 'bucket', access: 'owner' } as const

export const bucketOperations: readonly Operation[] = [
  { ...bucketRow, name: 'PutBucket', method: 'PUT', action: 'PutBucket', bucketMayMiss: true, handle: putBucket },
  {
    ...bucketRow,
    name: 'DeleteBucket',
    method: 'DELETE',
    action: 'DeleteBucket',
    async handle({ bucketName }, { store }) {
      await store.deleteBucket(bucketName)
      return emptyAnswer(204)
    },
  },
  {
    ...bucketRow,
    name: 'PutBucketAcl',
    method: 'PUT',
    flags: ['acl'],
    action: 'PutBucketAcl',
    bucketMayMiss: true,
    handle: putBucket,
  },
  {
    ...bucketRow,
    name: 'GetBucketAcl',
    method: 'GET',
    flags: ['acl'],
    action: 'GetBucketAcl',
    handle: ({ bucket }, { accountId }) => xmlAnswer('AccessControlPolicy', aclOf(accountId, bucket.acl)),
  },
  {
    ...bucketRow,
    name: 'GetBucketInfo',
    method: 'GET',
    flags: ['bucketInfo'],
    action: 'GetBucketInfo',
    handle: getBucketInfo,
  },
  {
    ...bucketRow,
    name: 'GetBucketLocation',
    method: 'GET',
    flags: ['location'],
    action: 'GetBucketLocation',
    handle: (_exchange, { region }) => xmlAnswer('LocationConstraint', locationOf(region).Location),
  },
  {
    ...bucketRow,
    name: 'GetBucketStat',
    method: 'GET',
    flags: ['stat'],
    action: 'GetBucketStat',
    handle: getBucketStat,
  },
  {
    ...bucketRow,
    name: 'PutBucketVersioning',
    method: 'PUT',
    flags: ['versioning'],
    action: 'PutBucketVersioning',
    async handle({ bucketName, body }, { store }) {
      const status = childText(parseXml(await body.text(CONFIGURATION_BYTES_MAX), 'VersioningConfiguration'), 'Status')
      if (status !== 'Enabled' && status !== 'Suspended') {
        throw new OssError('MalformedXML', 'Status must be Enabled or Suspended.')
      }
      await store.changeBucket(bucketName, { versioning: status })
      return emptyAnswer(200)
    },
  },
  {
    ...bucketRow,
    name: 'GetBucketVersioning',
    method: 'GET',
    flags: ['versioning'],
    action: 'GetBucketVersioning',
    handle: ({ bucket }) => xmlAnswer('VersioningConfiguration', { Status: bucket.versioning ?? undefined }),
  },
]

/** Of a bucket that is there, the access control list is set: the owner may say the same again. */
async function putBucket({ bucketName, headers, body }: Exchange, { store }: WireContext) {
  const acl = readChoice('x-oss-acl', headers['x-oss-acl'], BUCKET_ACLS)
  const text = await body.text(CONFIGURATION_BYTES_MAX)
  const configuration = text === '' ? undefined : parseXml(text, 'CreateBucketConfiguration')
  const given = configuration && childText(configuration, 'StorageClass')
  const storageClass = readChoice('StorageClass', given, STORAGE_CLASSES)
  if (store.bucket(bucketName) === undefined) {
    await store.createBucket(bucketName, { acl: acl ?? 'private', storageClass: storageClass ?? 'Standard' })
  } else if (acl !== undefined) {
    await store.changeBucket(bucketName, { acl })
  }
  return emptyAnswer(200, { location: `/${bucketName}` })
}

function getBucketInfo({ bucket }: Exchange, { accountId, region }: WireContext) {
  const log = logTargetOf(bucket)
  return xmlAnswer('BucketInfo', {
    Bucket: {
      Name: bucket.name,
      CreationDate: isoTime(bucket.createdMs),
      ...locationOf(region),
      StorageClass: bucket.storageClass,
      DataRedundancyType: 'LRS',
      Owner: ownerOf(accountId),
      AccessControlList: { Grant: bucket.acl },
      Comment: '',
      Versioning: bucket.versioning ?? undefined,
      TransferAcceleration: 'Disabled',
      CrossRegionReplication: 'Disabled',
      AccessMonitor: 'Disabled',
      BucketPolicy: { LogBucket: log?.bucket ?? '', LogPrefix: log?.prefix ?? '' },
      ServerSideEncryptionRule: { SSEAlgorithm: encryptionAlgorithm(bucket) },
    },
  })
}

async function getBucketStat({ bucketName, receivedMs }: Exchange, { store }: WireContext) {
  const { bytes, objects, uploads } = await store.bucketUsage(bucketName)
  return xmlAnswer('BucketStat', {
    Storage: bytes,
    ObjectCount: objects,
    MultipartUploadCount: uploads,
    LiveChannelCount: 0,
    LastModifiedTime: Math.floor(receivedMs / 1000),
    StandardStorage: bytes,
    StandardObjectCount: objects,
  })
}
