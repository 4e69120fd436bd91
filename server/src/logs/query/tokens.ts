/** The words and signs of a query, with their places. */
import { QueryError } from './error.ts'

export type Sign = '(' | ')' | '[' | ']' | ':' | '>' | '>=' | '<' | '<=' | '=' | '!='

export type Token =
  /** Without quotes: may be a keyword, and `*` in it stands for anything. */
  | { kind: 'word'; text: string; at: number }
  | { kind: 'phrase'; text: string; at: number }
  | { kind: 'sign'; text: Sign; at: number }
  /** The end, or the pipe before an analysis. */
  | { kind: 'end' | 'pipe'; text: ''; at: number }

const SPACE = /\s/
const WORD = /[^\s"()[\]:<>=|]+/y
const SIGN = /!=|>=|<=|[()[\]:<>=]/y

export const isWord = (text: string): boolean => /^[^\s"()[\]:<>=|]+$/.test(text) && !text.startsWith('!')

/** The last one is `end` or `pipe`. */
export function tokensOf(query: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < query.length) {
    const character = query[at]!
    if (SPACE.test(character)) {
      at++
      continue
    }
    if (character === '|') return [...tokens, { kind: 'pipe', text: '', at }]
    if (character === '"') {
      const { text, end } = phraseAt(query, at)
      tokens.push({ kind: 'phrase', text, at })
      at = end
      continue
    }
    const token = signAt(query, at) ?? wordAt(query, at)
    tokens.push(token)
    at += token.text.length
  }
  return [...tokens, { kind: 'end', text: '', at }]
}

function signAt(query: string, at: number): Token | undefined {
  SIGN.lastIndex = at
  const text = SIGN.exec(query)?.[0] as Sign | undefined
  return text === undefined ? undefined : { kind: 'sign', text, at }
}

function wordAt(query: string, at: number): Token {
  WORD.lastIndex = at
  let text = WORD.exec(query)![0]
  // `level!=error`: the sign ends the word, while a mark of exclamation alone is part of it.
  if (text.length > 1 && text.endsWith('!') && query[at + text.length] === '=') text = text.slice(0, -1)
  return { kind: 'word', text, at }
}

/** A backslash takes what follows as it is. */
function phraseAt(query: string, at: number): { text: string; end: number } {
  let text = ''
  for (let next = at + 1; next < query.length; next++) {
    const character = query[next]!
    if (character === '"') return { text, end: next + 1 }
    if (character === '\\' && next + 1 < query.length) next++
    text += query[next]!
  }
  throw new QueryError('a quotation mark opens here and none closes it', at)
}
