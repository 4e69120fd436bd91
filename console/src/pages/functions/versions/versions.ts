/** Versions and aliases of what a function belongs to. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from '../../../api/errors.ts'
import { listAll, scopePath } from '../../../api/functions.ts'
import { apiKey } from '../../../api/use-api.ts'

export interface Version {
  versionId: string
  description: string
  createdTime: string
}

export interface Alias {
  aliasName: string
  versionId: string
  description: string
  additionalVersionWeight: Record<string, number> | null
}

export function useVersions(key: string): UseQueryResult<Version[], ApiError> {
  const path = `${scopePath(key)}/versions`
  return useQuery<Version[], ApiError>({
    queryKey: apiKey(path),
    queryFn: ({ signal }) => listAll<Version>(path, 'versions', signal),
  })
}

export function useAliases(key: string): UseQueryResult<Alias[], ApiError> {
  const path = `${scopePath(key)}/aliases`
  return useQuery<Alias[], ApiError>({
    queryKey: apiKey(path),
    queryFn: ({ signal }) => listAll<Alias>(path, 'aliases', signal),
  })
}

/** Each version that an alias leads to, with its share (0 to 1), the alias's own version first. */
export function sharesOf({ versionId, additionalVersionWeight }: Alias): { versionId: string; share: number }[] {
  const others = Object.entries(additionalVersionWeight ?? {}).map(([id, share]) => ({ versionId: id, share }))
  const rest = 1 - others.reduce((sum, { share }) => sum + share, 0)
  // Sums of decimal fractions are not exact: nothing is left when less than a hundred-thousandth is.
  return [{ versionId, share: Math.round(rest * 1e5) / 1e5 }, ...others]
}
