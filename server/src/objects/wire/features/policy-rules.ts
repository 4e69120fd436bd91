/** A bucket's policy: who may do what, said by whom it belongs to. Pure. */
import { BlockList, isIP } from 'node:net'
import { PolicyError, asObject, covers, effectOf, readStatements, rejectRest, texts } from '../../../auth/port.ts'
import { OssError } from '../../port.ts'
import type { PolicyStatement } from '../../../auth/port.ts'

const CONDITIONS = ['IpAddress', 'NotIpAddress']
const CONDITION_KEY = 'acs:SourceIp'

export type BucketStatement = PolicyStatement & {
  /** Ids of accounts; `*`: everybody, anonymous included. */
  principals: string[]
  /** Addresses and networks, one of which must hold; empty: no matter. */
  from: string[]
  notFrom: string[]
}

export interface PolicyRequest {
  /** Of the holder of an account; null: anonymous, or somebody whose rights are a role's. */
  accountId: string | null
  /** With `oss:`. */
  action: string
  /** `acs:oss:*:account:bucket/key` */
  resource: string
  sourceIp: string
}

/** Throws OssError InvalidArgument that names the place and what is accepted. */
export function readPolicy(text: string): BucketStatement[] {
  try {
    return readStatements(text, (place, { Principal, Condition, ...rest }) => {
      rejectRest(place, rest)
      return { principals: texts(`${place}.Principal`, Principal), ...readConditions(`${place}.Condition`, Condition) }
    })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw new OssError('InvalidArgument', `The policy is not valid: ${error.message}.`)
  }
}

function readConditions(place: string, value: unknown): Pick<BucketStatement, 'from' | 'notFrom'> {
  const conditions = value === undefined ? {} : asObject(place, value)
  const networks = CONDITIONS.map((name) => {
    if (conditions[name] === undefined) return []
    const { [CONDITION_KEY]: sources, ...rest } = asObject(`${place}.${name}`, conditions[name])
    rejectRest(`${place}.${name}`, rest)
    const list = texts(`${place}.${name}.${CONDITION_KEY}`, sources)
    for (const network of list) {
      if (networkOf(network) === undefined)
        throw new PolicyError(`${place}.${name}`, `'${network}' is no address or network`)
    }
    return list
  })
  const unknown = Object.keys(conditions).find((name) => !CONDITIONS.includes(name))
  if (unknown !== undefined)
    throw new PolicyError(
      `${place}.${unknown}`,
      `it is not evaluated here; there are ${CONDITIONS.join(', ')} of ${CONDITION_KEY}`,
    )
  return { from: networks[0]!, notFrom: networks[1]! }
}

/** A refusal wins over a permission; null: the policy says nothing. */
export function decide(statements: readonly BucketStatement[], request: PolicyRequest): 'allow' | 'deny' | null {
  return effectOf(statements.filter((statement) => applies(statement, request)))
}

function applies(statement: BucketStatement, { accountId, action, resource, sourceIp }: PolicyRequest): boolean {
  const isMeant = statement.principals.some((principal) => principal === '*' || principal === accountId)
  const isFrom = statement.from.length === 0 || within(statement.from, sourceIp)
  const isBarred = statement.notFrom.length > 0 && within(statement.notFrom, sourceIp)
  return isMeant && isFrom && !isBarred && covers(statement, action, resource)
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
