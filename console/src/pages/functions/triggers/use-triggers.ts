import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ApiError } from '../../../api/errors.ts'
import { functionPath, listAll } from '../../../api/functions.ts'
import { apiKey } from '../../../api/use-api.ts'
import type { Trigger } from './trigger-form.ts'

export const triggersPath = (functionKey: string): string => `${functionPath(functionKey)}/triggers`

/** All of a function. */
export function useTriggers(functionKey: string): UseQueryResult<Trigger[], ApiError> {
  const path = triggersPath(functionKey)
  return useQuery<Trigger[], ApiError>({
    queryKey: apiKey(path),
    queryFn: ({ signal }) => listAll<Trigger>(path, 'triggers', signal),
  })
}
