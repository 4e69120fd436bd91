/** Policies in the language of RAM: what those of buckets and of sessions have in common. Pure. */
import { matchesWildcard } from '../wildcard.ts'

const VERSION = '1'
const STATEMENTS_MAX = 100
const RESOURCE = 'acs:{service}:{region}:{account}:{resource}'

export type PolicyStatement = {
  effect: 'Allow' | 'Deny'
  /** With the service, `*` for any characters. */
  actions: string[]
  resources: string[]
  isNotResource: boolean
}

/** The message names the place and what is accepted. */
export class PolicyError extends Error {
  constructor(place: string, problem: string) {
    super(place === '' ? problem : `${place}: ${problem}`)
    this.name = 'PolicyError'
  }
}

/** `readRest`: what a kind of policy has in its statements beside the common members. Throws PolicyError. */
export function readStatements<Rest>(
  text: string,
  readRest: (place: string, rest: Record<string, unknown>) => Rest,
): (PolicyStatement & Rest)[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new PolicyError('', 'it must be JSON')
  }
  const { Version, Statement, ...rest } = asObject('', document)
  rejectRest('', rest)
  if (Version !== VERSION) throw new PolicyError('Version', `it must be "${VERSION}"`)
  if (!Array.isArray(Statement) || Statement.length === 0 || Statement.length > STATEMENTS_MAX)
    throw new PolicyError('Statement', `it must be a list of 1 to ${STATEMENTS_MAX}`)
  return Statement.map((value, i) => {
    const place = `Statement[${i}]`
    const { Sid: _sid, Effect, Action, Resource, NotResource, ...others } = asObject(place, value)
    if (Effect !== 'Allow' && Effect !== 'Deny') throw new PolicyError(`${place}.Effect`, 'it must be Allow or Deny')
    if ((Resource === undefined) === (NotResource === undefined))
      throw new PolicyError(place, 'it must hold either Resource or NotResource')
    return {
      effect: Effect,
      actions: texts(`${place}.Action`, Action),
      resources: resources(`${place}.Resource`, Resource ?? NotResource),
      isNotResource: Resource === undefined,
      ...readRest(place, others),
    }
  })
}

/** A session's own policy narrows what its role gives. Throws PolicyError. */
export function readSessionPolicy(text: string): PolicyStatement[] {
  return readStatements(text, (place, { Condition, ...rest }) => {
    if (Condition !== undefined)
      throw new PolicyError(`${place}.Condition`, 'conditions are not evaluated for a session; leave it out')
    rejectRest(place, rest)
    return {}
  })
}

export function asObject(place: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new PolicyError(place, 'it must be an object')
}

export function rejectRest(place: string, rest: Record<string, unknown>): void {
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new PolicyError(place, `there is no member '${unknown}'`)
}

export function texts(place: string, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  const found = list.filter((item) => typeof item === 'string')
  if (found.length > 0 && found.length === list.length) return found
  throw new PolicyError(place, 'it must be a text or a list of texts')
}

function resources(place: string, value: unknown): string[] {
  const patterns = texts(place, value)
  const wrong = patterns.find((pattern) => pattern !== '*' && partsOf(pattern)?.[0] !== 'acs')
  if (wrong !== undefined) throw new PolicyError(place, `'${wrong}' must be * or ${RESOURCE}`)
  return patterns
}

/** Of the statements that apply, a refusal wins over a permission; null: they say nothing. */
export function effectOf(applying: readonly PolicyStatement[]): 'allow' | 'deny' | null {
  if (applying.some(({ effect }) => effect === 'Deny')) return 'deny'
  return applying.length > 0 ? 'allow' : null
}

/** Whether a statement is about this: `oss:GetObject`, and `acs:oss:{region}:{account}:{bucket}/{key}`, region `*` for any. */
export function covers(statement: PolicyStatement, action: string, resource: string): boolean {
  const isAsked = statement.actions.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()))
  return (
    isAsked && statement.resources.some((pattern) => matchesResource(pattern, resource)) !== statement.isNotResource
  )
}

/** Part by part, so that no `*` reaches from one into the next: a key may hold colons. */
function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === '*') return true
  const [, service, region, account, path] = partsOf(pattern)!
  const [, ofService, ofRegion, ofAccount, ofPath] = partsOf(resource)!
  return (
    matchesWildcard(service, ofService) &&
    // OSS writes its regions with a prefix.
    (ofRegion === '*' || matchesWildcard(region.replace(/^oss-/, ''), ofRegion)) &&
    matchesWildcard(account, ofAccount) &&
    matchesWildcard(path, ofPath)
  )
}

type ResourceParts = [string, string, string, string, string]

function partsOf(resource: string): ResourceParts | undefined {
  const [scheme, service, region, account, ...path] = resource.split(':')
  if (path.length === 0) return undefined
  return [scheme, service, region, account, path.join(':')] as ResourceParts
}
