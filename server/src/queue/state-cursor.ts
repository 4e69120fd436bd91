/** Where a page of states ends: the last state of it, so that writes between two pages move nothing across. */
import { FcError } from '../errors.ts'
import type { State } from './port.ts'

export function encodeCursor({ startedMs, key }: State): string {
  return Buffer.from(JSON.stringify([startedMs, key])).toString('base64url')
}

/** It comes from a client, so that anything may be in it: throws FcError InvalidArgument. */
export function decodeCursor(cursor: string): [startedMs: number, key: string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [startedMs, key] = Array.isArray(value) ? (value as unknown[]) : []
    if (Number.isSafeInteger(startedMs) && typeof key === 'string') return [startedMs as number, key]
  } catch {
    // As below.
  }
  throw new FcError('InvalidArgument', 'the token of the page is invalid: it must be one that the page before returned')
}
