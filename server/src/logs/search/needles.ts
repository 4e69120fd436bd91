/**
 * What the stored text of a block must hold for one of its rows to match: found by looking, before anything of the block
 * is parsed. Never misses: a block without a needle has no row that matches.
 */
import { fold, type Condition } from '../query/condition.ts'
import { numberOf } from '../query/parse.ts'
import { isWithin, valueMatcher } from './match.ts'
import { holdsMember, type MemberNeedle } from './member-needle.ts'
import { REQUEST_LINE_WORDS } from './request-fields.ts'
import { isCommonField, type Source } from './row.ts'

/** A text, or a member of JSON whose value is as it must be. */
type Needle = string | MemberNeedle

/** Of each clause, one needle must be there. */
export type Needles = readonly (readonly Needle[])[]

/** How easy a member is to look for, beside texts: it is seldom there by chance. */
const MEMBER_LENGTH = 8

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
      return clauses(ofField(condition, source))
    default:
      return source === 'log' && !isCommonField(condition.field)
        ? clauses(ofPath(condition.field, (value) => isWithin(condition, value)))
        : []
  }
}

/** `text` is folded. */
export function holdsNeedles(text: string, needles: Needles): boolean {
  return needles.every((clause) =>
    clause.some((needle) => (typeof needle === 'string' ? text.includes(needle) : holdsMember(text, needle))),
  )
}

const clauses = (needles: readonly Needle[]): Needles => needles.filter((needle) => needle !== '').map((it) => [it])

/** The alternative that is easiest to look for. */
function longest(needles: Needles): readonly Needle[] | undefined {
  const lengthOf = (needle: Needle) => (typeof needle === 'string' ? needle.length : MEMBER_LENGTH)
  const shortestOf = (clause: readonly Needle[]) => Math.min(...clause.map(lengthOf))
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

function ofField({ field, pattern }: Condition & { kind: 'is' }, source: Source): Needle[] {
  const name = field.toLowerCase()
  if (STORED[source].has(name)) return pattern.flatMap(stored)
  if (name === 'message') return pattern.flatMap(source === 'log' ? stored : ofRequestLine)
  if (source === 'request') return []
  const values = pattern.length === 1 && numberOf(pattern[0]!) !== undefined ? [] : pattern.flatMap(unescaped)
  if (name === 'level') return values
  return isCommonField(name) ? [] : [...ofPath(field, valueMatcher(pattern)), ...values]
}

/** Parts of a value of JSON within a line. A number may be spelt in several ways. */
function unescaped(piece: string): string[] {
  return (fold(piece).match(UNESCAPED) ?? []).filter((run) => /[a-df-z]/.test(run) && numberOf(run) === undefined)
}

/** Names of members on the way to a value, where an item of a list has none, and the value itself. */
function ofPath(field: string, accepts: MemberNeedle['accepts']): Needle[] {
  const isName = (part: string) => /^[A-Za-z0-9_ -]+$/.test(part) && !/^\d+$/.test(part)
  const parts = field.split('.')
  const last = parts.at(-1)!
  const member = isName(last) ? [{ nameEnd: `${fold(last)}\\"`, accepts }] : []
  return [...member, ...parts.slice(0, -1).filter(isName).map(fold)]
}
