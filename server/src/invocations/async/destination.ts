/** Where results can be sent. Pure text work: whether it exists shows when something is sent. */
import { isIP, isIPv6 } from 'node:net'
import { functionKey, LATEST, type FunctionKey } from '../../model.ts'

export type Destination =
  | { kind: 'function'; functionKey: FunctionKey; qualifier: string }
  | { kind: 'http'; url: string }
  | { kind: 'bucket'; bucket: string; prefix: string }

export interface Account {
  accountId: string
  region: string
}

const DESTINATIONS_ACCEPTED =
  'the ARN of a function (acs:fc:{region}:{account}:functions/{function}[/{qualifier}] or ' +
  '…:services/{service}[.{qualifier}]/functions/{function}), an http:// or https:// address, ' +
  'or a bucket (acs:oss:{region}:{account}:{bucket} or oss://{bucket}/{prefix})'

const NAME = '[A-Za-z_][A-Za-z0-9_-]{0,127}'
const QUALIFIER = '[A-Za-z0-9_-]{1,128}'
const FUNCTION_3 = new RegExp(`^functions/(${NAME})(?:\\$(${NAME}))?(?:/(${QUALIFIER}))?$`)
const FUNCTION_2 = new RegExp(`^services/(${NAME})(?:\\.(${QUALIFIER}))?/functions/(${NAME})$`)
const BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/
const URL_LENGTH_MAX = 2048
const PREFIX_LENGTH_MAX = 512

/** What is meant; in text, the reason that it cannot be. */
export function parseDestination(text: string, account: Account): Destination | string {
  if (text.startsWith('acs:fc:')) return parseFunction(text, account)
  if (text.startsWith('acs:oss:')) return parseBucket(text, account)
  const bucket = /^oss:\/\/([^/]+)\/?(.*)$/.exec(text)
  if (bucket) return bucketNamed(bucket[1]!, bucket[2]!)
  if (/^https?:\/\//i.test(text)) return parseUrl(text)
  return `'${text.slice(0, 128)}' is none of what is accepted: ${DESTINATIONS_ACCEPTED}`
}

/** Empty stands for ours, as in the ARNs that destinations are told. */
function ownResource(text: string, { accountId, region }: Account): string | { problem: string } {
  const [, service, ofRegion, ofAccount, ...rest] = text.split(':')
  if (ofRegion !== '' && ofRegion !== '*' && ofRegion !== region) {
    return { problem: `'${ofRegion}' in the ARN is another region; this one is '${region}'` }
  }
  if (ofAccount !== '' && ofAccount !== '*' && ofAccount !== accountId) {
    return { problem: `the ARN names another account than this one, '${accountId}'` }
  }
  return rest.length === 0 ? { problem: `the ARN names no resource of '${service}'` } : rest.join(':')
}

function parseFunction(text: string, account: Account): Destination | string {
  const resource = ownResource(text, account)
  if (typeof resource !== 'string') return resource.problem
  const two = FUNCTION_2.exec(resource)
  if (two) return { kind: 'function', functionKey: functionKey(two[1]!, two[3]!), qualifier: two[2] ?? LATEST }
  const three = FUNCTION_3.exec(resource)
  if (three) {
    const [, first, second, qualifier = LATEST] = three
    return { kind: 'function', functionKey: second === undefined ? first! : functionKey(first!, second), qualifier }
  }
  return (
    `'${resource.slice(0, 128)}' names no function: functions/{function}[/{qualifier}] and ` +
    'services/{service}[.{qualifier}]/functions/{function} are accepted'
  )
}

function parseBucket(text: string, account: Account): Destination | string {
  const resource = ownResource(text, account)
  if (typeof resource !== 'string') return resource.problem
  const at = resource.indexOf('/')
  return at < 0 ? bucketNamed(resource, '') : bucketNamed(resource.slice(0, at), resource.slice(at + 1))
}

function bucketNamed(bucket: string, prefix: string): Destination | string {
  if (!BUCKET.test(bucket)) {
    return `'${bucket.slice(0, 64)}' is no name of a bucket: 3 to 63 lower-case letters, digits and '-'`
  }
  if (prefix.length > PREFIX_LENGTH_MAX) return `the prefix has more than ${PREFIX_LENGTH_MAX} characters`
  return { kind: 'bucket', bucket, prefix }
}

function parseUrl(text: string): Destination | string {
  if (text.length > URL_LENGTH_MAX) return `an address has at most ${URL_LENGTH_MAX} characters`
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return `'${text.slice(0, 128)}' is no address`
  }
  if (url.username !== '' || url.password !== '') return 'an address holds no user name and password'
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isRefusedAddress(host)) return `'${host}' is ${REFUSED_ADDRESSES}`
  return { kind: 'http', url: url.href }
}

export const REFUSED_ADDRESSES = 'a link-local, metadata, multicast or unspecified address, which nothing is sent to'

/** The metadata services of clouds that have an address outside 169.254.0.0/16. */
const METADATA_ADDRESSES = new Set(['100.100.100.200', 'fd00:ec2::254'])

/**
 * Addresses that would give a machine's own credentials away or lead nowhere. Loopback and private networks are not
 * among them: on one's own hardware they are where one's own services are.
 */
export function isRefusedAddress(address: string): boolean {
  if (METADATA_ADDRESSES.has(address.toLowerCase())) return true
  if (isIPv6(address)) {
    const mapped = /^::ffff:(.+)$/i.exec(address)?.[1]
    if (mapped !== undefined) return isRefusedAddress(fromHexPairs(mapped))
    return address === '::' || /^(fe[89ab]|ff)/i.test(address)
  }
  const first = Number(address.split('.')[0])
  return first === 0 || first >= 224 || address.startsWith('169.254.')
}

/** `a9fe:a9fe`, as URLs write the IPv4 address in an IPv6 one, is `169.254.169.254`. */
function fromHexPairs(mapped: string): string {
  const pairs = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(mapped)
  if (!pairs) return mapped
  const [high, low] = [Number.parseInt(pairs[1]!, 16), Number.parseInt(pairs[2]!, 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
