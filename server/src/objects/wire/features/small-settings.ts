/** Settings of a bucket that are a few words each: kept and told. */
import { OssError, type Bucket } from '../../port.ts'
import { taggingOf, readTags, type Tags } from '../tags.ts'
import { childText, childrenOf } from '../xml.ts'
import { malformed, settingOf, settingOperations, type Setting } from './setting.ts'
import type { Feature } from '../exchange.ts'

const BUCKET_TAGS_MAX = 20
const PAYERS = ['BucketOwner', 'Requester']

const tags: Setting<Record<string, string>> = {
  flag: 'tagging',
  operation: 'BucketTags',
  action: 'BucketTagging',
  root: 'Tagging',
  read: (document) => ({ ...readTags(document, BUCKET_TAGS_MAX) }),
  write: (value: Tags) => taggingOf(value),
  unset: { value: {} },
}

/** Nobody is billed here: the answer is what was set. */
const requestPayment: Setting<string> = {
  flag: 'requestPayment',
  operation: 'BucketRequestPayment',
  root: 'RequestPaymentConfiguration',
  read(document) {
    const payer = childText(document, 'Payer')?.trim() ?? ''
    if (!PAYERS.includes(payer)) throw malformed(`Payer must be one of ${PAYERS.join(', ')}`)
    return payer
  },
  write: (Payer) => ({ Payer }),
  unset: { value: 'BucketOwner' },
  isRemovable: false,
}

/** Bytes are stored as they come; who wants them encrypted encrypts the disk. */
const encryption: Setting<{ algorithm: string }> = {
  flag: 'encryption',
  operation: 'BucketEncryption',
  root: 'ServerSideEncryptionRule',
  read(document) {
    const [rule] = childrenOf(document, 'ApplyServerSideEncryptionByDefault')
    const algorithm = rule && childText(rule, 'SSEAlgorithm')?.trim()
    if (algorithm === 'KMS') throw new OssError('NotImplemented', 'Keys of a key management service are not offered.')
    if (algorithm !== 'AES256') {
      throw new OssError('InvalidEncryptionAlgorithmError', 'SSEAlgorithm must be AES256.')
    }
    return { algorithm }
  },
  write: ({ algorithm }) => ({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm } }),
  unset: {
    error: ({ name }) =>
      new OssError('NoSuchServerSideEncryptionRule', 'The server side encryption configuration does not exist.', {
        BucketName: name,
      }),
  },
}

/** As bucket information has it. */
export function encryptionAlgorithm(bucket: Bucket): string {
  return settingOf(bucket, encryption)?.algorithm ?? 'None'
}

export const smallSettings: Feature = {
  operations: [...settingOperations(tags), ...settingOperations(requestPayment), ...settingOperations(encryption)],
}
