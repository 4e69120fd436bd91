/** Reads golden files (see README.md) and compares answers with them. */

export interface Step {
  title: string
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
  expected: Expected
}

export interface Expected {
  status: number
  headers: Record<string, string>
  body: unknown
}

export type Names = Map<string, string>

export function parseGolden(text: string): Step[] {
  return text
    .split(/^### /m)
    .slice(1)
    .map((block) => {
      const newline = block.indexOf('\n')
      const [request, answer] = block.slice(newline + 1).split(/^=> /m)
      if (request === undefined || answer === undefined) throw new Error(`step '${block}' has no expected answer`)
      const [line = '', ...rest] = request.split('\n')
      const [method = '', path = ''] = line.split(' ')
      const title = block.slice(0, newline)
      return { title, method, path, ...headersAndBody(rest), expected: parseExpected(answer) }
    })
}

function headersAndBody(lines: readonly string[]): { headers: Record<string, string>; body: string | undefined } {
  const blank = lines.findIndex((line) => line.trim() === '')
  const headers = (blank < 0 ? lines : lines.slice(0, blank)).map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
  })
  const body = blank < 0 ? '' : lines.slice(blank).join('\n').trim()
  return { headers: Object.fromEntries(headers), body: body === '' ? undefined : body }
}

function parseExpected(text: string): Expected {
  const [first = '', ...rest] = text.split('\n')
  const [, status = '', code, message] = /^(\d{3})(?: (\w+): (.*))?$/.exec(first) ?? []
  const { headers, body } = headersAndBody(rest)
  const error =
    code === undefined ? undefined : { Code: code, Message: message, ErrorCode: code, ErrorMessage: message }
  return {
    status: Number(status),
    headers,
    body: error ? { ...error, RequestId: '<any>' } : body === undefined ? undefined : parseBody(body),
  }
}

/** JSON, or text as it is: XML, or what an object holds. */
function parseBody(text: string): unknown {
  return /^[[{"]/.test(text) ? JSON.parse(text) : text
}

export function insertNames(text: string, names: Names): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_match, name: string) => {
    const value = names.get(name)
    if (value === undefined) throw new Error(`nothing is known as {{${name}}}`)
    return value
  })
}

const patterns: Record<string, string> = {
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
  time: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ',
  etag: '[0-9a-f]{32}',
  hostId: '[a-z0-9]{10}',
  any: '.*',
}

/** The first difference as `path: …`; undefined when the answer is as expected. Named parts are added to `names`. */
export function difference(expected: unknown, actual: unknown, names: Names, path = ''): string | undefined {
  if (typeof expected === 'string' && typeof actual === 'string') return textDifference(expected, actual, names, path)
  if (isObject(expected) && isObject(actual)) {
    const { '...': open, ...members } = expected
    const unexpected = Object.keys(actual).find((key) => !Object.hasOwn(members, key))
    if (open === undefined && unexpected !== undefined) {
      return `${path}.${unexpected}: not expected, but is ${JSON.stringify(actual[unexpected])}`
    }
    return firstOf(Object.keys(members), (key) =>
      Object.hasOwn(actual, key)
        ? difference(members[key], actual[key], names, `${path}.${key}`)
        : `${path}.${key}: is missing`,
    )
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return firstOf([...expected.keys()], (index) =>
      difference(expected[index], actual[index], names, `${path}[${index}]`),
    )
  }
  return expected === actual
    ? undefined
    : `${path}: expected ${JSON.stringify(expected)}, but is ${JSON.stringify(actual)}`
}

function textDifference(expected: string, actual: string, names: Names, path: string): string | undefined {
  const keys: string[] = []
  const source = insertNames(expected, names)
    .split(/(<\w+(?::\w+)?>)/)
    .map((part) => {
      const [, kind = '', name] = /^<(\w+)(?::(\w+))?>$/.exec(part) ?? []
      const pattern = patterns[kind]
      if (pattern === undefined) return part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
      keys.push(name ?? '')
      return `(${pattern})`
    })
    .join('')
  const match = new RegExp(`^${source}$`, 's').exec(actual)
  if (!match) return `${path}: expected ${JSON.stringify(expected)}, but is ${JSON.stringify(actual)}`
  for (const [index, key] of keys.entries()) if (key !== '') names.set(key, match[index + 1]!)
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstOf<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
