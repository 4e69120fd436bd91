/** The bucket's policy: kept as it came, and asked before roles and access control lists. */
import { OssError } from '../../port.ts'
import { emptyAnswer } from '../answers.ts'
import { decide, readPolicy, type BucketStatement } from './policy-rules.ts'
import type { Exchange, Feature, Operation, WireContext } from '../exchange.ts'

const POLICY_BYTES_MAX = 16 * 1024
const FLAG = 'policy'
/** What the holder of the account may always do, so that no policy shuts everybody out. */
const OWN_OPERATIONS = ['PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy']

type StoredPolicy = { text: string; statements: BucketStatement[] }

const row = { level: 'bucket', access: 'owner', flags: [FLAG] } as const

/** `accountId`: whose buckets these are; statements name them in their resources. */
export function policyFeature(accountId: string): Feature {
  return {
    operations: [
      { ...row, name: 'PutBucketPolicy', method: 'PUT', action: 'PutBucketPolicy', handle: putPolicy },
      { ...row, name: 'GetBucketPolicy', method: 'GET', action: 'GetBucketPolicy', handle: getPolicy },
      { ...row, name: 'DeleteBucketPolicy', method: 'DELETE', action: 'DeleteBucketPolicy', handle: deletePolicy },
    ],
    policy: (exchange, operation) => decisionOf(exchange, operation, accountId),
  }
}

async function putPolicy({ bucketName, body }: Exchange, { store }: WireContext) {
  const text = await body.text(POLICY_BYTES_MAX)
  const policy: StoredPolicy = { text, statements: readPolicy(text) }
  await store.changeBucket(bucketName, { settings: { [FLAG]: policy } })
  return emptyAnswer(200)
}

function getPolicy({ bucket }: Exchange) {
  const policy = bucket.settings[FLAG] as StoredPolicy | undefined
  if (policy === undefined) {
    throw new OssError('NoSuchBucketPolicy', 'The bucket policy does not exist.', { BucketName: bucket.name })
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: policy.text }
}

async function deletePolicy({ bucketName }: Exchange, { store }: WireContext) {
  await store.changeBucket(bucketName, { settings: { [FLAG]: null } })
  return emptyAnswer(204)
}

function decisionOf(exchange: Exchange, operation: Operation, accountId: string): 'allow' | 'deny' | null {
  const { bucketName, key, caller, sourceIp } = exchange
  if (bucketName === '' || operation.bucketMayMiss) return null
  if (caller?.kind === 'account' && OWN_OPERATIONS.includes(operation.name)) return null
  const policy = exchange.bucket.settings[FLAG] as StoredPolicy | undefined
  if (policy === undefined) return null
  return decide(policy.statements, {
    accountId: caller?.kind === 'account' ? caller.accountId : null,
    action: `oss:${operation.action}`,
    resource: `acs:oss:*:${accountId}:${bucketName}${key === '' ? '' : `/${key}`}`,
    sourceIp,
  })
}
