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
  instanceLifecycleConfig: { initializer: Hook | null; preStop: Hook | null } | null
  customRuntimeConfig: { command?: string[] | null; args?: string[] | null; port?: number | null } | null
  customContainerConfig: { image: string | null } | null
  lastModifiedTime: string
  createdTime: string
}

interface Hook {
  handler: string
  timeout: number
}

export interface ServiceItem {
  serviceName: string
  description: string
  createdTime: string
  lastModifiedTime: string
}

export type FunctionAnswer = Omit<FunctionItem, 'key' | 'serviceName'>

export const FC3 = '/2023-03-30'
export const FC2 = '/2021-04-06'
const PAGE = 100

/** 3.0 reaches functions of both generations under their key. */
export const functionPath = (key: string): string => `${FC3}/functions/${encodeURIComponent(key)}`

/** What versions and aliases belong to: a 3.0 function itself, the whole service of a 2.0 function. */
export function scopePath(key: string): string {
  const { service } = splitKey(key)
  return service === null ? functionPath(key) : `${FC2}/services/${encodeURIComponent(service)}`
}

/** The page of a function, below `/console`. */
export const functionHref = (key: string, tab?: string): string =>
  `/functions/${encodeURIComponent(key)}${tab === undefined ? '' : `/${tab}`}`

export function splitKey(key: string): { service: string | null; name: string } {
  const at = key.indexOf('$')
  return at < 0 ? { service: null, name: key } : { service: key.slice(0, at), name: key.slice(at + 1) }
}

/** 3.0 answers 2.0 functions, too, under their key. */
export function itemOf(answer: FunctionAnswer): FunctionItem {
  const { service, name } = splitKey(answer.functionName)
  return { ...answer, key: answer.functionName, functionName: name, serviceName: service }
}

/** Pages until the last one; `onItems` hears of what there is so far. */
export async function listAll<Item>(
  path: string,
  member: string,
  signal?: AbortSignal,
  onItems?: (items: Item[]) => void,
): Promise<Item[]> {
  const items: Item[] = []
  let nextToken: string | undefined
  do {
    const page = await api<Record<string, unknown> & { nextToken?: string }>(path, {
      query: { limit: PAGE, nextToken },
      ...(signal && { signal }),
    })
    items.push(...((page[member] as Item[] | null) ?? []))
    nextToken = page.nextToken
    if (nextToken) onItems?.(items)
  } while (nextToken)
  return items
}

/** All functions of both generations, by name; at first as many as have come. */
export function useFunctions(): UseQueryResult<FunctionItem[], ApiError> {
  return useQuery<FunctionItem[], ApiError>({
    queryKey: apiKey(`${FC3}/functions`),
    queryFn: async ({ signal, client, queryKey }) => {
      const isFirst = client.getQueryData(queryKey) === undefined
      const all = await listAll<FunctionAnswer>(`${FC3}/functions`, 'functions', signal, (items) => {
        if (isFirst) client.setQueryData(queryKey, items.map(itemOf))
      })
      return all.map(itemOf)
    },
  })
}

export function useServices(): UseQueryResult<ServiceItem[], ApiError> {
  return useQuery<ServiceItem[], ApiError>({
    queryKey: apiKey(`${FC2}/services`),
    queryFn: ({ signal }) => listAll<ServiceItem>(`${FC2}/services`, 'services', signal),
  })
}

export function useFunction(key: string): UseQueryResult<FunctionItem, ApiError> {
  return useQuery<FunctionItem, ApiError>({
    queryKey: apiKey(functionPath(key)),
    queryFn: async ({ signal }) => itemOf(await api<FunctionAnswer>(functionPath(key), { signal })),
  })
}
