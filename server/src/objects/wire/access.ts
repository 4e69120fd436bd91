/**
 * Who may: what a session leaves of its role, the bucket's policy, then what the caller's role gives, then access control
 * lists, which serve everybody.
 */
import { OssError } from '../port.ts'
import type { Bucket, BucketAcl, ObjectHead } from '../port.ts'
import type { Exchange, Feature, Operation, WireContext } from './exchange.ts'

/** Actions that have another name where they are about a version, as documented. */
const VERSION_ACTIONS = new Set(
  `GetObject DeleteObject RestoreObject GetObjectAcl PutObjectAcl GetObjectTagging PutObjectTagging
  DeleteObjectTagging`.split(/\s+/),
)

/** `GetObject` of a version is `GetObjectVersion`. */
export function actionOn(action: string, versionId: string | undefined): string {
  if (versionId === undefined || !VERSION_ACTIONS.has(action)) return action
  return action.replace('Object', 'ObjectVersion')
}

/** Rejects with AccessDenied, or as the store does when there is no such object. */
export async function checkAccess(
  exchange: Exchange,
  asked: Operation,
  features: readonly Feature[],
  context: WireContext,
): Promise<void> {
  if (asked.access === 'handler') return
  const operation = { ...asked, action: actionOn(asked.action, exchange.query.get('versionId')) }
  const problem = roleProblem(exchange, operation.action, resourceOf(exchange, context), context)
  if (problem !== undefined && isSession(exchange)) throw forbidden(problem)
  const decisions = features.map((feature) => feature.policy?.(exchange, operation) ?? null)
  if (decisions.includes('deny')) throw forbidden('Access is denied by the bucket policy.')
  if (decisions.includes('allow') || problem === undefined) return
  const { access, level } = operation
  if (access === 'owner' || level === 'service') throw forbidden(problem)
  const { bucket, key } = exchange
  const acl = access === 'list' || key === '' ? bucket.acl : await effectiveAcl(bucket, () => exchange.head())
  if (acl === 'public-read-write' || (acl === 'public-read' && access !== 'write')) return
  throw forbidden(exchange.caller === null ? 'You have no right to access this object because of bucket acl.' : problem)
}

/** Whether the caller may read an object that a request names beside its own. */
export async function isReadable(
  exchange: Exchange,
  bucket: Bucket,
  { key, versionId }: { key: string; versionId?: string },
  head: () => Promise<ObjectHead>,
  context: WireContext,
): Promise<boolean> {
  const resource = `acs:oss:*:${context.accountId}:${bucket.name}/${key}`
  if (roleProblem(exchange, actionOn('GetObject', versionId), resource, context) === undefined) return true
  if (isSession(exchange)) return false
  return (await effectiveAcl(bucket, head)) !== 'private'
}

/** Of an object that a request names beside its own. Throws AccessDenied. */
export function checkRole(exchange: Exchange, action: string, bucket: string, key: string, context: WireContext): void {
  const problem = roleProblem(exchange, action, `acs:oss:*:${context.accountId}:${bucket}/${key}`, context)
  if (problem !== undefined) throw forbidden(problem)
}

/**
 * The same, of one that comes into play without being named, or that a bucket may open to everybody: asked of those only
 * whose rights end where their policy does. Throws AccessDenied.
 */
export function checkSession(
  exchange: Exchange,
  action: string,
  bucket: string,
  key: string,
  context: WireContext,
): void {
  if (isSession(exchange)) checkRole(exchange, action, bucket, key, context)
}

/** What a session withholds stays withheld, whatever buckets give to everybody. */
function isSession({ caller }: Exchange): boolean {
  return caller?.kind === 'assumedRole'
}

/** Why the caller's own rights are not enough; undefined when they are. */
function roleProblem(
  { caller }: Exchange,
  action: string,
  resource: string,
  { authorizer }: WireContext,
): string | undefined {
  if (caller === null) return 'Anonymous access is forbidden for this operation.'
  if (caller.kind === 'account') return undefined
  try {
    authorizer.authorize(caller, `oss:${action}`, resource)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function resourceOf({ bucketName, key }: Exchange, { accountId }: WireContext): string {
  if (bucketName === '') return `acs:oss:*:${accountId}:*`
  return `acs:oss:*:${accountId}:${bucketName}${key === '' ? '' : `/${key}`}`
}

/** An object's own list wins over that of its bucket, also when it is about to be written over. */
async function effectiveAcl(bucket: Bucket, readHead: () => Promise<ObjectHead>): Promise<BucketAcl> {
  try {
    const { acl } = await readHead()
    return acl === 'default' ? bucket.acl : acl
  } catch (error) {
    // Whether there is an object is told to those only who may read it.
    if (error instanceof OssError) return bucket.acl
    throw error
  }
}

function forbidden(message: string): OssError {
  return new OssError('AccessDenied', message)
}
