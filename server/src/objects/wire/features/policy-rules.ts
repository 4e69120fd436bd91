/** A bucket's policy: who may do what, said by whom it belongs to. Pure. */
import { BlockList, isIP } from 'node:net'
import { OssError } from '../../port.ts'
import { matchesWildcard } from './wildcard.ts'

const VERSION = '1'
const STATEMENTS_MAX = 100
const CONDITIONS = ['IpAddress', 'NotIpAddress']
const CONDITION_KEY = 'acs:SourceIp'

export type PolicyStatement = {
  effect: 'Allow' | 'Deny'
  /** Ids of accounts; `*`: everybody, anonymous included. */
  principals: string[]
  /** With `oss:`, `*` for any characters. */
  actions: string[]
  resources: string[]
  isNotResource: boolean
  /** Addresses and networks, one of which must hold; empty: no matter. */
  from: string[]
  notFrom: string[]
}

export interface PolicyRequest {
  /** Of the holder of an account; null: anonymous, or somebody whose rights are a role's. */
  accountId: string | null
  /** With `oss:`. */
  action: string
  /** `account:bucket/key` */
  resource: string
  sourceIp: string
}

/** Throws OssError InvalidArgument that names the place and what is accepted. */
export function readPolicy(text: string): PolicyStatement[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw refused('', 'it must be JSON')
  }
  const { Version, Statement, ...rest } = asObject('', document)
  rejectRest('', rest)
  if (Version !== VERSION) throw refused('Version', `it must be "${VERSION}"`)
  if (!Array.isArray(Statement) || Statement.length === 0 || Statement.length > STATEMENTS_MAX)
    throw refused('Statement', `it must be a list of 1 to ${STATEMENTS_MAX}`)
  return Statement.map((statement, i) => readStatement(`Statement[${i}]`, statement))
}

function readStatement(place: string, value: unknown): PolicyStatement {
  const { Sid: _sid, Effect, Principal, Action, Resource, NotResource, Condition, ...rest } = asObject(place, value)
  rejectRest(place, rest)
  if (Effect !== 'Allow' && Effect !== 'Deny') throw refused(`${place}.Effect`, 'it must be Allow or Deny')
  if ((Resource === undefined) === (NotResource === undefined))
    throw refused(place, 'it must hold either Resource or NotResource')
  return {
    effect: Effect,
    principals: texts(`${place}.Principal`, Principal),
    actions: texts(`${place}.Action`, Action),
    resources: texts(`${place}.Resource`, Resource ?? NotResource),
    isNotResource: Resource === undefined,
    ...readConditions(`${place}.Condition`, Condition),
  }
}

function readConditions(place: string, value: unknown): Pick<PolicyStatement, 'from' | 'notFrom'> {
  const conditions = value === undefined ? {} : asObject(place, value)
  const networks = CONDITIONS.map((name) => {
    if (conditions[name] === undefined) return []
    const { [CONDITION_KEY]: sources, ...rest } = asObject(`${place}.${name}`, conditions[name])
    rejectRest(`${place}.${name}`, rest)
    const list = texts(`${place}.${name}.${CONDITION_KEY}`, sources)
    for (const network of list) {
      if (networkOf(network) === undefined) throw refused(`${place}.${name}`, `'${network}' is no address or network`)
    }
    return list
  })
  const unknown = Object.keys(conditions).find((name) => !CONDITIONS.includes(name))
  if (unknown !== undefined)
    throw refused(
      `${place}.${unknown}`,
      `it is not evaluated here; there are ${CONDITIONS.join(', ')} of ${CONDITION_KEY}`,
    )
  return { from: networks[0]!, notFrom: networks[1]! }
}

function refused(place: string, problem: string): OssError {
  return new OssError('InvalidArgument', `The policy is not valid: ${place === '' ? '' : `${place}: `}${problem}.`)
}

function asObject(place: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(place, 'it must be an object')
  return value as Record<string, unknown>
}

function rejectRest(place: string, rest: Record<string, unknown>): void {
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw refused(place, `there is no member '${unknown}'`)
}

function texts(place: string, value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length === 0 || texts.length < list.length) throw refused(place, 'it must be a text or a list of texts')
  return texts
}

/** A refusal wins over a permission; null: the policy says nothing. */
export function decide(statements: readonly PolicyStatement[], request: PolicyRequest): 'allow' | 'deny' | null {
  const effects = statements.filter((statement) => applies(statement, request)).map(({ effect }) => effect)
  if (effects.includes('Deny')) return 'deny'
  return effects.includes('Allow') ? 'allow' : null
}

function applies(statement: PolicyStatement, { accountId, action, resource, sourceIp }: PolicyRequest): boolean {
  const isMeant = statement.principals.some((principal) => principal === '*' || principal === accountId)
  const isAsked = statement.actions.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase()))
  const isThere = statement.resources.some((pattern) => matchesWildcard(withinService(pattern), resource))
  const isFrom = statement.from.length === 0 || within(statement.from, sourceIp)
  const isBarred = statement.notFrom.length > 0 && within(statement.notFrom, sourceIp)
  return isMeant && isAsked && isThere !== statement.isNotResource && isFrom && !isBarred
}

/** Without `acs:oss:{region}:`; there is one region. */
function withinService(pattern: string): string {
  return pattern === '*' ? pattern : pattern.split(':').slice(3).join(':')
}

function within(networks: readonly string[], address: string): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const { base, bits, family } = networkOf(network)!
    list.addSubnet(base, bits, family)
  }
  return isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function networkOf(text: string): { base: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [base = '', length] = text.split('/', 2)
  const version = isIP(base)
  if (version === 0) return undefined
  const bitsMax = version === 4 ? 32 : 128
  const bits = length === undefined ? bitsMax : Number(length)
  if (!Number.isInteger(bits) || bits < 0 || bits > bitsMax) return undefined
  return { base, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}
