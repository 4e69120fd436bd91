/** Objects as lists of stretches of blobs: which of them a range needs, and the stream of their bytes. */
import { Readable } from 'node:stream'
import type { BlobStore, ByteRange } from '../blobs/port.ts'
import type { Piece } from './index/model.ts'

/** The stretches that hold these bytes of the whole. */
export function slicePieces(pieces: readonly Piece[], range: ByteRange): Piece[] {
  const slices: Piece[] = []
  let start = 0
  for (const { blob, first, bytes } of pieces) {
    const from = Math.max(range.first, start)
    const to = Math.min(range.last, start + bytes - 1)
    if (from <= to) slices.push({ blob, first: first + from - start, bytes: to - from + 1 })
    start += bytes
  }
  return slices
}

/** The first one is open when it resolves; each of the others is opened when its turn comes. */
export async function openPieces(blobs: BlobStore, pieces: readonly Piece[]): Promise<Readable> {
  const [first, ...rest] = pieces
  if (first === undefined) return Readable.from([])
  const stream = await openPiece(blobs, first)
  return rest.length === 0 ? stream : Readable.from(inTurn(blobs, stream, rest), { objectMode: false })
}

function openPiece(blobs: BlobStore, { blob, first, bytes }: Piece): Promise<Readable> {
  return blobs.open(blob, { first, last: first + bytes - 1 })
}

async function* inTurn(blobs: BlobStore, first: Readable, rest: readonly Piece[]): AsyncGenerator<Uint8Array> {
  yield* first as AsyncIterable<Uint8Array>
  for (const piece of rest) yield* (await openPiece(blobs, piece)) as AsyncIterable<Uint8Array>
}
