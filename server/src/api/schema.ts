/**
 * Requests are read by their schema: keys in any case become the schema's spelling, unknown keys and nulls go
 * (clients write both for "not given"), and what remains must be valid.
 */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { FcError } from '../errors.ts'

/** How deep a request may nest; no shape of ours comes near. */
const DEPTH_MAX = 32

/** The parts of JSON Schema that our schemas use. */
interface JsonSchema {
  type?: string
  const?: unknown
  description?: string
  properties?: Record<string, JsonSchema>
  patternProperties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  minimum?: number
  maximum?: number
  multipleOf?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
}

export interface Reader<Value> {
  /** Throws FcError InvalidArgument that names the first bad field, below `name`, and what it accepts. */
  read(input: unknown, name?: string): Value
}

export function createReader<Schema extends TSchema>(schema: Schema): Reader<Static<Schema>> {
  const compiled = Compile(schema)
  return {
    read(input, name = '') {
      const value = normalise(schema, input, name, 0)
      if (compiled.Check(value)) return value
      throw new FcError('InvalidArgument', explain(schema, compiled.Errors(value), name))
    },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function normalise(schema: JsonSchema, value: unknown, path: string, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new FcError('InvalidArgument', `the body must not nest deeper than ${DEPTH_MAX} levels`)
  // Stores that keep text in a database column refuse NUL; nothing on this wire has a use for it.
  if (typeof value === 'string' && value.includes('\0')) {
    throw new FcError('InvalidArgument', `${path || 'the body'} must not contain the character NUL`)
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => normalise(schema.items ?? {}, item, `${path}[${index}]`, depth + 1))
  }
  if (!isObject(value)) return value
  const { properties } = schema
  const entries: [string, unknown][] = []
  const spelling = properties && new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]))
  for (const [key, member] of Object.entries(value)) {
    const name = spelling ? spelling.get(key.toLowerCase()) : key
    if (name === undefined || member === null) continue
    if (name !== key && Object.hasOwn(value, name)) continue
    const inner = properties?.[name] ?? schema.patternProperties?.['^.*$'] ?? {}
    normalise({}, name, path, depth)
    entries.push([name, normalise(inner, member, path ? `${path}.${name}` : name, depth + 1)])
  }
  return Object.fromEntries(entries)
}

interface Violation {
  keyword: string
  instancePath: string
  params: object
}

function explain(schema: JsonSchema, violations: readonly Violation[], name: string): string {
  const violation = violations[0]
  if (!violation) return 'the body is not valid'
  const segments = violation.instancePath.split('/').slice(1).map(unescapePointer)
  const missing = (violation.params as { requiredProperties?: string[] }).requiredProperties?.[0]
  const path = missing === undefined ? segments : [...segments, missing]
  const accepted = describe(path.reduce<JsonSchema>(child, schema))
  const field = [...(name === '' ? [] : [name]), ...path].join('.') || 'the body'
  return missing === undefined ? `${field} must be ${accepted}` : `${field} is required: ${accepted}`
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

function child(schema: JsonSchema, segment: string): JsonSchema {
  return schema.properties?.[segment] ?? schema.patternProperties?.['^.*$'] ?? schema.items ?? {}
}

/** What a schema accepts, in words: `a whole number from 1 to 86400`. */
export function describe(schema: JsonSchema): string {
  if (schema.description !== undefined) return schema.description
  if (schema.anyOf) return `one of ${schema.anyOf.map((option) => String(option.const)).join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return schema.maxLength === undefined ? 'text' : `text of at most ${schema.maxLength} characters`
    case 'array': {
      const most = schema.maxItems === undefined ? '' : ` of at most ${schema.maxItems}`
      return `a list${most}: each ${describe(schema.items ?? {})}`
    }
    case 'object':
      return schema.patternProperties
        ? `an object: each value ${describe(schema.patternProperties['^.*$'] ?? {})}`
        : 'an object'
    default:
      return 'a JSON value'
  }
}

function range({ minimum, maximum, multipleOf }: JsonSchema): string {
  const from = minimum === undefined ? '' : ` from ${minimum}`
  const to = maximum === undefined ? '' : ` to ${maximum}`
  const steps = multipleOf === undefined ? '' : ` in steps of ${multipleOf}`
  return from + to + steps
}

/** Query values arrive as text: brings them to the types of the schema. An empty value counts as absent. */
export function coerceQuery(schema: TSchema, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const types = new Map(
    Object.entries((schema as JsonSchema).properties ?? {}).map(([name, property]) => [
      name.toLowerCase(),
      property.type,
    ]),
  )
  const coerced: [string, unknown][] = []
  for (const [key, value] of Object.entries(query)) {
    const type = types.get(key.toLowerCase())
    const values = [value].flat().filter((item) => item !== '')
    if (values.length === 0) continue
    coerced.push([key, type === 'array' ? values : coerceText(type, values[0])])
  }
  return Object.fromEntries(coerced)
}

function coerceText(type: string | undefined, text: unknown): unknown {
  if (typeof text !== 'string') return text
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}
