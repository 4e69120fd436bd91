/** Many objects removed by one request. */
import { OssError } from '../../port.ts'
import { emptyAnswer, keyEncoder, xmlAnswer } from '../answers.ts'
import { actionOn, checkRole, checkSession } from '../access.ts'
import { childText, childrenOf, parseXml } from '../xml.ts'
import { writeOptions } from './write.ts'
import type { ObjectRef } from '../../port.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'

const KEYS_MAX = 1000
const BODY_BYTES_MAX = 2 * 1024 * 1024

export const multiDeleteOperations: readonly Operation[] = [
  {
    name: 'DeleteMultipleObjects',
    level: 'bucket',
    method: 'POST',
    flags: ['delete'],
    action: 'DeleteObject',
    access: 'write',
    handle: deleteObjects,
  },
]

async function deleteObjects(exchange: Exchange, context: WireContext): Promise<Answer> {
  const { bucketName: bucket, query } = exchange
  const root = parseXml(await exchange.body.text(BODY_BYTES_MAX), 'Delete')
  const refs = childrenOf(root, 'Object').map((object): ObjectRef => {
    const versionId = childText(object, 'VersionId')
    return { bucket, key: childText(object, 'Key') ?? '', ...(versionId && { versionId }) }
  })
  if (refs.length === 0 || refs.length > KEYS_MAX || refs.some(({ key }) => key === '')) {
    throw new OssError('MalformedXML', `Delete must hold 1 to ${KEYS_MAX} Objects with a Key.`)
  }
  // Whom the bucket's list let in is not asked for a role.
  const check = exchange.bucket.acl === 'public-read-write' ? checkSession : checkRole
  for (const { key, versionId } of refs) {
    check(exchange, actionOn('DeleteObject', versionId), bucket, key, context)
  }
  const options = writeOptions(exchange, 'ObjectRemoved:DeleteObjects')
  const removed = await Promise.all(refs.map((ref) => context.store.delete(ref, options)))
  if (childText(root, 'Quiet') === 'true') return emptyAnswer(200)
  const encodingType = query.get('encoding-type')
  const encode = keyEncoder(encodingType)
  return xmlAnswer('DeleteResult', {
    EncodingType: encodingType,
    Deleted: refs.map(({ key, versionId }, index) => {
      const { isDeleteMarker, versionId: affected } = removed[index]!
      return {
        Key: encode(key),
        VersionId: versionId,
        DeleteMarker: isDeleteMarker ? true : undefined,
        DeleteMarkerVersionId: isDeleteMarker ? (affected ?? undefined) : undefined,
      }
    }),
  })
}
