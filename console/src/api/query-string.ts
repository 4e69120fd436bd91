export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>

/** With its question mark; lists are joined by commas, what is absent or empty is left out. */
export function queryString(query: Query = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]): [string, string][] => {
    const text = value === null || value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value)
    return text === '' ? [] : [[name, text]]
  })
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`
}
