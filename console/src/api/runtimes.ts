import type { UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from './errors.ts'
import { useApi } from './use-api.ts'

export interface Runtime {
  name: string
  available: boolean
  /** Why it cannot run here. */
  reason?: string
  runsOn?: { version: string; program: string; fit: 'exact' | 'newer' | 'older' }
  install?: string
}

export const useRuntimes = (): UseQueryResult<{ runtimes: Runtime[] }, ApiError> => useApi('/sluice/v1/runtimes')
