/** Holds a condition against rows. */
import { splitFunctionKey } from '../../model.ts'
import { fold, type Condition, type Pattern } from '../query/condition.ts'
import { numberOf } from '../query/parse.ts'
import { isRequestField } from './request-fields.ts'
import { isCommonField, topicOf, type Row, type Source } from './row.ts'

/** Of one hit. */
const HIGHLIGHTS_MAX = 100

export type Matcher = (row: Row) => boolean

export function matcherOf(condition: Condition): Matcher {
  switch (condition.kind) {
    case 'all':
      return () => true
    case 'and': {
      const parts = condition.parts.map(matcherOf)
      return (row) => parts.every((matches) => matches(row))
    }
    case 'or': {
      const parts = condition.parts.map(matcherOf)
      return (row) => parts.some((matches) => matches(row))
    }
    case 'not': {
      const matches = matcherOf(condition.part)
      return (row) => !matches(row)
    }
    case 'text': {
      const pieces = textPieces(condition.pattern)
      return ({ folded }) => findPieces(folded, pieces, 0) !== undefined
    }
    case 'is': {
      const matches = valueMatcher(condition.pattern)
      const { field } = condition
      return (row) => matches(row.value(field))
    }
    default: {
      const { field } = condition
      return (row) => isWithin(condition, row.value(field))
    }
  }
}

/**
 * What is known of all rows of a block: whether a condition holds for all, for none (false), or for some perhaps
 * (undefined).
 */
export function holdsForAll(condition: Condition, source: Source, functionKey: string): boolean | undefined {
  switch (condition.kind) {
    case 'all':
      return true
    case 'and': {
      const parts = condition.parts.map((part) => holdsForAll(part, source, functionKey))
      return parts.includes(false) ? false : parts.includes(undefined) ? undefined : true
    }
    case 'or': {
      const parts = condition.parts.map((part) => holdsForAll(part, source, functionKey))
      return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false
    }
    case 'not': {
      const part = holdsForAll(condition.part, source, functionKey)
      return part === undefined ? undefined : !part
    }
    case 'text':
      return undefined
    case 'is': {
      const value = blockValue(condition.field, source, functionKey)
      if (value !== undefined) return valueMatcher(condition.pattern)(value)
      return mayHave(condition.field, source) ? undefined : false
    }
    default:
      return mayHave(condition.field, source) ? undefined : false
  }
}

/** The level is what a line says of itself. */
function mayHave(field: string, source: Source): boolean {
  if (source === 'log') return true
  return field.toLowerCase() !== 'level' && (isCommonField(field) || isRequestField(field))
}

function blockValue(field: string, source: Source, functionKey: string): string | undefined {
  switch (field.toLowerCase()) {
    case 'functionname':
      return splitFunctionKey(functionKey).name
    case 'servicename':
      return splitFunctionKey(functionKey).service ?? ''
    case '__topic__':
      return topicOf(functionKey, source)
    case 'source':
      return source
    case 'stream':
      return source === 'request' ? 'system' : undefined
    default:
      return undefined
  }
}

export function valueMatcher(pattern: Pattern): (value: unknown) => boolean {
  const pieces = pattern.map(fold)
  const number = pieces.length === 1 ? numberOf(pieces[0]!) : undefined
  const isThere = pieces.length === 2 && pieces[0] === '' && pieces[1] === ''
  const matches = (value: unknown): boolean => {
    if (value === undefined || value === null) return false
    if (isThere) return true
    if (Array.isArray(value)) return value.some((item) => !Array.isArray(item) && matches(item))
    if (typeof value === 'object') return false
    if (typeof value === 'number' && number !== undefined) return value === number
    return isPieces(fold(typeof value === 'string' ? value : JSON.stringify(value)), pieces)
  }
  return matches
}

export function isWithin(range: Condition & { kind: 'range' }, value: unknown): boolean {
  const number = typeof value === 'string' ? numberOf(value) : value
  if (typeof number !== 'number') return false
  const { from, to, fromIncluded, toIncluded } = range
  return (number > from || (fromIncluded && number === from)) && (number < to || (toIncluded && number === to))
}

/** The whole text is the pieces in their order, with anything between them. */
function isPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!
  if (pieces.length === 1) return text === first
  const last = pieces.at(-1)!
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found < 0 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}

/** Within a text a star at either end says nothing. */
const textPieces = (pattern: Pattern): string[] => pattern.filter((piece) => piece !== '').map(fold)

const SPACE = /\s/g

/**
 * Where the pieces first stand in their order, from `from` on, with no white space between one and the next. Takes
 * time that grows with the length of the text, whatever the pieces.
 */
function findPieces(text: string, pieces: readonly string[], from: number): [number, number] | undefined {
  const first = pieces[0]!
  let start = text.indexOf(first, from)
  if (pieces.length === 1) return start < 0 ? undefined : [start, start + first.length]
  while (start >= 0) {
    SPACE.lastIndex = start + first.length
    const end = SPACE.exec(text)?.index ?? text.length
    let at = start + first.length
    for (const piece of pieces.slice(1)) {
      const found = text.indexOf(piece, at)
      // Nor is it found from a later place.
      if (found < 0) return undefined
      at = found + piece.length
      if (at > end) break
    }
    if (at <= end) return [start, at]
    // What does not end in this stretch is not found in one before that in which it ends.
    start = text.indexOf(first, stretchStart(text, at))
  }
  return undefined
}

/** Behind the last white space before `end`. */
function stretchStart(text: string, end: number): number {
  let at = end
  while (at > 0 && text[at - 1]!.trim() !== '') at--
  return at
}

/** Patterns that a row's text was looked through for: those that are not negated. */
export function textPatterns(condition: Condition): string[][] {
  if (condition.kind === 'text') return [textPieces(condition.pattern)]
  if (condition.kind === 'and' || condition.kind === 'or') return condition.parts.flatMap(textPatterns)
  return []
}

/** Start and end of what matches, ascending and apart. Where folding moves places, none. */
export function highlightsOf(row: Row, patterns: readonly string[][]): [number, number][] {
  const { folded, line } = row
  if (folded.length !== line.text.length) return []
  const found: [number, number][] = []
  for (const pieces of patterns) {
    let from = 0
    for (let i = 0; i < HIGHLIGHTS_MAX; i++) {
      const range = findPieces(folded, pieces, from)
      if (range === undefined || range[1] === range[0]) break
      found.push(range)
      from = range[1]
    }
  }
  const merged: [number, number][] = []
  for (const [start, end] of found.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged.slice(0, HIGHLIGHTS_MAX)
}
