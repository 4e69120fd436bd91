/** Reads the query language of docs/guide/logs.md: recursive descent, one function for each rule. Pure. */
import type { Condition, Pattern, Query } from './condition.ts'
import { QueryError } from './error.ts'
import { tokensOf, type Token } from './tokens.ts'

const QUERY_LENGTH_MAX = 8192
/** Parentheses and NOT within each other. */
const DEPTH_MAX = 100
/** Each is held against every row, for some on the thread that serves. */
const CONDITIONS_MAX = 256
const FIELD_LENGTH_MAX = 256
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Throws QueryError and nothing else. */
export function parseQuery(text: string): Query {
  if (text.length > QUERY_LENGTH_MAX) {
    throw new QueryError(`a query has at most ${QUERY_LENGTH_MAX} characters`, QUERY_LENGTH_MAX)
  }
  const parser = new Parser(tokensOf(text))
  const condition = parser.query()
  const { kind, at } = parser.next
  if (kind === 'end') return { condition, analysis: null }
  const offset = at + 1 + (text.slice(at + 1).length - text.slice(at + 1).trimStart().length)
  const sql = text.slice(offset).trimEnd()
  if (sql === '') throw new QueryError('expected SELECT … behind the pipe', text.length)
  return { condition, analysis: { sql, offset } }
}

const isKeyword = ({ kind, text }: Token, keyword: string) => kind === 'word' && text.toUpperCase() === keyword
const isSign = (token: Token, sign: string) => token.kind === 'sign' && token.text === sign

export function numberOf(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : NaN
  return Number.isFinite(value) ? value : undefined
}

class Parser {
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #conditions = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get next(): Token {
    return this.#tokens[this.#index]!
  }

  /** Everything up to the end or the pipe. */
  query(): Condition {
    if (this.#isAtEnd()) return { kind: 'all' }
    const condition = this.#either()
    if (!this.#isAtEnd()) throw this.#expected('AND, OR or the end')
    return condition
  }

  /** `both OR both …` */
  #either(): Condition {
    const parts = [this.#both()]
    while (isKeyword(this.next, 'OR')) {
      this.#take()
      parts.push(this.#both())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  /** `one AND one …`, where AND may be left out. */
  #both(): Condition {
    const parts = [this.#one()]
    for (;;) {
      if (isKeyword(this.next, 'AND')) this.#take()
      else if (this.#isAtEnd() || isKeyword(this.next, 'OR') || isSign(this.next, ')')) break
      parts.push(this.#one())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  /** `NOT one`, `( either )`, or a condition. */
  #one(): Condition {
    const token = this.next
    if (isKeyword(token, 'NOT')) {
      this.#take()
      return { kind: 'not', part: this.#deeper(token, () => this.#one()) }
    }
    if (!isSign(token, '(')) return this.#leaf()
    this.#take()
    const inner = this.#deeper(token, () => this.#either())
    if (!isSign(this.next, ')')) throw this.#expected(`')' for the one at ${token.at}`)
    this.#take()
    return inner
  }

  #deeper(opened: Token, read: () => Condition): Condition {
    if (++this.#depth > DEPTH_MAX) throw new QueryError(`conditions nest at most ${DEPTH_MAX} deep`, opened.at)
    const inner = read()
    this.#depth--
    return inner
  }

  /** A word or phrase, alone or as the name of a field. */
  #leaf(): Condition {
    const token = this.#value('a word, a field, NOT or (')
    if (++this.#conditions > CONDITIONS_MAX) {
      throw new QueryError(`a query has at most ${CONDITIONS_MAX} conditions`, token.at)
    }
    if (this.next.kind !== 'sign' || /^[()[\]]$/.test(this.next.text)) return textCondition(token)
    const field = token.text
    if (field.length > FIELD_LENGTH_MAX) {
      throw new QueryError(`a field name has at most ${FIELD_LENGTH_MAX} characters`, token.at)
    }
    switch (this.next.text) {
      case ':':
        this.#take()
        return this.#ofField(field)
      case '=':
        this.#take()
        return { kind: 'is', field, pattern: patternOf(this.#value('a value')) }
      case '!=':
        this.#take()
        return { kind: 'not', part: { kind: 'is', field, pattern: patternOf(this.#value('a value')) } }
      case '>':
      case '>=':
      case '<':
      case '<=':
        return this.#comparison(field)
      default:
        return textCondition(token)
    }
  }

  /** Behind the colon: a value, a comparison, or a range as `[100 200)`. */
  #ofField(field: string): Condition {
    const { next } = this
    if (next.kind === 'word' || next.kind === 'phrase') {
      return { kind: 'is', field, pattern: patternOf(this.#value('a value')) }
    }
    if (isSign(next, '[') || isSign(next, '(')) return this.#range(field)
    if (next.kind === 'sign' && /^[<>]/.test(next.text)) return this.#comparison(field)
    throw this.#expected('a value, a comparison or a range such as [100 200)')
  }

  #comparison(field: string): Condition {
    const { text } = this.#take()
    const value = this.#number()
    const isLeast = text.startsWith('>')
    const included = text.endsWith('=')
    return {
      kind: 'range',
      field,
      from: isLeast ? value : -Infinity,
      to: isLeast ? Infinity : value,
      fromIncluded: isLeast && included,
      toIncluded: !isLeast && included,
    }
  }

  #range(field: string): Condition {
    const opening = this.#take()
    const from = this.#number()
    const to = this.#number()
    const closing = this.next
    if (!isSign(closing, ']') && !isSign(closing, ')')) throw this.#expected(`']' or ')' for the one at ${opening.at}`)
    this.#take()
    return { kind: 'range', field, from, to, fromIncluded: opening.text === '[', toIncluded: closing.text === ']' }
  }

  #number(): number {
    const token = this.next
    const value = token.kind === 'word' ? numberOf(token.text) : undefined
    if (value === undefined) throw this.#expected('a number')
    this.#take()
    return value
  }

  #value(expected: string): Token {
    const { next } = this
    const isBinary = isKeyword(next, 'AND') || isKeyword(next, 'OR')
    if ((next.kind !== 'word' && next.kind !== 'phrase') || isBinary) throw this.#expected(expected)
    return this.#take()
  }

  #take(): Token {
    return this.#tokens[this.#index++]!
  }

  #isAtEnd(): boolean {
    return this.next.kind === 'end' || this.next.kind === 'pipe'
  }

  #expected(what: string): QueryError {
    const { kind, text, at } = this.next
    const found = kind === 'end' ? 'the end' : kind === 'pipe' ? "'|'" : `'${text.slice(0, 40)}'`
    return new QueryError(`expected ${what}, found ${found}`, at)
  }
}

function patternOf({ kind, text }: Token): Pattern {
  // Two stars in a row say no more than one.
  return kind === 'phrase' ? [text] : text.replaceAll(/\*+/g, '*').split('*')
}

function textCondition(token: Token): Condition {
  const pattern = patternOf(token)
  return pattern.every((piece) => piece === '') ? { kind: 'all' } : { kind: 'text', pattern }
}
