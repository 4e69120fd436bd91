/** Log lines and invocation records as people read them. */
import { type Json, numberOf, objectOf, textOf } from './json.ts'
import { formatDuration, type Output, printable } from './output.ts'
import { formatTime } from './time.ts'

export interface LineLook {
  isTerminal: boolean
  /** Of several functions: each line says whose it is. */
  namesFunction?: boolean
}

/** On a terminal short and coloured; piped with full time and request id. */
export function formatLine(line: Json, output: Output, { isTerminal, namesFunction = false }: LineLook): string {
  const name = namesFunction ? `${printable(textOf(line['functionKey']).replace('$', '/'), false)} ` : ''
  const time = formatTime(numberOf(line['timeMs']))
  const requestId = textOf(line['requestId'])
  if (!isTerminal) return `${time} ${requestId || '-'} ${name}${printable(textOf(line['text']), false)}`
  const text = printable(textOf(line['text']), true)
  const style = line['stream'] === 'stderr' ? 'yellow' : 'dim'
  const shown = line['stream'] === 'stdout' ? text : output.style(style, text)
  return `${output.style('dim', time.slice(11, 23))} ${output.style('cyan', name)}${shown}`
}

/** One line that tells what happened: `✓ 12:00:00.123 web GET /x 200 3.1 ms (cold start 24 ms)`. */
export function formatRecord(record: Json, output: Output): string {
  const failed = record['fault'] !== null && record['fault'] !== undefined
  const name = textOf(record['functionKey']).replace('$', '/')
  const what = wordsFor(record)
  const coldStart = record['coldStart']
  const coldMs = Object.values(objectOf(coldStart)).reduce<number>((sum, ms) => sum + numberOf(ms), 0)
  const cold = coldStart ? ` (cold start ${formatDuration(coldMs)})` : ''
  const error = failed ? ` ${textOf(record['errorType'])}: ${textOf(record['errorMessage'])}` : ''
  const head = printable(`${name} ${what}`, false)
  const tail = printable(`${formatDuration(numberOf(record['durationMs']))}${cold}${error}`, false)
  const mark = failed ? output.style('red', '✗') : output.style('green', '✓')
  const time = output.style('dim', formatTime(numberOf(record['startedMs'])).slice(11, 23))
  return `${mark} ${time} ${head} ${failed ? output.style('red', tail) : tail}`
}

function wordsFor(record: Json): string {
  const kind = textOf(record['kind'])
  if (kind === 'http') return `${textOf(record['method'])} ${textOf(record['path'])} ${textOf(record['statusCode'])}`
  if (kind === 'event') return `${textOf(record['invocationType'])} ${textOf(record['statusCode'])}`
  // A lifecycle hook by its name: nobody is answered.
  return kind
}
