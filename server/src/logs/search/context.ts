/** The lines around a hit, as its function's log shows them. */
import type { DatabaseSync } from 'node:sqlite'
import { linesOf, recordsOf, type Block } from '../blocks.ts'
import { encodeCursor, type Position } from '../cursor.ts'
import { markersOf, rankOf } from '../markers.ts'
import type { LogHit } from '../port.ts'
import { createQueries, PAGE_BYTES_MAX, type Placed } from '../queries.ts'
import { hitOf } from './find.ts'
import type { HitPlace } from './hit-id.ts'
import { Row } from './row.ts'

export interface ContextAsk {
  place: HitPlace
  before: number
  after: number
  horizonMs: number
}

/** Oldest first, the hit itself among them; undefined when it is stored no more. */
export function findContext(sqlite: DatabaseSync, ask: ContextAsk): LogHit[] | undefined {
  const { place, before, after, horizonMs } = ask
  const { functionKey, at } = place
  const row = rowAt(sqlite, place)
  if (row === undefined || row.timeMs < horizonMs) return undefined
  const queries = createQueries(sqlite)
  const lines = (descending: boolean, limit: number) =>
    taken(queries.placedLines({ functionKey, descending, limit, cursor: encodeCursor(at) }, horizonMs), limit)
  const hits = (placed: readonly Placed[]) => placed.map((each) => hitOf(Row.ofLine(each.line), each.at, []))
  return [...hits(lines(true, before).toReversed()), hitOf(row, at, []), ...hits(lines(false, after))]
}

function taken(lines: Iterable<Placed>, limit: number): Placed[] {
  const list: Placed[] = []
  if (limit === 0) return list
  let bytes = 0
  for (const placed of lines) {
    list.push(placed)
    bytes += placed.line.text.length
    if (list.length >= limit || bytes >= PAGE_BYTES_MAX) break
  }
  return list
}

interface StoredBlock {
  kind: Block['kind']
  count: number
  text: string
  numbers: Uint8Array
}

function rowAt(sqlite: DatabaseSync, { functionKey, at }: HitPlace): Row | undefined {
  const load = sqlite.prepare('SELECT kind, count, text, numbers FROM blocks WHERE id = ? AND functionKey = ?')
  const stored = load.get(at.blockId, functionKey) as unknown as StoredBlock | undefined
  if (stored === undefined || at.index >= stored.count) return undefined
  const block = { ...stored, functionKey, numbers: new Float64Array(Uint8Array.from(stored.numbers).buffer) }
  if (stored.kind === 'lines') {
    const line = linesOf(block)[at.index]
    return line === undefined ? undefined : Row.ofLine(line)
  }
  return rowOfRecord(block, at)
}

function rowOfRecord(block: Parameters<typeof recordsOf>[0], { index, rank }: Position): Row | undefined {
  const record = recordsOf(block)[index]
  if (record === undefined) return undefined
  if (rank === rankOf.end) return Row.ofRecord(record)
  const marker = markersOf(record).find((each) => each.rank === rank)
  return marker === undefined ? undefined : Row.ofLine(marker.line)
}
