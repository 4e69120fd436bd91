/** Spells a condition so that `parse.ts` reads it back as it was. */
import type { Condition, Pattern } from './condition.ts'
import { isWord } from './tokens.ts'

export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'all':
      return '*'
    case 'and':
    case 'or':
      return condition.parts.map(printPart).join(condition.kind === 'and' ? ' AND ' : ' OR ')
    case 'not':
      return `NOT ${printPart(condition.part)}`
    case 'text':
      return printPattern(condition.pattern)
    case 'is':
      return `${printName(condition.field)}: ${printPattern(condition.pattern)}`
    default:
      return printRange(condition)
  }
}

function printPart(part: Condition): string {
  const printed = printCondition(part)
  return part.kind === 'and' || part.kind === 'or' ? `(${printed})` : printed
}

function printRange({ field, from, to, fromIncluded, toIncluded }: Condition & { kind: 'range' }): string {
  const name = printName(field)
  if (to === Infinity) return `${name} ${fromIncluded ? '>=' : '>'} ${from}`
  if (from === -Infinity) return `${name} ${toIncluded ? '<=' : '<'} ${to}`
  return `${name}: ${fromIncluded ? '[' : '('}${from} ${to}${toIncluded ? ']' : ')'}`
}

function printPattern(pattern: Pattern): string {
  return pattern.length > 1 ? pattern.join('*') : printName(pattern[0]!)
}

function printName(text: string): string {
  const isPlain = isWord(text) && !text.includes('*') && !/^(and|or|not)$/i.test(text)
  return isPlain ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
