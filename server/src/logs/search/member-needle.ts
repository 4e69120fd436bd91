/** Looks for a member of JSON in the stored text of a block, where each line is within JSON once more, and folded. */

export interface MemberNeedle {
  /** The end of the name with its quotation mark, as it is stored: `id\"`. */
  nameEnd: string
  accepts: (value: string | number | boolean) => boolean
}

const NUMBER = /[-+.\de]+/y
const SIMPLE_TEXT = /\\"([^\\]*)\\"/y
const WORD = /true|false|null/y

/** False when there is no such member, or none whose value is accepted; what is hard to read is taken to be. */
export function holdsMember(text: string, { nameEnd, accepts }: MemberNeedle): boolean {
  for (let at = text.indexOf(nameEnd); at >= 0; at = text.indexOf(nameEnd, at + 1)) {
    // The whole name, or the last part of one with dots.
    const before = text[at - 1]
    if (before !== '"' && before !== '.') continue
    const colon = skipBlanks(text, at + nameEnd.length)
    // White space other than blanks is stored as an escape.
    if (text[colon] === '\\') return true
    if (text[colon] === ':' && mayBeAccepted(text, skipBlanks(text, colon + 1), accepts)) return true
  }
  return false
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ') at++
  return at
}

function mayBeAccepted(text: string, at: number, accepts: MemberNeedle['accepts']): boolean {
  const number = matchAt(NUMBER, text, at)?.[0]
  if (number !== undefined) return accepts(Number(number))
  const word = matchAt(WORD, text, at)?.[0]
  if (word !== undefined) return word !== 'null' && accepts(word === 'true')
  const simple = matchAt(SIMPLE_TEXT, text, at)?.[1]
  return simple === undefined || accepts(simple)
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
