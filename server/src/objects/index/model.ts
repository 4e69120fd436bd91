/** What the store asks of the index, and what the index knows beyond the port: which bytes an object is made of. */
import type { Cause, ObjectAttributes, ObjectType } from '../port.ts'
import type { HeadRow } from './head-row.ts'

/** A stretch of a blob. An object is a list of them. */
export interface Piece {
  blob: string
  first: number
  bytes: number
}

/** What an object is made of: pieces, or the bytes themselves when they are few. */
export interface Bytes {
  pieces: readonly Piece[]
  data: Uint8Array | null
}

export interface StoredHead {
  head: HeadRow
  bytes: Bytes
}

/** The event that a change is to leave, kept in the commit of the change. */
export interface EventSeed extends Cause {
  eventName: string
}

export interface Change {
  nowMs: number
  /** Null: nobody waits for it. */
  event: EventSeed | null
}

/** What was stored, before it has a name. */
export interface Content {
  /** None when the bytes themselves go with the ask. */
  pieces: readonly Piece[]
  size: number
  /** Upper-case hex, as ETags have it. */
  md5: string
  crc64: string
}

export interface NewVersion extends Change {
  bucket: string
  key: string
  /** Used when the bucket keeps versions. */
  newVersionId: string
  forbidOverwrite: boolean
}

export interface NewObject extends NewVersion {
  type: ObjectType
  attributes: ObjectAttributes
  content: Content
  symlinkTarget: string | null
}

/** `Value` and what else followed from the change. */
export interface Changed<Value> {
  value: Value
  /** Blobs that nothing refers to any more. */
  orphans: readonly string[]
  eventAdded: boolean
}
