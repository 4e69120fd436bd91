/** There is one table, so that an analysis need not name it: `SELECT count(*) GROUP BY level`. */

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\w+|\S/g
/** What may stand behind FROM. */
const BEHIND = new Set(['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'UNION', 'EXCEPT', 'INTERSECT', 'ORDER', 'LIMIT', ';'])
const FROM_LOG = ' FROM log'

export interface Completed {
  sql: string
  /** Where in what was written a place of `sql` is. */
  placeOf: (position: number) => number
  /** It is in what was added. */
  isAdded: (position: number) => boolean
}

/** Adds `FROM log` to a SELECT that says nothing of the kind. */
export function withFromLog(sql: string): Completed {
  const at = placeForFrom(sql)
  if (at === undefined) return { sql, placeOf: (position) => position, isAdded: () => false }
  return {
    sql: `${sql.slice(0, at)}${FROM_LOG}${sql.slice(at)}`,
    placeOf: (position) => (position <= at ? position : Math.max(at, position - FROM_LOG.length)),
    isAdded: (position) => position > at && position < at + FROM_LOG.length,
  }
}

function placeForFrom(sql: string): number | undefined {
  if (!/^\s*select\b/i.test(sql)) return undefined
  let depth = 0
  let end = 0
  let previous = ''
  for (const { 0: token, index } of sql.matchAll(TOKEN)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue
    const word = token.toUpperCase()
    if (token === '(') depth++
    if (token === ')') depth--
    // `a IS DISTINCT FROM b` is an expression.
    if (depth === 0 && word === 'FROM' && previous !== 'DISTINCT') return undefined
    if (depth === 0 && BEHIND.has(word)) return end
    end = index + token.length
    previous = word
  }
  return end
}
