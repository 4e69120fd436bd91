/** What is searched: a line, or a record shown as one, with its fields. */
import { splitFunctionKey, type FunctionKey } from '../../model.ts'
import type { Position } from '../cursor.ts'
import { lineRank, rankOf, spanOf } from '../markers.ts'
import type { InvocationRecord, LogHit, LogLine } from '../port.ts'
import { fold } from '../query/condition.ts'
import { requestField, requestFields, requestLine, type FieldValue } from './request-fields.ts'

/** Of one hit, of a line that is a JSON object. */
const FIELDS_MAX = 100
const FIELD_DEPTH_MAX = 5
const FIELD_LENGTH_MAX = 1024
/** Where the level stands in a line that is no JSON. */
const LEVEL_LENGTH_MAX = 200
const LEVEL = new RegExp(
  [String.raw`\[(fatal|critical|error|warning|warn|info|debug|trace)\]`, String.raw`\blevel=(\w+)`].join('|'),
  'i',
)
const LOUD_LEVEL = /\b(FATAL|CRITICAL|ERROR|WARNING|WARN|INFO|DEBUG|TRACE)\b/

export type Source = LogHit['source']
type Json = Record<string, unknown>

export class Row {
  readonly source: Source
  readonly timeMs: number
  readonly record: InvocationRecord | null
  #line: LogLine | undefined
  #folded: string | undefined
  #json: Json | null | undefined

  private constructor(timeMs: number, line: LogLine | undefined, record: InvocationRecord | null) {
    this.timeMs = timeMs
    this.#line = line
    this.record = record
    this.source = record === null ? 'log' : 'request'
  }

  static ofLine(line: LogLine): Row {
    return new Row(line.timeMs, line, null)
  }

  /** Its time is that of its end. */
  static ofRecord(record: InvocationRecord): Row {
    return new Row(spanOf(record).toMs, undefined, record)
  }

  get line(): LogLine {
    return (this.#line ??= requestLine(this.record!))
  }

  get functionKey(): FunctionKey {
    return (this.record ?? this.line).functionKey
  }

  /** The text without regard to case. */
  get folded(): string {
    return (this.#folded ??= fold(this.line.text))
  }

  /** The line when it is a JSON object. */
  get json(): Json | null {
    return (this.#json ??= this.record === null ? jsonObject(this.line.text) : null)
  }

  position(blockId: number, index: number): Position {
    const { record, timeMs } = this
    const { requestId } = record ?? this.line
    return { timeMs, requestId, rank: record === null ? lineRank(this.line) : rankOf.end, blockId, index }
  }

  /** A value of any kind; undefined when there is none. */
  value(name: string): unknown {
    const common = commonFields.get(name.toLowerCase())
    if (common !== undefined) return common(this)
    if (this.record !== null) return requestField(this.record, name)
    return this.json === null ? undefined : memberAt(this.json, name)
  }

  /** For a reader: of a record all, of a line that is a JSON object its members by their paths. */
  fields(): Record<string, FieldValue> {
    if (this.record !== null) return requestFields(this.record)
    return this.json === null ? {} : membersOf(this.json)
  }
}

/** What lines and records both have, by lower-case name. */
const commonFields = new Map<string, (row: Row) => FieldValue>([
  ['functionname', ({ functionKey }) => splitFunctionKey(functionKey).name],
  ['servicename', ({ functionKey }) => splitFunctionKey(functionKey).service ?? ''],
  ['__topic__', ({ functionKey, source }) => topicOf(functionKey, source)],
  ['source', ({ source }) => source],
  ['versionid', ({ line }) => line.versionId],
  ['requestid', ({ line }) => line.requestId],
  ['instanceid', ({ line }) => line.instanceId],
  ['stream', ({ line }) => line.stream],
  ['hook', ({ line }) => line.hook],
  ['message', ({ line }) => line.text],
  ['timems', ({ timeMs }) => timeMs],
  ['level', (row) => levelOf(row)],
])

export const isCommonField = (name: string) => commonFields.has(name.toLowerCase())

/** As the log service names the log of a function. */
export function topicOf(functionKey: string, source: Source): string {
  const { service, name } = splitFunctionKey(functionKey)
  if (source === 'request') return `FCRequestMetrics:${service ?? ''}/${name}`
  return service ?? `FCLogs:${name}`
}

/** A JSON member, or what loggers write before their message. */
function levelOf(row: Row): FieldValue {
  if (row.record !== null) return null
  const member = row.json?.['level']
  if (typeof member === 'string' || typeof member === 'number') return member
  const start = row.line.text.slice(0, LEVEL_LENGTH_MAX)
  const found = LEVEL.exec(start) ?? LOUD_LEVEL.exec(start)
  return found === null ? null : (found[1] ?? found[2]!).toLowerCase()
}

/** Before the object: nothing, or what the loggers of the runtimes write: time, request id and level. */
const HEAD = /^(?:[^{]{0,200}\[\w+\])?\s*(?=\{)/

function jsonObject(text: string): Json | null {
  const head = HEAD.exec(text)
  if (head === null || !text.trimEnd().endsWith('}')) return null
  try {
    return JSON.parse(text.slice(head[0].length)) as Json
  } catch {
    return null
  }
}

/** `order.id`: a member of that name, or member `id` of member `order`; of lists by number. */
function memberAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return (value as Json)[path]
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot)
    if (!Object.hasOwn(value, name)) continue
    const found = memberAt((value as Json)[name], path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

function membersOf(json: Json): Record<string, FieldValue> {
  const fields: [string, FieldValue][] = []
  const add = (value: unknown, path: string, depth: number): void => {
    if (fields.length >= FIELDS_MAX) return
    if (typeof value === 'string') fields.push([path, value.slice(0, FIELD_LENGTH_MAX).toWellFormed()])
    else if (typeof value !== 'object' || value === null) fields.push([path, value as FieldValue])
    else if (depth < FIELD_DEPTH_MAX) {
      for (const [name, member] of Object.entries(value)) add(member, path === '' ? name : `${path}.${name}`, depth + 1)
    }
  }
  add(json, '', 0)
  return Object.fromEntries(fields)
}
