/** What the query language of logs answers with beside lines: tables, what stands around a hit, and the place of a mistake. */
import type { Client } from './client.ts'
import { ApiError } from './errors.ts'
import { type FunctionRef, refKey } from './function-ref.ts'
import { type Json, listOf, objectOf, objectsOf, textOf } from './json.ts'
import { printable } from './output.ts'

/** Is there an analysis behind a pipe? The platform reads the query itself; a pipe within quotes is none. */
export const isAnalysis = (query: string) => query.replaceAll(/"(?:\\.|[^"\\])*"/g, '').includes('|')

export interface Table {
  document: Json
  columns: string[]
  /** By column. */
  rows: Json[]
  truncated: boolean
}

export async function queryTable(
  client: Client,
  query: string,
  ref: FunctionRef | undefined,
  period: { fromMs: number | undefined; toMs: number | undefined },
): Promise<Table> {
  const { fromMs: from, toMs: to } = period
  const document = await client.json({
    action: 'SearchLogs',
    path: '/sluice/v1/logs/search',
    query: { query, function: ref && refKey(ref), from, to },
  })
  const columns = listOf(document['columns']).map(textOf)
  const rows = listOf(document['rows']).map((row) =>
    Object.fromEntries(columns.map((column, i) => [column, cellOf(listOf(row)[i])])),
  )
  return { document, columns, rows, truncated: document['truncated'] === true }
}

const cellOf = (value: unknown) => (value === null || value === undefined ? '-' : textOf(value))

/** Groups of lines around hits, oldest first; those that overlap are one. */
export async function around(client: Client, hits: readonly Json[], lines: number): Promise<Json[][]> {
  const groups: Json[][] = []
  const seen = new Set<string>()
  for (const hit of hits) {
    const { hits: found } = await client.json({
      action: 'GetLogContext',
      path: '/sluice/v1/logs/context',
      query: { id: textOf(hit['id']), before: lines, after: lines },
    })
    const all = objectsOf(found)
    const news = all.filter(({ id }) => !seen.has(textOf(id)))
    for (const { id } of all) seen.add(textOf(id))
    if (news.length < all.length && groups.length > 0) groups.at(-1)!.push(...news)
    else groups.push(news)
  }
  return groups.map((group) => group.map(({ line }) => objectOf(line)))
}

/** The same error, with the query and a mark under the place that it is about. */
export function withPlace(thrown: unknown, query: string | undefined): unknown {
  if (query === undefined || !(thrown instanceof ApiError) || thrown.position === undefined) return thrown
  const { status, code, message, requestId, position } = thrown
  return new ApiError(status, code, message, requestId, { position, hint: markPlace(query, position) })
}

/** Of a query of several lines the one that has the place. */
function markPlace(query: string, position: number): string {
  const begin = query.lastIndexOf('\n', position - 1) + 1
  const [line = ''] = query.slice(begin).split('\n')
  const before = printable(line.slice(0, position - begin), false)
  // The first line of a hint is indented, so the second is, too.
  return `${printable(line, false)}\n  ${indentOf(before)}^`
}

/** As wide as the text: tabs stay, and characters of two cells count twice. */
function indentOf(text: string): string {
  return text
    .replaceAll(
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}]/gu,
      '  ',
    )
    .replaceAll(/[^\t ]/gu, ' ')
}
