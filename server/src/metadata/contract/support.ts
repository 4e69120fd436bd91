/** What the tests of the contract share. */
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { DocumentKind } from '../../model.ts'
import type { Change, MetadataStore, Stored, Write } from '../port.ts'

/** A fresh, empty database for one test. */
export interface TestDatabase {
  /** Opens a store on it; each is closed before `remove`. */
  open(): Promise<MetadataStore>
  /**
   * Runs statements behind the stores' backs, in one transaction, and gives the rows of the last.
   * Null when a second store would not see the first one's documents.
   */
  query: Query | null
  remove(): Promise<void>
}

export type Query = (...statements: string[]) => Promise<Record<string, unknown>[]>

export type MakeDatabase = () => Promise<TestDatabase>

export interface ContractTest {
  (title: string, body: (store: MetadataStore) => Promise<void>): void
  /** Two stores on one database; skipped, with the reason, where that cannot be. */
  shared(title: string, body: (one: MetadataStore, other: MetadataStore, query: Query) => Promise<void>): void
}

const TIMEOUT_MS = 60_000

export function contractTest(name: string, make: MakeDatabase): ContractTest {
  const inDatabase = (
    title: string,
    body: (t: TestContext, open: () => Promise<MetadataStore>, query: Query | null) => Promise<void>,
  ) =>
    test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, async (t) => {
      const database = await make()
      const stores: MetadataStore[] = []
      t.after(async () => {
        await Promise.all(stores.map((store) => store.close()))
        await database.remove()
      })
      const open = async () => {
        const store = await database.open()
        stores.push(store)
        return store
      }
      await body(t, open, database.query)
    })

  const contract: ContractTest = (title, body) => {
    void inDatabase(title, async (_t, open) => body(await open()))
  }
  contract.shared = (title, body) => {
    void inDatabase(title, async (t, open, query) => {
      if (query === null) t.skip('only one store can open this database')
      else await body(await open(), await open(), query)
    })
  }
  return contract
}

/** A small document, told from others by its number. */
export function scopeWrite(key: string, lastVersionId: number, ifRevision?: number): Write {
  const write = { kind: 'scope' as const, key, value: { lastVersionId } }
  return ifRevision === undefined ? write : { ...write, ifRevision }
}

export function scopeDelete(key: string, ifRevision?: number): Write {
  const write = { kind: 'scope' as const, key, value: null }
  return ifRevision === undefined ? write : { ...write, ifRevision }
}

/** A document of any size. */
export function tagWrite(key: string, text: string): Write {
  return { kind: 'tag', key, value: { resourceArn: key, tags: { text } } }
}

export function keysOf(documents: readonly Stored<DocumentKind>[]): string[] {
  return documents.map(({ key }) => key)
}

/** The revision of a commit that must succeed. */
export async function commit(store: MetadataStore, ...writes: Write[]): Promise<number> {
  const result = await store.commit(writes)
  if (!result.committed) throw new Error(`the commit met a conflict: ${JSON.stringify(result.conflict)}`)
  return result.revision
}

export interface Follower {
  calls: { changes: readonly Change[]; revision: number }[]
  errors: Error[]
  /** The documents, by `kind/key`, that the changes told so far add up to. */
  state: Map<string, unknown>
  /** Resolves as soon as it holds: asked again after every call. */
  until(condition: () => boolean): Promise<void>
  stop(): Promise<void>
}

/** Watches, checks that revisions only grow, and keeps what it was told. */
export async function follow(store: MetadataStore, onCall: (follower: Follower) => void = () => {}): Promise<Follower> {
  const waiting = new Set<() => void>()
  const follower: Follower = {
    calls: [],
    errors: [],
    state: new Map(),
    until: (condition) =>
      new Promise((resolve) => {
        const check = () => {
          if (!condition()) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    stop: async () => {},
  }
  const watch = await store.watch(
    (changes, revision) => {
      const last = follower.calls.at(-1)
      if (last && revision <= last.revision) throw new Error(`revision ${revision} was told after ${last.revision}`)
      follower.calls.push({ changes, revision })
      for (const { kind, key, value } of changes) {
        if (value === null) follower.state.delete(`${kind}/${key}`)
        else follower.state.set(`${kind}/${key}`, value)
      }
      onCall(follower)
      for (const check of waiting) check()
    },
    (error) => {
      follower.errors.push(error)
      for (const check of waiting) check()
    },
  )
  follower.stop = () => watch.stop()
  return follower
}
