/** Services and functions of both generations, under the names that the platform's own APIs use for them. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api } from './client.ts'
import type { ApiError } from './errors.ts'
import { apiKey } from './use-api.ts'

/** Of one name in both generations: a 2.0 function is `service$function`. */
export interface FunctionItem {
  key: string
  functionName: string
  /** null: a 3.0 function. */
  serviceName: string | null
  functionId: string
  description: string
  runtime: string
  handler: string
  timeout: number
  codeSize: number
  codeChecksum: string
  memorySize: number
  cpu: number
  diskSize: number
  instanceConcurrency: number
  environmentVariables: Record<string, string> | null
  lastModifiedTime: string
  createdTime: string
}

type FunctionAnswer = Omit<FunctionItem, 'key' | 'serviceName'>

export const FC3 = '/2023-03-30'
export const FC2 = '/2021-04-06'
const PAGE = 100

export function splitKey(key: string): { service: string | null; name: string } {
  const at = key.indexOf('$')
  return at < 0 ? { service: null, name: key } : { service: key.slice(0, at), name: key.slice(at + 1) }
}

/** 3.0 answers 2.0 functions, too, under their key. */
export function itemOf(answer: FunctionAnswer): FunctionItem {
  const { service, name } = splitKey(answer.functionName)
  return { ...answer, key: answer.functionName, functionName: name, serviceName: service }
}

/** Pages until the last one. */
export async function listAll<Item>(path: string, member: string, signal?: AbortSignal): Promise<Item[]> {
  const items: Item[] = []
  let nextToken: string | undefined
  do {
    const page = await api<Record<string, unknown> & { nextToken?: string }>(path, {
      query: { limit: PAGE, nextToken },
      ...(signal && { signal }),
    })
    items.push(...((page[member] as Item[] | null) ?? []))
    nextToken = page.nextToken
  } while (nextToken)
  return items
}

/** All functions of both generations, by name. */
export function useFunctions(): UseQueryResult<FunctionItem[], ApiError> {
  return useQuery<FunctionItem[], ApiError>({
    queryKey: apiKey(`${FC3}/functions`),
    queryFn: async ({ signal }) => (await listAll<FunctionAnswer>(`${FC3}/functions`, 'functions', signal)).map(itemOf),
  })
}
