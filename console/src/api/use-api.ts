/** What components ask of the platform: cached by path and query, asked again when it is old. */
import {
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryOptions,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api } from './client.ts'
import { ApiError } from './errors.ts'
import { follow, type FollowState } from './follow.ts'
import { queryString, type Query } from './query-string.ts'

const FRESH_MS = 5000

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A browser that believes to be offline still reaches the machine that it is on.
        networkMode: 'always',
        staleTime: FRESH_MS,
        // What was refused will be refused again; what broke on the way may pass.
        retry: (failures, error) =>
          failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
      },
      mutations: { networkMode: 'always' },
    },
  })
}

export const apiKey = (path: string, query: Query = {}) => ['api', path, query] as const

type Options<Answer> = Omit<UseQueryOptions<Answer, ApiError>, 'queryKey' | 'queryFn'>

/** `null`: nothing is asked yet. */
export function useApi<Answer>(
  path: string | null,
  query: Query = {},
  options: Options<Answer> = {},
): UseQueryResult<Answer, ApiError> {
  return useQuery<Answer, ApiError>({
    ...options,
    queryKey: apiKey(path ?? '', query),
    queryFn: ({ signal }) => api<Answer>(path ?? '', { query, signal }),
    enabled: path !== null && (options.enabled ?? true),
  })
}

/**
 * Something that changes the platform. `changes` names paths; every answer below them is asked for again afterwards.
 */
export function useChange<Input = void, Answer = void>(
  change: (input: Input) => Promise<Answer>,
  changes: readonly string[],
) {
  const client = useQueryClient()
  return useMutation<Answer, ApiError, Input>({
    mutationFn: change,
    onSettled: () =>
      client.invalidateQueries({
        predicate: ({ queryKey: [kind, path] }) =>
          kind === 'api' && typeof path === 'string' && changes.some((prefix) => path.startsWith(prefix)),
      }),
  })
}

/** Watches a follow stream while the component is there. `null`: not now. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it says what the stream sends
export function useFollow<Item>(
  path: string | null,
  query: Query,
  onItem: (item: Item) => void,
): { state: FollowState; error: ApiError | undefined } {
  const [status, setStatus] = useState<{ state: FollowState; error: ApiError | undefined }>({
    state: 'connecting',
    error: undefined,
  })
  const handler = useRef(onItem)
  useEffect(() => {
    handler.current = onItem
  })
  // A query is an object made anew at each rendering: its text tells whether it is another.
  const asked = queryString(query)
  useEffect(() => {
    if (path === null) return undefined
    return follow<Item>(path, Object.fromEntries(new URLSearchParams(asked)), {
      onItem: (item) => handler.current(item),
      onState: (state, error) => setStatus({ state, error }),
    })
  }, [path, asked])
  return status
}
