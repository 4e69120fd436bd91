/** Finds lines and records in the stored blocks. */
import type { DatabaseSync } from 'node:sqlite'
import { requestIdTimeMs } from '../clock.ts'
import { linesOf, recordsOf } from './blocks.ts'
import type { Block } from './blocks.ts'
import { comparePositions, decodeCursor, encodeCursor } from './cursor.ts'
import type { Position } from './cursor.ts'
import { earliestHorizon, horizonOf, type Horizons } from './horizons.ts'
import { lineRank, markersOf } from './markers.ts'
import { mergeBlocks } from './merge.ts'
import type { InvocationRecord, LogLine, LogPage, LogQuery, RecordQuery } from './port.ts'

/** Text of one page; a page that reaches it ends early and has a next one. */
export const PAGE_BYTES_MAX = 4 * 1024 * 1024
/** Ids of generation 3 hold whole seconds, and other hosts' clocks differ a little. */
export const REQUEST_ID_SLACK_MS = 5000

interface FoundBlock {
  id: number
  functionKey: string
  kind: Block['kind']
  boundaryMs: number
  count: number
}

export interface Placed {
  line: LogLine
  at: Position
}

export interface Queries {
  /** Nothing older than `horizonMs` is found. Throws FcError InvalidArgument for a bad cursor. */
  lines(query: LogQuery, horizonMs: number): LogPage
  /** With their places; `limit` is for the caller to keep. */
  placedLines(query: LogQuery, horizonMs: number): Iterable<Placed>
  records(query: RecordQuery, horizons: Horizons): InvocationRecord[]
}

