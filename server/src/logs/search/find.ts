/** Carries searches out, block by block, and lets others go on between the blocks. */
import type { DatabaseSync } from 'node:sqlite'
import { comparePositions, encodeCursor, type Position } from '../cursor.ts'
import { Merge } from '../merge.ts'
import type { LogHistogram, LogHit } from '../port.ts'
import { PAGE_BYTES_MAX } from '../queries.ts'
import { encodeHitId } from './hit-id.ts'
import { highlightsOf, textPatterns } from './match.ts'
import { SearchRefusal } from './refusal.ts'
import type { Row } from './row.ts'
import { Scan, type FoundRow, type ListedBlock, type Scope } from './scan.ts'

/** A page that takes longer ends with what it has, and has a next one. */
const PAGE_MS_MAX = 10_000
/** A histogram has no next page: one that takes longer is refused. */
const HISTOGRAM_MS_MAX = 30_000
/** One search goes on for so long before another has its turn. */
const TURN_MS = 10

export interface PageAsk {
  scope: Scope
  descending: boolean
  limit: number
  after: Position | undefined
}

export interface Page {
  hits: LogHit[]
  nextCursor?: string
  scannedLines: number
}

/** Lets others go on when its turn is over. */
class Turns {
  readonly startedMs = performance.now()
  #turnMs = this.startedMs

  get tookMs(): number {
    return performance.now() - this.startedMs
  }

  async pause(): Promise<void> {
    if (performance.now() - this.#turnMs < TURN_MS) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#turnMs = performance.now()
  }
}

export async function findPage(sqlite: DatabaseSync, ask: PageAsk, pageMsMax = PAGE_MS_MAX): Promise<Page> {
  const { descending, limit, after } = ask
  const scan = new Scan(sqlite, narrowed(ask))
  const patterns = textPatterns(ask.scope.condition)
  const turns = new Turns()
  const isWanted = ({ at }: FoundRow) =>
    after === undefined || (descending ? comparePositions(at, after) < 0 : comparePositions(at, after) > 0)
  /** A page goes on at least to a later time than the one that the page before ended with. */
  const isBehind = (boundaryMs: number) =>
    page.scannedLines > 0 &&
    (after === undefined || (descending ? boundaryMs < after.timeMs : boundaryMs > after.timeMs))
  const merge = new Merge<FoundRow>({
    descending,
    timeOf: ({ at }) => at.timeMs,
    compare: (a, b) => comparePositions(a.at, b.at),
  })
  const page: Page = { hits: [], scannedLines: 0 }
  let pageBytes = 0
  let last: Position | undefined
  /** False when the page is full. */
  const take = (found: readonly FoundRow[]): boolean => {
    for (const { row, at } of found) {
      if (last !== undefined && (page.hits.length === limit || pageBytes >= PAGE_BYTES_MAX)) {
        page.nextCursor = encodeCursor(last)
        return false
      }
      page.hits.push(hitOf(row, at, patterns))
      pageBytes += row.line.text.length
      last = at
    }
    return true
  }
  for (const block of scan.blocks(descending)) {
    const boundaryMs = descending ? block.toMs : block.fromMs
    if (!take(merge.takeBefore(boundaryMs))) return page
    if (turns.tookMs > pageMsMax && isBehind(boundaryMs)) {
      return { ...page, nextCursor: encodeCursor(beginningOf(boundaryMs, descending)) }
    }
    page.scannedLines += block.count
    merge.add(scan.rowsOf(block.id).filter(isWanted))
    await turns.pause()
  }
  take(merge.takeAll())
  return page
}

/** What is before the page need not be looked at. */
function narrowed({ scope, descending, after }: PageAsk): Scope {
  if (after === undefined) return scope
  return descending
    ? { ...scope, toMs: Math.min(scope.toMs, after.timeMs + 1) }
    : { ...scope, fromMs: Math.max(scope.fromMs, after.timeMs) }
}

/** A place that no row has, before all that have this time. */
function beginningOf(timeMs: number, descending: boolean): Position {
  return descending
    ? { timeMs, requestId: '\uffff', rank: 0, blockId: 0, index: 0 }
    : { timeMs, requestId: '', rank: -1, blockId: 0, index: 0 }
}

export function hitOf(row: Row, at: Position, patterns: readonly string[][]): LogHit {
  const { line, source } = row
  const id = encodeHitId({ functionKey: line.functionKey, at })
  return { id, line, source, highlights: highlightsOf(row, patterns), fields: row.fields() }
}

/** Rejects with SearchRefusal. */
export async function countOverTime(
  sqlite: DatabaseSync,
  scope: Scope,
  buckets: number,
  msMax = HISTOGRAM_MS_MAX,
): Promise<LogHistogram> {
  const { fromMs, toMs } = scope
  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / buckets))
  const counts = Array.from({ length: Math.max(1, Math.ceil((toMs - fromMs) / bucketMs)) }, (_, index) => ({
    fromMs: fromMs + index * bucketMs,
    count: 0,
  }))
  const bucketOf = (timeMs: number) => Math.floor((timeMs - fromMs) / bucketMs)
  const scan = new Scan(sqlite, scope)
  const turns = new Turns()
  const add = (timeMs: number, count: number) => (counts[bucketOf(timeMs)]!.count += count)
  const countBlock = (block: ListedBlock) => {
    const all = bucketOf(block.fromMs) === bucketOf(block.toMs) ? scan.countWithoutReading(block) : undefined
    if (all !== undefined) add(block.fromMs, all)
    else for (const { at } of scan.rowsOf(block.id)) add(at.timeMs, 1)
  }
  for (const block of scan.blocks(false)) {
    if (turns.tookMs > msMax) {
      throw new SearchRefusal(`to count takes longer than ${msMax / 1000} s: narrow its time range or its conditions`)
    }
    countBlock(block)
    await turns.pause()
  }
  return { bucketMs, buckets: counts, total: counts.reduce((sum, { count }) => sum + count, 0) }
}
