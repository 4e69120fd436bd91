/** What the page asks of the logs. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { LogHistogram, LogHit, LogSearchAnswer } from '../../../../server/src/logs/port.ts'
import { api } from '../../api/client.ts'
import type { ApiError } from '../../api/errors.ts'
import type { Period } from '../../components/time-range.ts'

/** As the API answers: the kind is told by the members. */
export type SearchAnswer = WithoutKind<LogSearchAnswer>
type WithoutKind<Answer> = Answer extends unknown ? Omit<Answer, 'kind'> : never

export interface Asked {
  query: string
  functionKey: string
  period: Period
}

const PAGE_LINES = 100
const HISTOGRAM_BUCKETS = 60
const PATH = '/sluice/v1/logs'

const parametersOf = ({ query, functionKey, period: { fromMs, toMs } }: Asked) => ({
  query,
  function: functionKey,
  from: fromMs,
  to: toMs,
})

interface Order {
  isDescending?: boolean
  enabled?: boolean
}

/** Page by page, or the table of an analysis. The period must stay the same from one rendering to the next. */
export function useSearch(asked: Asked, { isDescending = true, enabled = true }: Order = {}) {
  return useInfiniteQuery<SearchAnswer, ApiError>({
    queryKey: ['log search', asked, isDescending],
    queryFn: ({ pageParam, signal }) => {
      const page = { cursor: pageParam as string | undefined, limit: PAGE_LINES, descending: isDescending }
      return searchPage(asked, page, signal)
    },
    initialPageParam: undefined,
    getNextPageParam: (page) => ('hits' in page ? page.nextCursor : undefined),
    enabled,
    staleTime: Infinity,
  })
}

interface PageAsked {
  cursor: string | undefined
  limit: number
  descending: boolean
}

function searchPage(asked: Asked, page: PageAsked, signal?: AbortSignal) {
  const query = { ...parametersOf(asked), ...page }
  return api<SearchAnswer>(`${PATH}/search`, { query, ...(signal && { signal }) })
}

export function useHistogram(asked: Asked, enabled: boolean) {
  return useQuery<LogHistogram, ApiError>({
    queryKey: ['log histogram', asked],
    queryFn: ({ signal }) => {
      const query = { ...parametersOf(asked), buckets: HISTOGRAM_BUCKETS }
      return api<LogHistogram>(`${PATH}/histogram`, { query, signal })
    },
    enabled,
    staleTime: Infinity,
  })
}

export function useContext(id: string, before: number, after: number) {
  return useQuery<{ hits: LogHit[] }, ApiError>({
    queryKey: ['log context', id, before, after],
    queryFn: ({ signal }) => api<{ hits: LogHit[] }>(`${PATH}/context`, { query: { id, before, after }, signal }),
    placeholderData: (previous) => previous,
    staleTime: Infinity,
  })
}

/** A page of a download; more of them make a longer file. */
const DOWNLOAD_PAGE = 1000
export const DOWNLOAD_LINES_MAX = 20_000

/** Oldest first. */
export async function hitsToDownload(asked: Asked): Promise<LogHit[]> {
  const hits: LogHit[] = []
  let cursor: string | undefined
  do {
    const page = await searchPage(asked, { cursor, limit: DOWNLOAD_PAGE, descending: true })
    if (!('hits' in page)) break
    hits.push(...page.hits)
    cursor = page.nextCursor
  } while (cursor !== undefined && hits.length < DOWNLOAD_LINES_MAX)
  return hits.toReversed()
}
