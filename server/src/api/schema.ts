/**
 * Requests are read by their schema: keys in any case become the schema's spelling, unknown keys and nulls go
 * (clients write both for "not given"), and what remains must be valid.
 */
import type { Static, TSchema } from 'typebox'
import { FcError } from '../errors.ts'

/** How deep a request may nest; no shape of ours comes near. */
const DEPTH_MAX = 32

/** The parts of JSON Schema that our schemas use. */
interface JsonSchema {
  type?: string
  const?: unknown
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  patternProperties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  minimum?: number
  maximum?: number
  multipleOf?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  minItems?: number
  maxItems?: number
}

export interface Reader<Value> {
  /** Throws FcError InvalidArgument that names the first bad field, below `name`, and what it accepts. */
  read(input: unknown, name?: string): Value
}

/** Checks by walking the schema: validators compiled for every route would cost a start 10 MB and 0.3 s. */
export function createReader<Schema extends TSchema>(schema: Schema): Reader<Static<Schema>> {
  return {
    read(input, name = '') {
      const value = normalise(schema, input, name, 0)
      const violation = findViolation(schema, value, name === '' ? [] : [name])
      if (violation) throw new FcError('InvalidArgument', explain(violation))
      return value as Static<Schema>
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
    const inner = memberSchema(schema, name)
    normalise({}, name, path, depth)
    entries.push([name, normalise(inner, member, path ? `${path}.${name}` : name, depth + 1)])
  }
  return Object.fromEntries(entries)
}

interface Violation {
  path: string[]
  /** What is accepted there. */
  schema: JsonSchema
  isMissing: boolean
}

function explain({ path, schema, isMissing }: Violation): string {
  const field = path.join('.') || 'the body'
  return isMissing ? `${field} is required: ${describe(schema)}` : `${field} must be ${describe(schema)}`
}

/** The first place where a value is not what the schema accepts. */
function findViolation(schema: JsonSchema, value: unknown, path: string[]): Violation | undefined {
  if (!accepts(schema, value)) return { path, schema, isMissing: false }
  const { properties = {}, required = [], items } = schema
  if (Array.isArray(value)) {
    return items && firstOf(value.entries(), ([index, item]) => findViolation(items, item, [...path, String(index)]))
  }
  if (!isObject(value)) return undefined
  const missing = required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return { path: [...path, missing], schema: properties[missing] ?? {}, isMissing: true }
  return firstOf(Object.entries(value), ([name, member]) =>
    findViolation(memberSchema(schema, name), member, [...path, name]),
  )
}

function firstOf<Item, Found>(items: Iterable<Item>, find: (item: Item) => Found | undefined): Found | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether a value is accepted, members and items left aside. */
function accepts(schema: JsonSchema, value: unknown): boolean {
  if (schema.const !== undefined && value !== schema.const) return false
  if (schema.anyOf && !schema.anyOf.some((option) => findViolation(option, value, []) === undefined)) return false
  switch (schema.type) {
    case 'integer':
      return Number.isInteger(value) && acceptsNumber(schema, value as number)
    case 'number':
      return typeof value === 'number' && acceptsNumber(schema, value)
    case 'string':
      return typeof value === 'string' && acceptsText(schema, value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value) && isWithin(value.length, schema.minItems, schema.maxItems)
    case 'object':
      return isObject(value)
    default:
      return true
  }
}

function acceptsNumber({ minimum, maximum, multipleOf }: JsonSchema, value: number): boolean {
  return isWithin(value, minimum, maximum) && (multipleOf === undefined || value % multipleOf === 0)
}

/** Lengths are in characters, of which some take two places. */
function acceptsText({ minLength = 0, maxLength = Infinity, pattern }: JsonSchema, text: string): boolean {
  if (text.length < minLength || text.length > 2 * maxLength) return false
  if (text.length > maxLength && Array.from(text).length > maxLength) return false
  return pattern === undefined || new RegExp(pattern, 'u').test(text)
}

function isWithin(value: number, least = -Infinity, most = Infinity): boolean {
  return value >= least && value <= most
}

function memberSchema(schema: JsonSchema, name: string): JsonSchema {
  return schema.properties?.[name] ?? schema.patternProperties?.['^.*$'] ?? {}
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
