/** One request and its answer, and what answers it: operations, in tables, and features that take part in all of them. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { Authorizer, KeyRing, Principal, Vouching } from '../../auth/port.ts'
import type { Clock, Random } from '../../clock.ts'
import type { Bucket, Cause, ObjectHead, ObjectStore, OssError, PutResult } from '../port.ts'
import type { RequestBody } from './body.ts'
import type { Query } from './target.ts'

export interface Exchange {
  readonly requestId: string
  readonly method: string
  /** As on the wire. */
  readonly url: string
  /** Lower-cased names. */
  readonly headers: IncomingHttpHeaders
  readonly query: Query
  /** Empty: the service itself. */
  readonly bucketName: string
  /** Empty: the bucket itself. */
  readonly key: string
  /** Null: anonymous. */
  readonly caller: Principal | null
  readonly sourceIp: string
  readonly receivedMs: number
  readonly body: RequestBody
  /** Throws NoSuchBucket. */
  readonly bucket: Bucket
  /** What the request is about, by its `versionId`; asked of the store once. Rejects as the store does. */
  head(): Promise<ObjectHead>
  readonly cause: Cause
}

export interface Answer {
  status: number
  /** Text of a value is sent as UTF-8. */
  headers?: Record<string, string>
  /** A stream comes with its `content-length` header. */
  body?: string | Uint8Array | Readable
  /** An object was written whole by this: features may have more to do. */
  stored?: PutResult
}

/** What operations work with. */
export interface WireContext {
  store: ObjectStore
  /** The longest chain of triggers that led to what runs of this function now. */
  runningDepth(functionKey: string): number
  clock: Clock
  random: Random
  keys: KeyRing
  vouching?: Pick<Vouching, 'principalOf'>
  authorizer: Authorizer
  accountId: string
  region: string
}

export type Level = 'service' | 'bucket' | 'object'

/**
 * What the access control list of bucket or object can give to everybody: `read` and `write` an object, `list` a bucket.
 * `owner`: nothing. `handler`: the handler finds out by itself who may (a form carries its own signature).
 */
export type Access = 'read' | 'write' | 'list' | 'owner' | 'handler'

/** A row of the tables of the reference: method, level and query flags, and who answers. */
export interface Operation {
  /** As the documentation calls it. */
  name: string
  level: Level
  method: string
  /** Query parameters that choose it; all must be there, with or without a value. */
  flags?: readonly string[]
  /** A header that chooses it. */
  header?: string
  /** Of access policies, without `oss:`. */
  action: string
  access: Access
  /** It answers for buckets that do not exist, too. */
  bucketMayMiss?: true
  handle(exchange: Exchange, context: WireContext): Promise<Answer> | Answer
}

/**
 * Something that a bucket can be told to do beside serving objects. Its operations join the tables; the other members
 * are asked for every request, in this order.
 */
export interface Feature {
  operations?: readonly Operation[]
  /** What the bucket's policy says, ahead of roles and access control lists; null: nothing. */
  policy?(exchange: Exchange, operation: Operation): 'allow' | 'deny' | null
  /** After access was granted; throws OssError to refuse. */
  admit?(exchange: Exchange, operation: Operation, context: WireContext): void | Promise<void>
  /** The answer has `stored` (put, form, completed upload): may answer in its place. */
  stored?(exchange: Exchange, operation: Operation, stored: PutResult, answer: Answer): Promise<Answer>
  /** The request would end in this error: an answer in place of it, or null. */
  rescue?(exchange: Exchange, operation: Operation, error: OssError, context: WireContext): Promise<Answer | null>
  /** Headers of every answer, errors included; `bucket` is undefined when it does not exist. */
  headers?(request: HeaderFacts): Record<string, string>
  /** When the answer is out. */
  answered?(exchange: Exchange, operation: Operation, outcome: { status: number; bytes: number; ms: number }): void
}

export interface HeaderFacts {
  method: string
  headers: IncomingHttpHeaders
  bucket: Bucket | undefined
}
