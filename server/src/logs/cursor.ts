/** Where a line stands in the order of a function's log, and that place as text for the next page. */
import { FcError } from '../errors.ts'

/** Total: no two lines have the same. Lines of one ms are grouped by request, markers around them. */
export interface Position {
  timeMs: number
  requestId: string
  rank: number
  blockId: number
  index: number
}

export function comparePositions(a: Position, b: Position): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  if (a.requestId !== b.requestId) return a.requestId < b.requestId ? -1 : 1
  return a.rank - b.rank || a.blockId - b.blockId || a.index - b.index
}

export function encodeCursor({ timeMs, requestId, rank, blockId, index }: Position): string {
  return Buffer.from(JSON.stringify([timeMs, rank, blockId, index, requestId])).toString('base64url')
}

/** Throws FcError InvalidArgument for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Position {
  try {
    const fields = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const [timeMs, rank, blockId, index, requestId] = fields
    const numbers = [timeMs, rank, blockId, index]
    if (fields.length === 5 && numbers.every(Number.isFinite) && typeof requestId === 'string') {
      return { timeMs, rank, blockId, index, requestId } as Position
    }
  } catch {
    // Told below, like anything else that is not a cursor.
  }
  throw new FcError('InvalidArgument', 'cursor is invalid: it must be the nextCursor of an earlier page')
}
