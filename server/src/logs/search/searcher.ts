/** The searcher of the embedded store: queries are read here, blocks in a thread, analyses made in processes. */
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import { decodeCursor } from '../cursor.ts'
import type { Followers } from '../followers.ts'
import { horizonOf, type Horizons } from '../horizons.ts'
import type { LiveHit, LogHistogram, LogHit, LogSearch, LogSearchAnswer, LogSearcher } from '../port.ts'
import type { Condition } from '../query/condition.ts'
import { QueryError } from '../query/error.ts'
import { parseQuery } from '../query/parse.ts'
import { Analyses } from './analysis/analyses.ts'
import { decodeHitId } from './hit-id.ts'
import { highlightsOf, matcherOf, textPatterns } from './match.ts'
import { Row } from './row.ts'
import type { Scope } from './scan.ts'
import { SearchThread } from './search-thread.ts'

export interface SearcherDeps {
  clock: Clock
  /** Resolves when everything appended before is stored. */
  settled: () => Promise<void>
  horizons: () => Horizons
  followers: Followers
}

export class EmbeddedSearcher implements LogSearcher {
  readonly #deps: SearcherDeps
  readonly #thread: SearchThread
  readonly #analyses: Analyses

  constructor(directory: string, deps: SearcherDeps) {
    this.#deps = deps
    this.#thread = new SearchThread(directory, deps.clock)
    this.#analyses = new Analyses(directory, deps.clock)
  }

  async search(search: LogSearch): Promise<LogSearchAnswer> {
    const { condition, analysis } = parseQuery(search.text)
    const scope = this.#scopeOf(search, condition)
    const { limit, descending = false, cursor } = search
    const after = cursor === undefined ? undefined : decodeCursor(cursor)
    await this.#deps.settled()
    if (analysis !== null) return { kind: 'table', ...(await this.#analyses.run({ scope, ...analysis })) }
    return { kind: 'hits', ...(await this.#thread.ask('page', { scope, descending, limit, after })) }
  }

  async histogram(search: Omit<LogSearch, 'limit' | 'cursor' | 'descending'>, buckets: number): Promise<LogHistogram> {
    const scope = this.#scopeOf(search, parseQuery(search.text).condition)
    await this.#deps.settled()
    return this.#thread.ask('histogram', { scope, buckets })
  }

  async context(id: string, before: number, after: number): Promise<LogHit[]> {
    const place = decodeHitId(id)
    await this.#deps.settled()
    const horizonMs = horizonOf(this.#deps.horizons(), place.functionKey)
    const hits = await this.#thread.ask('context', { place, before, after, horizonMs })
    if (hits === undefined) throw new FcError('InvalidArgument', 'id is invalid: that line is stored no more')
    return hits
  }

  follow({ text, functionKey }: Pick<LogSearch, 'text' | 'functionKey'>, onHit: (hit: LiveHit) => void) {
    const { condition, analysis } = parseQuery(text)
    if (analysis !== null) throw new QueryError('what is followed cannot be analysed', analysis.offset)
    const matches = matcherOf(condition)
    const patterns = textPatterns(condition)
    const tell = (row: Row) => {
      if (!matches(row)) return
      const { line, source } = row
      onHit({ line, source, highlights: highlightsOf(row, patterns), fields: row.fields() })
    }
    return this.#deps.followers.followAll(
      functionKey,
      (line) => tell(Row.ofLine(line)),
      (record) => tell(Row.ofRecord(record)),
    )
  }

  async close(): Promise<void> {
    this.#analyses.close()
    await this.#thread.close()
  }

  #scopeOf({ functionKey, fromMs, toMs }: Pick<LogSearch, 'functionKey' | 'fromMs' | 'toMs'>, condition: Condition) {
    if (fromMs >= toMs) throw new FcError('InvalidArgument', 'from must be before to')
    const scope: Scope = { condition, functionKey, fromMs, toMs, horizons: this.#deps.horizons() }
    return scope
  }
}
