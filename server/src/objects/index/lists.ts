/** Pages of objects and of versions. */
import type { ListPage, ListQuery, VersionsPage, VersionsQuery } from '../port.ts'
import type { Buckets } from './buckets.ts'
import { headRow } from './versions.ts'
import type { HeadRow } from './head-row.ts'
import type { VersionRow, Versions } from './versions.ts'
import { commonPrefix, keyAfter, walk } from './walk.ts'

export interface HeadsPage extends Omit<ListPage, 'objects'> {
  heads: HeadRow[]
}

export interface HeadVersionsPage extends Omit<VersionsPage, 'objects'> {
  heads: HeadRow[]
}

export class Lists {
  readonly #buckets: Buckets
  readonly #versions: Versions

  constructor(buckets: Buckets, versions: Versions) {
    this.#buckets = buckets
    this.#versions = versions
  }

  objects(query: ListQuery): HeadsPage {
    const { id } = this.#buckets.get(query.bucket)
    const rowsFrom = (from: string) => this.#versions.currentFrom(id, query.prefix, from)
    const { rows, commonPrefixes, next } = walk(query, keyAfter(query), rowsFrom)
    return {
      heads: rows.map((row) => headRow(row)),
      commonPrefixes,
      next: next === null || typeof next === 'string' ? next : next.key,
    }
  }

  versions(query: VersionsQuery): HeadVersionsPage {
    const { id } = this.#buckets.get(query.bucket)
    const rowsFrom = (from: string) => this.#versions.allFrom(id, query.prefix, from)
    const { rows, commonPrefixes, next } = walk(query, this.#start(id, query), rowsFrom)
    return {
      heads: rows.map((row) => headRow(row)),
      commonPrefixes,
      next:
        typeof next === 'string'
          ? { key: next, versionId: '' }
          : next === null
            ? null
            : { key: next.key, versionId: next.versionId },
    }
  }

  /**
   * Within a key when a version of it is named. When that is gone, all that the key still has: a client that deletes page
   * by page meets the rest that way.
   */
  #start(bucket: number, query: VersionsQuery): string | Iterable<VersionRow> | undefined {
    const { after, afterVersionId = '', prefix, delimiter } = query
    const isShown = after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === undefined
    if (afterVersionId === '' || !isShown) return keyAfter(query)
    const named = this.#versions.find(bucket, after, afterVersionId)
    if (named === undefined) return after
    return chain(this.#versions.olderThan(named), () => this.#versions.allFrom(bucket, prefix, `${after}\0`))
  }
}

export function* chain<Row>(first: Iterable<Row>, then: () => Iterable<Row>): Iterable<Row> {
  yield* first
  yield* then()
}
