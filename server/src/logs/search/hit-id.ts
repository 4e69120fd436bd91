/** What finds a hit again: its function and its place in that log, as text. */
import { FcError } from '../../errors.ts'
import type { FunctionKey } from '../../model.ts'
import { decodeCursor, encodeCursor, type Position } from '../cursor.ts'

export interface HitPlace {
  functionKey: FunctionKey
  at: Position
}

export function encodeHitId({ functionKey, at }: HitPlace): string {
  return `${functionKey}~${encodeCursor(at)}`
}

/** Throws FcError InvalidArgument for anything that `encodeHitId` did not make. */
export function decodeHitId(id: string): HitPlace {
  const end = id.indexOf('~')
  try {
    if (end > 0) return { functionKey: id.slice(0, end), at: decodeCursor(id.slice(end + 1)) }
  } catch {
    // Told below, by its own name.
  }
  throw new FcError('InvalidArgument', 'id is invalid: it must be the id of a hit of a search')
}
