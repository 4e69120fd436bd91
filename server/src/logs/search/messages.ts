/** What a searcher and its thread say to each other. */
import type { LogHistogram, LogHit } from '../port.ts'
import type { ContextAsk } from './context.ts'
import type { Page, PageAsk } from './find.ts'
import type { Scope } from './scan.ts'

export interface SearchAsks {
  page: { ask: PageAsk; answer: Page }
  histogram: { ask: { scope: Scope; buckets: number }; answer: LogHistogram }
  context: { ask: ContextAsk; answer: LogHit[] | undefined }
}

export type SearchRequest = {
  [Kind in keyof SearchAsks]: { kind: Kind; id: number; ask: SearchAsks[Kind]['ask'] }
}[keyof SearchAsks]

export type SearchReply =
  | { id: number; answer: SearchAsks[keyof SearchAsks]['answer'] }
  /** Of a query that asks for too much. */
  | { id: number; refusal: string }
  | { id: number; failure: string }
