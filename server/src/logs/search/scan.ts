/** The stored blocks that a search looks into, and the rows of them that match. Synchronous, over a connection that only reads. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { requestIdTimeMs } from '../../clock.ts'
import { linesOf, recordsOf, type Block, type EncodedBlock } from '../blocks.ts'
import type { Position } from '../cursor.ts'
import { earliestHorizon, horizonOf, type Horizons } from '../horizons.ts'
import type { FunctionKey } from '../../model.ts'
import { fold, type Condition } from '../query/condition.ts'
import { REQUEST_ID_SLACK_MS } from '../queries.ts'
import { holdsForAll, matcherOf, type Matcher } from './match.ts'
import { holdsNeedles, needlesOf, type Needles } from './needles.ts'
import { Row, type Source } from './row.ts'

export interface Scope {
  condition: Condition
  functionKey?: FunctionKey | undefined
  fromMs: number
  toMs: number
  horizons: Horizons
}

export interface ListedBlock {
  id: number
  fromMs: number
  toMs: number
  count: number
}

export interface FoundRow {
  row: Row
  at: Position
}

interface StoredBlock {
  functionKey: FunctionKey
  kind: Block['kind']
  count: number
  text: string
}

interface Plan {
  source: Source
  needles: Needles
}

export class Scan {
  readonly #sqlite: DatabaseSync
  readonly #scope: Scope
  readonly #fromMs: number
  readonly #matches: Matcher
  readonly #plans: Record<Block['kind'], Plan>
  /** Text alone: most blocks are told by it to hold nothing. */
  readonly #load: StatementSync
  readonly #loadNumbers: StatementSync

  constructor(sqlite: DatabaseSync, scope: Scope) {
    this.#sqlite = sqlite
    this.#scope = scope
    this.#fromMs = Math.max(
      scope.fromMs,
      earliestHorizon(scope.horizons, scope.functionKey),
      acceptedMs(scope.condition) - REQUEST_ID_SLACK_MS,
    )
    this.#matches = matcherOf(scope.condition)
    const planOf = (source: Source) => ({ source, needles: needlesOf(scope.condition, source) })
    this.#plans = { lines: planOf('log'), records: planOf('request') }
    this.#load = sqlite.prepare('SELECT functionKey, kind, count, text FROM blocks WHERE id = ?')
    this.#loadNumbers = sqlite.prepare('SELECT numbers FROM blocks WHERE id = ?')
  }

  /** In the order of `fromMs`, or of `toMs` the other way round. */
  blocks(descending: boolean): ListedBlock[] {
    const { functionKey, toMs } = this.#scope
    const found = this.#sqlite.prepare(
      `SELECT id, fromMs, toMs, count FROM blocks
       WHERE toMs >= :fromMs AND fromMs < :toMs ${functionKey === undefined ? '' : 'AND functionKey = :functionKey'}
       ORDER BY ${descending ? 'toMs DESC' : 'fromMs'}`,
    )
    const range = { fromMs: Math.floor(this.#fromMs), toMs: Math.ceil(toMs) }
    return found.all(functionKey === undefined ? range : { ...range, functionKey }) as unknown as ListedBlock[]
  }

  /** How many rows of a block match, where that can be told without looking at them. */
  countWithoutReading({ id, fromMs, toMs, count }: ListedBlock): number | undefined {
    const { condition, horizons } = this.#scope
    if (condition.kind !== 'all' || fromMs < this.#fromMs || toMs >= this.#scope.toMs) return undefined
    if (horizons.ofFunctions.size === 0) return count
    const row = this.#sqlite.prepare('SELECT functionKey FROM blocks WHERE id = ?').get(id)
    return row !== undefined && fromMs >= horizonOf(horizons, row['functionKey'] as FunctionKey) ? count : undefined
  }

  /** The rows of a block that match, in the order they are stored; none when it is gone. */
  rowsOf(id: number): FoundRow[] {
    const { condition, toMs, horizons } = this.#scope
    const stored = this.#load.get(id) as unknown as StoredBlock | undefined
    if (stored === undefined) return []
    const plan = this.#plans[stored.kind]
    if (holdsForAll(condition, plan.source, stored.functionKey) === false) return []
    if (plan.needles.length > 0 && !holdsNeedles(fold(stored.text), plan.needles)) return []
    const fromMs = Math.max(this.#fromMs, horizonOf(horizons, stored.functionKey))
    const found: FoundRow[] = []
    for (const [index, row] of this.#decode(id, stored).entries()) {
      if (row.timeMs < fromMs || row.timeMs >= toMs || !this.#matches(row)) continue
      found.push({ row, at: row.position(id, index) })
    }
    return found
  }

  #decode(id: number, stored: StoredBlock): Row[] {
    const found = this.#loadNumbers.get(id) as { numbers: Uint8Array } | undefined
    // Removed since its text was read.
    if (found === undefined) return []
    // SQLite's bytes need not be aligned to 8: copied, they are.
    const numbers = new Float64Array(Uint8Array.from(found.numbers).buffer)
    const block: EncodedBlock = { ...stored, numbers }
    return stored.kind === 'lines'
      ? linesOf(block).map((line) => Row.ofLine(line))
      : recordsOf(block).map((record) => Row.ofRecord(record))
  }
}

/** A request id that is asked for tells when its request was accepted: nothing of it is older. */
function acceptedMs(condition: Condition): number {
  if (condition.kind === 'and') return Math.max(...condition.parts.map(acceptedMs))
  const isRequest = condition.kind === 'is' && condition.field.toLowerCase() === 'requestid'
  return isRequest && condition.pattern.length === 1 ? (requestIdTimeMs(condition.pattern[0]!) ?? 0) : 0
}
