import type { UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from '../../api/errors.ts'
import { useApi } from '../../api/use-api.ts'
import { periodOf, type TimeRange } from '../../components/time-range.ts'
import { useNow } from './use-now.ts'

/** Of a function, or of all, in a period. */
export interface Totals {
  invocations: number
  functionErrors: number
  serverErrors: number
  clientErrors: number
  coldStarts: number
  /** Null: nothing ran. */
  p50Ms: number | null
  p99Ms: number | null
  gigabyteSeconds: number
}

export interface Summary {
  functions: (Totals & { functionKey: string })[]
  total: Totals
}

const EVERY_MS = 10_000

export function useSummary(range: TimeRange): UseQueryResult<Summary, ApiError> {
  const { fromMs, toMs } = periodOf(range, useNow(EVERY_MS))
  return useApi<Summary>(
    '/sluice/v1/metrics/summary',
    { from: fromMs, to: toMs },
    { placeholderData: (before) => before },
  )
}
