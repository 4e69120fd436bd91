/** What a search asks for, as a tree: made by `parse.ts`, held against rows by `match.ts`. */

/** Pieces of a text in their order, with any characters between them; one piece: the text itself. */
export type Pattern = readonly string[]

export type Condition =
  | { kind: 'all' }
  | { kind: 'and' | 'or'; parts: readonly Condition[] }
  | { kind: 'not'; part: Condition }
  /** A word or phrase anywhere in the text. */
  | { kind: 'text'; pattern: Pattern }
  /** The whole value of a field; `['', '']`: the field is there. */
  | { kind: 'is'; field: string; pattern: Pattern }
  /** A number between bounds; a bound that is not there is infinite. */
  | { kind: 'range'; field: string; from: number; to: number; fromIncluded: boolean; toIncluded: boolean }

export interface Query {
  condition: Condition
  /** Behind the `|`, and where it begins in the text of the query; null: there is none. */
  analysis: { sql: string; offset: number } | null
}

/**
 * Case does not count. One sigma for both that the end of a word decides between, so that the fold of a part is part of
 * the fold of the whole.
 */
export function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}
