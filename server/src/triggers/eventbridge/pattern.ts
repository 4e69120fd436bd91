/**
 * Event patterns: which events a trigger wants. An object names members of the event; under each stands a list of what its
 * value may be, or an object for the members within. `{}` wants every event. Pure.
 */
import { BlockList, isIP } from 'node:net'
import { FcError } from '../../errors.ts'

export type EventMatcher = (event: Readonly<Record<string, unknown>>) => boolean

/** Whether one value is wanted; `undefined`: the event has no such member. */
type Condition = (value: unknown) => boolean

/** How deep a pattern may nest; no event of ours comes near. */
const DEPTH_MAX = 16
const OPERATORS = 'prefix, suffix, anything-but, numeric, exists, cidr'

/** Reads `eventRuleFilterPattern`: JSON in a string. Throws FcError InvalidArgument that names the place. */
export function readEventPattern(text: string): EventMatcher {
  let pattern: unknown
  try {
    pattern = JSON.parse(text)
  } catch {
    throw new FcError('InvalidArgument', 'eventRuleFilterPattern must be a JSON object in a string')
  }
  return compileObject(pattern, 'eventRuleFilterPattern', 0)
}

/** Throws as `readEventPattern` does. */
export function checkEventPattern(text: string): void {
  readEventPattern(text)
}

function compileObject(pattern: unknown, place: string, depth: number): EventMatcher {
  if (!isObject(pattern)) throw refusal(place, 'an object, whose members are lists or objects')
  if (depth > DEPTH_MAX) throw refusal(place, `nested at most ${DEPTH_MAX} levels deep`)
  const members = Object.entries(pattern).map(([name, inner]) => {
    const matches = compileMember(inner, `${place}.${name}`, depth)
    return (event: Readonly<Record<string, unknown>>) => matches(Object.hasOwn(event, name) ? event[name] : undefined)
  })
  return (event) => members.every((matches) => matches(event))
}

function compileMember(inner: unknown, place: string, depth: number): Condition {
  if (Array.isArray(inner)) {
    if (inner.length === 0) throw refusal(place, 'a list of at least one value')
    const conditions = inner.map((item: unknown, index) => compileCondition(item, `${place}[${index}]`))
    return (value) => conditions.some((condition) => condition(value))
  }
  const matches = compileObject(inner, place, depth + 1)
  // A member that is not there has no members: only `exists: false` can want that.
  return (value) => matches(isObject(value) ? value : {})
}

function compileCondition(item: unknown, place: string): Condition {
  if (isScalar(item)) return any((value) => value === item)
  if (!isObject(item))
    throw refusal(place, `a text, a number, true, false, null, or an object with one of ${OPERATORS}`)
  const [operator, ...more] = Object.keys(item)
  if (operator === undefined || more.length > 0) throw refusal(place, `an object with one of ${OPERATORS}`)
  return compileOperator(operator, item[operator], `${place}.${operator}`)
}

function compileOperator(operator: string, operand: unknown, place: string): Condition {
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return any(affix(operator, operand, place))
    case 'anything-but': {
      const forbidden = forbiddenBy(operand, place)
      return (value) => value !== undefined && !any(forbidden)(value)
    }
    case 'numeric':
      return any(numeric(operand, place))
    case 'exists':
      if (typeof operand !== 'boolean') throw refusal(place, 'true or false')
      return (value) => (value !== undefined) === operand
    case 'cidr':
      return any(cidr(operand, place))
    default:
      throw refusal(place, `one of ${OPERATORS}`)
  }
}

function affix(kind: 'prefix' | 'suffix', operand: unknown, place: string): Condition {
  if (typeof operand !== 'string') throw refusal(place, 'a text')
  return (value) =>
    typeof value === 'string' && (kind === 'prefix' ? value.startsWith(operand) : value.endsWith(operand))
}

function forbiddenBy(operand: unknown, place: string): Condition {
  const values = Array.isArray(operand) ? (operand as unknown[]) : [operand]
  if (values.length > 0 && values.every(isScalar)) return (value) => values.some((each) => each === value)
  if (isObject(operand) && Object.keys(operand).length === 1) {
    const [kind] = Object.keys(operand)
    if (kind === 'prefix' || kind === 'suffix') return affix(kind, operand[kind], `${place}.${kind}`)
  }
  throw refusal(place, 'a value, a list of values, or an object with one of prefix, suffix')
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

function numeric(operand: unknown, place: string): Condition {
  const accepted = `a list of a comparison (${Object.keys(comparisons).join(', ')}) and a number, once or twice`
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw refusal(place, accepted)
  const parts: ((value: number) => boolean)[] = []
  for (let i = 0; i < operand.length; i += 2) {
    const [sign, bound] = [operand[i] as unknown, operand[i + 1] as unknown]
    const compare = typeof sign === 'string' && Object.hasOwn(comparisons, sign) ? comparisons[sign] : undefined
    if (!compare || typeof bound !== 'number') throw refusal(place, accepted)
    parts.push((value) => compare(value, bound))
  }
  return (value) => typeof value === 'number' && parts.every((part) => part(value))
}

function cidr(operand: unknown, place: string): Condition {
  const [address = '', length = '', ...more] = typeof operand === 'string' ? operand.split('/') : []
  const version = isIP(address)
  const isLength = /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128)
  if (version === 0 || !isLength || more.length > 0) throw refusal(place, 'a range of addresses, such as 10.0.0.0/8')
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(length), family)
  return (value) => typeof value === 'string' && isIP(value) === version && list.check(value, family)
}

/** Of a list in the event one item is enough. */
function any(condition: Condition): Condition {
  return (value) => (Array.isArray(value) ? value.some((item) => condition(item)) : condition(value))
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refusal(place: string, accepted: string): FcError {
  return new FcError('InvalidArgument', `${place} must be ${accepted}`)
}
