/** Pages of documents in the order of their names. */
import { FcError } from '../../errors.ts'
import type { Stored } from '../../metadata/port.ts'
import type { DocumentKind } from '../../model.ts'
import type { Context } from './context.ts'

export const LIST_LIMIT_DEFAULT = 20
export const LIST_LIMIT_MAX = 100
/** Documents read at a time while a filter looks for matches. */
const SCAN_BATCH = 200

export interface PageRequest {
  limit?: number | undefined
  prefix?: string | undefined
  /** First name of the page, inclusive; `nextToken` wins over it. */
  startKey?: string | undefined
  nextToken?: string | undefined
}

export interface Page<Item> {
  items: Item[]
  /** Absent on the last page. */
  nextToken?: string
}

interface Selection<Kind extends DocumentKind> {
  /** What all keys of the collection start with, before the name; `prefix` and `startKey` are names. */
  folder: string
  descending?: boolean
  keep?: (stored: Stored<Kind>) => boolean | Promise<boolean>
}

export async function listPage<Kind extends DocumentKind>(
  context: Context,
  kind: Kind,
  request: PageRequest,
  { folder, descending = false, keep = () => true }: Selection<Kind>,
): Promise<Page<Stored<Kind>>> {
  const limit = request.limit ?? LIST_LIMIT_DEFAULT
  const prefix = folder + (request.prefix ?? '')
  const items: Stored<Kind>[] = []
  let after = request.nextToken === undefined ? undefined : decodeToken(request.nextToken)
  const from = after === undefined && request.startKey !== undefined ? folder + request.startKey : undefined
  for (;;) {
    const position = after !== undefined ? { after } : from !== undefined ? { from } : {}
    const batch = await context.metadata.list(kind, { prefix, descending, limit: SCAN_BATCH, ...position })
    for (const stored of batch) {
      if (!(await keep(stored))) continue
      if (items.length === limit) return { items, nextToken: encodeToken(items.at(-1)!.key) }
      items.push(stored)
    }
    if (batch.length < SCAN_BATCH) return { items }
    after = batch.at(-1)!.key
  }
}

/** `listPage` for names that are at hand already, such as the functions of a published version. */
export function pageOf<Item>(all: readonly Item[], nameOf: (item: Item) => string, request: PageRequest): Page<Item> {
  const limit = request.limit ?? LIST_LIMIT_DEFAULT
  const after = request.nextToken === undefined ? undefined : decodeToken(request.nextToken)
  const selected = all
    .filter((item) => {
      const name = nameOf(item)
      if (!name.startsWith(request.prefix ?? '')) return false
      return after === undefined ? name >= (request.startKey ?? '') : name > after
    })
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
  const items = selected.slice(0, limit)
  return selected.length > limit ? { items, nextToken: encodeToken(nameOf(items.at(-1)!)) } : { items }
}

/** Whether a collection holds anything. */
export async function isEmpty(context: Context, kind: DocumentKind, folder: string): Promise<boolean> {
  return (await context.metadata.list(kind, { prefix: folder, limit: 1 })).length === 0
}

/** Every document of a collection that is small by its nature. */
export async function listAll<Kind extends DocumentKind>(
  context: Context,
  kind: Kind,
  folder: string,
): Promise<Stored<Kind>[]> {
  const all: Stored<Kind>[] = []
  for (;;) {
    const last = all.at(-1)?.key
    const batch = await context.metadata.list(kind, {
      prefix: folder,
      limit: SCAN_BATCH,
      ...(last === undefined ? {} : { after: last }),
    })
    all.push(...batch)
    if (batch.length < SCAN_BATCH) return all
  }
}

function encodeToken(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (encodeToken(key) !== token || key.includes('\0')) {
    throw new FcError('InvalidArgument', 'nextToken must be one that a list returned')
  }
  return key
}
