/**
 * What the stored text of a block must hold for one of its rows to match: found by looking, before anything of the block
 * is parsed. Never misses: a block without a needle has no row that matches.
 */
import { fold, type Condition } from '../query/condition.ts'
import { numberOf } from '../query/parse.ts'
import { REQUEST_LINE_WORDS } from './request-fields.ts'
import { isCommonField, type Source } from './row.ts'

/** Of each clause, one needle must be there. */
export type Needles = readonly (readonly string[])[]

/** Stored in each block as they are. */
const STORED_FIELDS = ['versionid', 'requestid', 'instanceid', 'hook']
const STORED = {
  log: new Set([...STORED_FIELDS, 'stream']),
  request: new Set([...STORED_FIELDS, 'qualifier', 'method', 'requesturi', 'clientip', 'errortype']),
}
/** What no writer of JSON escapes. */
const UNESCAPED = /[a-z0-9_ .-]+/g
/** Of a line that a record is shown as: what the platform put in is delimited by anything else. */
const TOKEN = /[\p{L}\p{N}\p{M}_]+/gu

export function needlesOf(condition: Condition, source: Source): Needles {
  switch (condition.kind) {
    case 'all':
    case 'not':
      return []
    case 'and':
      return condition.parts.flatMap((part) => needlesOf(part, source))
    case 'or': {
      const clauses = condition.parts.map((part) => longest(needlesOf(part, source)))
      return clauses.some((clause) => clause === undefined) ? [] : [clauses.flatMap((clause) => clause!)]
    }
    case 'text':
      return clauses(condition.pattern.flatMap(source === 'log' ? stored : ofRequestLine))
    case 'is':
      return clauses(ofField(condition.field, condition.pattern, source))
    case 'range':
      return clauses(source === 'log' && !isCommonField(condition.field) ? ofPath(condition.field) : [])
  }
}

/** `text` is folded. */
export function holdsNeedles(text: string, needles: Needles): boolean {
  return needles.every((clause) => clause.some((needle) => text.includes(needle)))
}

const clauses = (needles: readonly string[]): Needles => needles.filter((needle) => needle !== '').map((it) => [it])

/** The alternative that is easiest to look for. */
function longest(needles: Needles): readonly string[] | undefined {
  const shortestOf = (clause: readonly string[]) => Math.min(...clause.map(({ length }) => length))
  return needles.toSorted((a, b) => shortestOf(b) - shortestOf(a))[0]
}

/** As a text looks within the JSON of a block. */
function stored(piece: string): string[] {
  return piece.isWellFormed() ? [fold(JSON.stringify(piece).slice(1, -1))] : []
}

/** Only what cannot be of the platform's own words and figures is sure to be stored. */
function ofRequestLine(piece: string): string[] {
  return (fold(piece).match(TOKEN) ?? []).filter((token) => !/^\d+$/.test(token) && !REQUEST_LINE_WORDS.includes(token))
}

function ofField(field: string, pattern: readonly string[], source: Source): string[] {
  const name = field.toLowerCase()
  if (STORED[source].has(name)) return pattern.flatMap(stored)
  if (name === 'message') return pattern.flatMap(source === 'log' ? stored : ofRequestLine)
  if (source === 'request') return []
  const values = pattern.length === 1 && numberOf(pattern[0]!) !== undefined ? [] : pattern.flatMap(unescaped)
  if (name === 'level') return values
  return isCommonField(name) ? [] : [...ofPath(field), ...values]
}

/** Parts of a value of JSON within a line. A number may be spelt in several ways. */
function unescaped(piece: string): string[] {
  return (fold(piece).match(UNESCAPED) ?? []).filter((run) => /[a-df-z]/.test(run) && numberOf(run) === undefined)
}

/** Names of members on the way to a value; an item of a list has none. */
function ofPath(field: string): string[] {
  return field
    .split('.')
    .filter((name) => /^[A-Za-z0-9_ -]+$/.test(name) && !/^\d+$/.test(name))
    .map(fold)
}
