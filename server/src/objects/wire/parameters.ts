/** Reads what operations are asked with. */
import { OssError } from '../port.ts'
import type { Query } from './target.ts'

export function invalidArgument(name: string, value: string, accepted: string): OssError {
  return new OssError('InvalidArgument', `${name} must be ${accepted}.`, { ArgumentName: name, ArgumentValue: value })
}

/** A whole number within bounds; absent or empty: `initial`. */
export function readInteger(query: Query, name: string, initial: number, min: number, max: number): number {
  const text = query.get(name) ?? ''
  if (text === '') return initial
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || value < min || value > max) {
    throw invalidArgument(name, text, `a whole number from ${min} to ${max}`)
  }
  return value
}

/** How many entries of a list are wanted. */
export function readLimit(query: Query, name: string, initial: number, max: number): number {
  return readInteger(query, name, initial, 1, max)
}

/** One of the words, or undefined when it was not sent. */
export function readChoice<Choice extends string>(
  name: string,
  value: string | string[] | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined) return undefined
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw invalidArgument(name, String(value), `one of ${choices.join(', ')}`)
  return found
}
