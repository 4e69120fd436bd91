export interface Pair {
  key: string
  value: string
}

/** Lines of `NAME=value`, as in a `.env` file; empty when the text is anything else. */
export function parseKeyValueLines(text: string): Pair[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/^export\s+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
  const pairs = lines.map((line) => /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line))
  if (pairs.includes(null)) return []
  return pairs.map((match) => ({ key: match![1]!, value: unquoted(match![2]!) }))
}

const unquoted = (value: string) => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value

export const pairsOf = (record: Readonly<Record<string, string>> | null | undefined): Pair[] =>
  Object.entries(record ?? {}).map(([key, value]) => ({ key, value }))

/** Pairs without a name are left out; of two with one name the later one counts. */
export const recordOf = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.filter(({ key }) => key.trim() !== '').map(({ key, value }) => [key.trim(), value]))
