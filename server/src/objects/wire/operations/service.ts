/** What is asked of the service itself. */
import { isoTime, xmlAnswer } from '../answers.ts'
import { readLimit } from '../parameters.ts'
import { locationOf, ownerOf } from '../shapes.ts'
import type { Operation } from '../exchange.ts'

const BUCKETS_DEFAULT = 100
const BUCKETS_MAX = 1000

export const serviceOperations: readonly Operation[] = [
  {
    name: 'ListBuckets',
    level: 'service',
    method: 'GET',
    action: 'ListBuckets',
    access: 'owner',
    handle({ query }, context) {
      const prefix = query.get('prefix') ?? ''
      const marker = query.get('marker') ?? ''
      const limit = readLimit(query, 'max-keys', BUCKETS_DEFAULT, BUCKETS_MAX)
      const found = context.store
        .buckets()
        .filter(({ name }) => name.startsWith(prefix) && name > marker)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      const page = found.slice(0, limit)
      const isTruncated = found.length > page.length
      const { Location, ...where } = locationOf(context.region)
      return xmlAnswer('ListAllMyBucketsResult', {
        Prefix: prefix,
        Marker: marker,
        MaxKeys: limit,
        IsTruncated: isTruncated,
        NextMarker: isTruncated ? page.at(-1)?.name : undefined,
        Owner: ownerOf(context.accountId),
        Buckets: {
          Bucket: page.map(({ name, createdMs, storageClass }) => ({
            Name: name,
            Location,
            CreationDate: isoTime(createdMs),
            ...where,
            StorageClass: storageClass,
            Region: context.region,
          })),
        },
      })
    },
  },
]
