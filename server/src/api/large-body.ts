/** Reads a large body: up to seconds of work, which the event loop must not wait for. Pure. */
import { hash, randomUUID } from 'node:crypto'
import { FcError } from '../errors.ts'
import { BODY_BYTES_MAX } from './body-limits.ts'
import { decodeZipFile } from './operations/code.ts'

export interface LargeBody {
  /** JSON, at most BODY_BYTES_MAX; when `zip` is not null, `code.zipFile` is empty in it. */
  text: string
  /** The bytes of `code.zipFile`, or why there are none; null when the text has it all. */
  zip: Buffer | FcError | null
}

/** Shorter texts are not worth taking out of the body. */
const LITERAL_BYTES_MIN = 64 * 1024
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Takes the longest text out of the body if it is the one of `code.zipFile`; only the small rest is parsed.
 * Throws FcError: SignatureNotMatch, InvalidArgument (no JSON), EntityTooLarge (large in another place).
 */
export function readLargeBody(body: Buffer, signedSha256: string | null): LargeBody {
  checkDigest(body, signedSha256)
  const [start, end] = longestLiteral(body)
  const literalBytes = end - start
  if (literalBytes >= LITERAL_BYTES_MIN && body.length - literalBytes <= BODY_BYTES_MAX) {
    const withText = (text: string) => `${body.toString('utf8', 0, start)}"${text}"${body.toString('utf8', end)}`
    // No caller can know the mark: where it is found, the literal was.
    const mark = randomUUID()
    if (zipFileOf(parseBody(withText(mark))) === mark) {
      return { text: withText(''), zip: decodeLiteral(body.subarray(start, end)) }
    }
  }
  if (body.length > BODY_BYTES_MAX) {
    throw new FcError('EntityTooLarge', `the body without code.zipFile must be at most ${BODY_BYTES_MAX} bytes`)
  }
  return { text: body.toString(), zip: null }
}

/** Throws FcError SignatureNotMatch; `signed` is null when the signature does not cover the body. */
export function checkDigest(body: Buffer, signed: string | null): void {
  if (signed === null || hash('sha256', body) === signed.toLowerCase()) return
  throw new FcError('SignatureNotMatch', 'the body is not the one that x-acs-content-sha256 describes')
}

export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FcError('InvalidArgument', 'the body must be JSON')
  }
}

/** Where the longest string literal of a JSON text begins and ends, quotes included. */
function longestLiteral(json: Buffer): [start: number, end: number] {
  let longest: [number, number] = [0, 0]
  let start = json.indexOf(QUOTE)
  while (start >= 0) {
    const end = endOfLiteral(json, start)
    if (end - start > longest[1] - longest[0]) longest = [start, end]
    start = json.indexOf(QUOTE, end)
  }
  return longest
}

/** A literal that does not end takes all that is left; parsing finds that out. */
function endOfLiteral(json: Buffer, start: number): number {
  let from = start + 1
  for (;;) {
    const quote = json.indexOf(QUOTE, from)
    if (quote < 0) return json.length
    let backslashes = 0
    while (json[quote - 1 - backslashes] === BACKSLASH) backslashes++
    from = quote + 1
    if (backslashes % 2 === 0) return from
  }
}

function zipFileOf(body: unknown): unknown {
  return member(member(body, 'code'), 'zipFile')
}

/** A member as the reader in `schema.ts` finds it: the exact spelling, else the last one in any case that is not null. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name]
  const wanted = name.toLowerCase()
  return Object.entries(value).findLast(([key, member]) => key.toLowerCase() === wanted && member !== null)?.[1]
}

/** Throws FcError when the literal is no JSON. That its text is no package is for the operation to say in its turn. */
function decodeLiteral(literal: Buffer): Buffer | FcError {
  const text = textOf(literal)
  try {
    return decodeZipFile(text)
  } catch (error) {
    if (error instanceof FcError) return error
    throw error
  }
}

/** Base64 needs no parsing, and not the copy that it makes. */
function textOf(literal: Buffer): string {
  const plain = literal.toString('latin1', 1, literal.length - 1)
  return /[^\w+/=-]/.test(plain) ? (parseBody(literal.toString()) as string) : plain
}
