/** What the signer of a form allows to be uploaded with it. Pure. */
import { OssError } from '../../port.ts'

export interface FormPolicy {
  expiresMs: number
  conditions: Condition[]
}

type Condition =
  | { kind: 'eq' | 'starts-with' | 'in' | 'not-in'; field: string; values: string[]; shown: string }
  | { kind: 'length'; min: number; max: number }

/** From Base64 of JSON. Throws OssError AccessDenied. */
export function readFormPolicy(encoded: string): FormPolicy {
  let document: unknown
  try {
    document = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))
  } catch {
    throw invalid('Invalid JSON.')
  }
  const { expiration, conditions } = (document ?? {}) as { expiration?: unknown; conditions?: unknown }
  const expiresMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  if (Number.isNaN(expiresMs)) throw invalid('Policy expiration is missing or no time of ISO 8601.')
  if (!Array.isArray(conditions)) throw invalid('Policy conditions must be a list.')
  return { expiresMs, conditions: conditions.flatMap(readConditions) }
}

const invalid = (problem: string) => new OssError('AccessDenied', `Invalid according to Policy: ${problem}`)

function readConditions(given: unknown): Condition[] {
  if (Array.isArray(given)) return [readTriple(given)]
  if (typeof given !== 'object' || given === null) throw unknown(given)
  return Object.entries(given as Record<string, unknown>).map(([field, value]) => {
    const shown = JSON.stringify(['eq', `$${field}`, value])
    return { kind: 'eq', field: field.toLowerCase(), values: [textOf(value, given)], shown }
  })
}

function readTriple(given: readonly unknown[]): Condition {
  const [operator, field, value] = given
  const kind = String(operator).toLowerCase()
  if (kind === 'content-length-range') return readRange(given)
  if (typeof field !== 'string' || !field.startsWith('$') || given.length !== 3) throw unknown(given)
  const common = { field: field.slice(1).toLowerCase(), shown: JSON.stringify(given) }
  if (kind === 'eq' || kind === 'starts-with') return { kind, ...common, values: [textOf(value, given)] }
  if ((kind === 'in' || kind === 'not-in') && Array.isArray(value)) {
    return { kind, ...common, values: value.map((each) => textOf(each, given)) }
  }
  throw unknown(given)
}

function readRange(given: readonly unknown[]): Condition {
  const [, min, max] = given.map(Number)
  const isRange = given.length === 3 && Number.isSafeInteger(min) && Number.isSafeInteger(max) && min! >= 0
  if (!isRange || max! < min!) throw unknown(given)
  return { kind: 'length', min: min!, max: max! }
}

function textOf(value: unknown, given: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw unknown(given)
}

const unknown = (given: unknown) => invalid(`Invalid condition: ${JSON.stringify(given)}.`)

/** `fields`: lower-case names, `bucket` among them. Throws OssError AccessDenied. */
export function checkFormPolicy(policy: FormPolicy, fields: ReadonlyMap<string, string>, nowMs: number): void {
  if (policy.expiresMs <= nowMs) throw invalid('Policy expired.')
  for (const condition of policy.conditions) {
    if (condition.kind === 'length' || holds(condition, fields.get(condition.field) ?? '')) continue
    throw invalid(`Policy Condition failed: ${condition.shown}`)
  }
}

function holds({ kind, values }: Exclude<Condition, { kind: 'length' }>, actual: string): boolean {
  if (kind === 'starts-with') return values.some((start) => actual.startsWith(start))
  return values.includes(actual) === (kind !== 'not-in')
}

/** Bytes that the file must have at least and may have at most. */
export function lengthRange({ conditions }: FormPolicy): { min: number; max: number } {
  const ranges = conditions.filter((condition) => condition.kind === 'length')
  return {
    min: Math.max(0, ...ranges.map(({ min }) => min)),
    max: Math.min(Number.MAX_SAFE_INTEGER, ...ranges.map(({ max }) => max)),
  }
}
