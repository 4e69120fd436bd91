/**
 * What functions print is hostile until it is shown as text: a line becomes pieces of plain text with a style, in which
 * nothing is left that moves a cursor, turns the direction of reading or hides what stands there.
 */
import { applySgr, type AnsiStyle, PLAIN, SGR_AT } from './ansi.ts'

export interface Piece {
  text: string
  style: AnsiStyle
  /** A symbol that stands for a character that cannot be seen, or that changes how others are seen. */
  isSymbol: boolean
  isHighlighted: boolean
}

/** Start and end in UTF-16 units of the text, as the server counts. */
export type Range = readonly [number, number]

export interface Excerpt {
  /** What of the text is shown, in UTF-16 units. */
  start: number
  end: number
}

/** How much of a line is shown at first, and after each wish to see more. */
export const SHOWN_STEPS = [1000, 10_000, 100_000, Number.POSITIVE_INFINITY]

/** Stands before the first highlight when a line is too long to be shown from its start. */
const BEFORE_HIGHLIGHT = 200

/** The stretch of at most `lengthMax` to show: from the start, or from shortly before a highlight that would be cut off. */
export function excerptOf(text: string, highlights: readonly Range[], lengthMax: number): Excerpt {
  if (text.length <= lengthMax) return { start: 0, end: text.length }
  const first = highlights[0]?.[0] ?? 0
  const start = first + BEFORE_HIGHLIGHT < lengthMax ? 0 : Math.min(first - BEFORE_HIGHLIGHT, text.length - lengthMax)
  return { start: betweenCharacters(text, start), end: betweenCharacters(text, start + lengthMax) }
}

function betweenCharacters(text: string, at: number): number {
  return isLowSurrogate(text.charCodeAt(at)) && isHighSurrogate(text.charCodeAt(at - 1)) ? at - 1 : at
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff

/** Characters that are shown as symbols: controls but for the tab, those that turn direction or take no room, broken pairs. */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- they are what it looks for
  /[\0-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\ud800-\udfff]/uy

/** Of the controls from 0 on. */
const CONTROLS =
  `NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US`.split(
    ' ',
  )

const NAMES: Record<number, string> = {
  0x7f: 'DEL',
  0x00ad: 'SHY',
  0x061c: 'ALM',
  0x180e: 'MVS',
  0x200b: 'ZWSP',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x2028: 'LSEP',
  0x2029: 'PSEP',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
}

/** Its name or number in brackets, such as `⟨ESC⟩`: few fonts have the pictures of controls. */
export function symbolOf(codePoint: number): string {
  const name = CONTROLS[codePoint] ?? NAMES[codePoint]
  return `⟨${name ?? `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`}⟩`
}

/** A browser lays thousands of pieces out in a moment, and hangs with tens of thousands. */
export const PIECES_MAX = 2000

/**
 * The pieces of an excerpt. A colour that began before it goes on in it. Beyond so many pieces the text goes on as one,
 * without colours: its symbols stay.
 */
export function piecesOf(text: string, highlights: readonly Range[], excerpt: Excerpt): Piece[] {
  const pieces: Piece[] = []
  let style = PLAIN
  let highlight = 0
  for (let at = 0; at < excerpt.end;) {
    SGR_AT.lastIndex = at
    const sgr = text.charCodeAt(at) === 0x1b ? SGR_AT.exec(text) : null
    if (sgr !== null) {
      style = applySgr(style, sgr[1]!)
      at = SGR_AT.lastIndex
      continue
    }
    const codePoint = text.codePointAt(at)!
    const length = codePoint > 0xffff ? 2 : 1
    if (at >= excerpt.start) {
      while ((highlights[highlight]?.[1] ?? Number.POSITIVE_INFINITY) <= at) highlight++
      const isHighlighted = (highlights[highlight]?.[0] ?? Number.POSITIVE_INFINITY) <= at
      UNSEEN.lastIndex = at
      const isSymbol = UNSEEN.test(text)
      append(pieces, isSymbol ? symbolOf(codePoint) : text.slice(at, at + length), { style, isSymbol, isHighlighted })
    }
    at += length
  }
  return pieces
}

const REST: Omit<Piece, 'text'> = { style: PLAIN, isSymbol: false, isHighlighted: false }

function append(pieces: Piece[], text: string, wanted: Omit<Piece, 'text'>): void {
  const last = pieces.at(-1)
  const look = pieces.length < PIECES_MAX ? wanted : REST
  const isAlike =
    last?.style === look.style && last.isSymbol === look.isSymbol && last.isHighlighted === look.isHighlighted
  if (isAlike) last.text += text
  else pieces.push({ text, ...look })
}