export function createQueries(sqlite: DatabaseSync): Queries {
  const load = sqlite.prepare('SELECT text, numbers FROM blocks WHERE id = ? AND (? IS NULL OR instr(text, ?) > 0)')

  /** Undefined when the block does not mention `needle`, or is gone. */
  function read({ id, functionKey, count }: FoundBlock, needle: string | null) {
    const row = load.get(id, needle, needle) as { text: string; numbers: Uint8Array } | undefined
    if (row === undefined) return undefined
    // SQLite's bytes need not be aligned to 8: copied, they are.
    const numbers = new Float64Array(Uint8Array.from(row.numbers).buffer)
    return { functionKey, count, text: row.text, numbers }
  }

  function* lineBlocks(fromMs: number, toMs: number, query: LogQuery): Generator<FoundBlock> {
    const [boundary, order] = query.descending === true ? ['toMs', 'DESC'] : ['fromMs', 'ASC']
    const ofKind = (kind: string): string =>
      `SELECT id, functionKey, kind, ${boundary} AS boundaryMs, count FROM blocks
       WHERE functionKey = :functionKey AND kind = '${kind}' AND toMs >= :fromMs AND fromMs <= :toMs`
    const found = sqlite.prepare(`${ofKind('lines')} UNION ALL ${ofKind('records')} ORDER BY boundaryMs ${order}`)
    yield* found.iterate({ functionKey: query.functionKey, fromMs, toMs }) as unknown as Iterable<FoundBlock>
  }

  function* recordBlocks(fromMs: number, toMs: number, query: RecordQuery): Generator<FoundBlock> {
    const [boundary, order] = query.descending === true ? ['startedToMs', 'DESC'] : ['startedFromMs', 'ASC']
    const conditions = ["kind = 'records'", 'startedToMs >= :fromMs', 'startedFromMs <= :toMs']
    if (query.functionKey !== undefined) conditions.push('functionKey = :functionKey')
    if (query.failed === true) conditions.push('failed > 0')
    if (query.failed === false) conditions.push('failed < count')
    const found = sqlite.prepare(
      `SELECT id, functionKey, kind, ${boundary} AS boundaryMs, count FROM blocks
       WHERE ${conditions.join(' AND ')} ORDER BY ${boundary} ${order}`,
    )
    const bind = query.functionKey === undefined ? { fromMs, toMs } : { fromMs, toMs, functionKey: query.functionKey }
    yield* found.iterate(bind) as unknown as Iterable<FoundBlock>
  }

  function placedLines(block: FoundBlock, needle: string | null): Placed[] {
    const stored = read(block, needle)
    if (stored === undefined) return []
    const place = (line: LogLine, rank: number, index: number): Placed => {
      const { timeMs, requestId } = line
      return { line, at: { timeMs, requestId, rank, blockId: block.id, index } }
    }
    if (block.kind === 'lines') return linesOf(stored).map((line, index) => place(line, lineRank(line), index))
    return recordsOf(stored).flatMap((record, index) =>
      markersOf(record).map((marker) => place(marker.line, marker.rank, index)),
    )
  }

  function* orderedLines(query: LogQuery, horizonMs: number): Generator<Placed> {
    const descending = query.descending === true
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor)
    const acceptedMs = query.requestId === undefined ? undefined : requestIdTimeMs(query.requestId)
    const fromMs = Math.max(query.fromMs ?? 0, horizonMs, (acceptedMs ?? 0) - REQUEST_ID_SLACK_MS)
    const toMs = query.toMs ?? Number.MAX_SAFE_INTEGER
    const matches = lineFilter(query)
    const wanted = ({ line, at }: Placed): boolean => {
      if (line.timeMs < fromMs || line.timeMs >= toMs || !matches(line)) return false
      if (after === undefined) return true
      return descending ? comparePositions(at, after) < 0 : comparePositions(at, after) > 0
    }
    const firstMs = after === undefined || descending ? fromMs : Math.max(fromMs, after.timeMs)
    const lastMs = after === undefined || !descending ? toMs : Math.min(toMs, after.timeMs)
    const needle = needleOf(query.requestId)
    yield* mergeBlocks(
      mapped(lineBlocks(Math.floor(firstMs), Math.ceil(lastMs), query), (block) => ({
        boundaryMs: block.boundaryMs,
        items: () => placedLines(block, needle).filter(wanted),
      })),
      { descending, timeOf: ({ line }) => line.timeMs, compare: (a, b) => comparePositions(a.at, b.at) },
    )
  }

  /** Records whose `startedMs` lies in the range; positions break ties so that the order is stable. */
  function* orderedRecords(fromMs: number, toMs: number, query: RecordQuery): Generator<InvocationRecord> {
    const needle = needleOf(query.requestId)
    const wanted = ({ requestId, startedMs, fault }: InvocationRecord): boolean =>
      startedMs >= fromMs &&
      startedMs < toMs &&
      (query.requestId === undefined || requestId === query.requestId) &&
      (query.failed === undefined || query.failed === (fault !== null))
    const merged = mergeBlocks(
      mapped(recordBlocks(Math.floor(fromMs), Math.ceil(toMs), query), (block) => ({
        boundaryMs: block.boundaryMs,
        items: () => {
          const stored = read(block, needle)
          const records = stored === undefined ? [] : recordsOf(stored)
          return records
            .map((record, index) => ({ record, blockId: block.id, index }))
            .filter((it) => wanted(it.record))
        },
      })),
      {
        descending: query.descending === true,
        timeOf: ({ record }) => record.startedMs,
        compare: (a, b) => a.record.startedMs - b.record.startedMs || a.blockId - b.blockId || a.index - b.index,
      },
    )
    for (const { record } of merged) yield record
  }

  return {
    placedLines: orderedLines,
    lines(query, horizonMs) {
      const lines: LogLine[] = []
      let last: Position | undefined
      let pageBytes = 0
      for (const { line, at } of orderedLines(query, horizonMs)) {
        if (last !== undefined && (lines.length === query.limit || pageBytes >= PAGE_BYTES_MAX)) {
          return { lines, nextCursor: encodeCursor(last) }
        }
        lines.push(line)
        pageBytes += line.text.length
        last = at
      }
      return { lines }
    },
    records(query, horizons) {
      const fromMs = Math.max(query.fromMs ?? 0, earliestHorizon(horizons, query.functionKey))
      const toMs = query.toMs ?? Number.MAX_SAFE_INTEGER
      const acceptedMs = query.requestId === undefined ? undefined : requestIdTimeMs(query.requestId)
      if (acceptedMs !== undefined) {
        // An id of ours tells when its request was accepted, which is where its record says it started.
        const narrowFromMs = Math.max(fromMs, acceptedMs - REQUEST_ID_SLACK_MS)
        const narrowToMs = Math.min(toMs, acceptedMs + REQUEST_ID_SLACK_MS)
        const near = taken(kept(orderedRecords(narrowFromMs, narrowToMs, query), horizons), query.limit)
        if (near.length > 0) return near
      }
      return taken(kept(orderedRecords(fromMs, toMs, query), horizons), query.limit)
    },
  }
}

function lineFilter(query: LogQuery): (line: LogLine) => boolean {
  const { versionId, requestId, instanceId } = query
  const text = query.text === undefined || query.text === '' ? undefined : query.text.toLowerCase()
  return (line) =>
    (versionId === undefined || line.versionId === versionId) &&
    (requestId === undefined || line.requestId === requestId) &&
    (instanceId === undefined || line.instanceId === instanceId) &&
    (text === undefined || line.text.toLowerCase().includes(text))
}

/** How a request id looks inside the JSON text of a block; null when none is asked for. */
function needleOf(requestId: string | undefined): string | null {
  return requestId === undefined ? null : JSON.stringify(requestId).slice(1, -1)
}

/** Functions may keep theirs for a shorter time than others. */
function* kept(records: Iterable<InvocationRecord>, horizons: Horizons): Generator<InvocationRecord> {
  for (const record of records) if (record.startedMs >= horizonOf(horizons, record.functionKey)) yield record
}

function* mapped<From, To>(items: Iterable<From>, change: (item: From) => To): Generator<To> {
  for (const item of items) yield change(item)
}

function taken<Item>(items: Iterable<Item>, limit: number): Item[] {
  const list: Item[] = []
  for (const item of items) if (list.push(item) >= limit) break
  return list
}
