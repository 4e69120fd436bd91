/** Where the control plane keeps its documents. Writes are rare and atomic; readers follow the change feed. */
import type { DocumentKind, Documents } from '../model.ts'

export interface Stored<Kind extends DocumentKind> {
  key: string
  /** Revision of the commit that last wrote the document; grows with every commit to the store. */
  revision: number
  value: Documents[Kind]
}

/** One document of a commit. `ifRevision`: 0 = must not exist, n = must still be at n, absent = whatever is there. */
export type Write = {
  [Kind in DocumentKind]: { kind: Kind; key: string; ifRevision?: number; value: Documents[Kind] | null }
}[DocumentKind]

export type CommitResult =
  | { committed: true; revision: number }
  /** Nothing was written; `conflict` is the first write whose `ifRevision` did not hold. */
  | { committed: false; conflict: { kind: DocumentKind; key: string; actualRevision: number } }

export type Change = {
  [Kind in DocumentKind]: { kind: Kind; key: string; revision: number; value: Documents[Kind] | null }
}[DocumentKind]

export interface ListRange {
  /** Keys that start with it; compared as UTF-8 bytes, as the order is. */
  prefix?: string
  /** First key, inclusive. */
  from?: string
  /** Keys after this one, exclusive; wins over `from`. In descending order: keys before it. */
  after?: string
  descending?: boolean
  /** At most this many. */
  limit: number
}

export interface MetadataStore {
  read<Kind extends DocumentKind>(kind: Kind, key: string): Promise<Stored<Kind> | undefined>
  list<Kind extends DocumentKind>(kind: Kind, range: ListRange): Promise<Stored<Kind>[]>
  /** All writes or none; durable when it resolves. `value: null` deletes (deleting what is absent is fine without `ifRevision`). */
  commit(writes: readonly Write[]): Promise<CommitResult>
  /**
   * Calls `onChanges` first with the whole state as changes, then with each later commit, in revision order,
   * whichever process committed it; a commit is never split over two calls. Commits of this process are delivered
   * before `commit` resolves; those of others may come several in one call, each document then as the last of them
   * left it. Resolves once the state was delivered, rejects when it cannot be read.
   * `onError` hears of a feed that is broken (and being retried), `onChanges` that it is back: with what was missed,
   * which may be nothing.
   */
  watch(
    onChanges: (changes: readonly Change[], revision: number) => void,
    onError: (error: Error) => void,
  ): Promise<{ stop(): Promise<void> }>
  /** Resolves when the store answers, rejects with the reason when not. */
  check(): Promise<void>
  close(): Promise<void>
}
