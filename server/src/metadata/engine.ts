/** What differs between the two databases; everything else of the store is the same SQL for both. */
import { backoffMs } from '../backoff.ts'
import type { Kysely, Transaction } from 'kysely'
import type { DocumentKind } from '../model.ts'

export interface MetadataTables {
  metadata_document: {
    kind: DocumentKind
    key: string
    /** Of the commit that last wrote it. */
    revision: number
    /** JSON. */
    value: string
  }
  /** Which documents each of the last commits wrote or deleted. */
  metadata_change: { revision: number; kind: DocumentKind; key: string }
  /** One row: the revision of the last commit. Every commit locks it first, so revisions become visible in order. */
  metadata_revision: { revision: number }
  /** One row: how many migrations the database has seen. */
  metadata_schema: { version: number }
}

export interface FeedEvents {
  /** Another process may have committed; false alarms are fine. */
  onCommit(): void
  /** Commits of other processes cannot be noticed at present; being retried, `onCommit` follows when it works again. */
  onError(error: Error): void
}

export interface Engine {
  db: Kysely<MetadataTables>
  /** The column type whose order is the order of the UTF-8 bytes. */
  keyType: string
  /** Called first in the transaction that migrates: keeps other processes out until it ends; checks what the database must be. */
  prepareMigration(transaction: Transaction<MetadataTables>): Promise<void>
  /** Called last in the transaction of a commit: lets the feeds of other processes know. */
  announce(transaction: Transaction<MetadataTables>): Promise<void>
  /** Notices commits of other processes from now on; rejects when it cannot begin. */
  follow(events: FeedEvents): Promise<{ stop(): Promise<void> }>
  close(): Promise<void>
}

const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5_000

/** How long to wait after the n-th failure in a row (from 1): doubling, bounded. */
export function retryDelayMs(failures: number): number {
  return backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS)
}
