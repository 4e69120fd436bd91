/** Which pages of other origins a browser may let use a bucket. Pure. */
import { malformed, readFlag, readWhole } from './setting.ts'
import { childText, childrenOf, type XmlElement, type XmlValue } from '../xml.ts'
import { matchesWildcard } from '../../../wildcard.ts'

const RULES_MAX = 20
const METHODS = ['GET', 'PUT', 'DELETE', 'POST', 'HEAD']
const MAX_AGE_SECONDS_MAX = 999_999_999

export type CorsRule = {
  origins: string[]
  methods: string[]
  headers: string[]
  exposed: string[]
  maxAgeSeconds: number | null
}

export type CorsConfiguration = {
  rules: CorsRule[]
  /** Whether every answer says that it differs by origin. */
  varies: boolean
}

/** Throws OssError MalformedXML. */
export function readCors(document: XmlElement): CorsConfiguration {
  const rules = childrenOf(document, 'CORSRule').map(readRule)
  if (rules.length === 0 || rules.length > RULES_MAX) throw malformed(`there must be 1 to ${RULES_MAX} CORSRules`)
  return { rules, varies: readFlag('ResponseVary', childText(document, 'ResponseVary'), false) }
}

function readRule(element: XmlElement): CorsRule {
  const texts = (name: string) => childrenOf(element, name).map(({ text }) => text.trim())
  const rule = {
    origins: texts('AllowedOrigin'),
    methods: texts('AllowedMethod').map((method) => method.toUpperCase()),
    headers: texts('AllowedHeader'),
    exposed: texts('ExposeHeader'),
  }
  if (rule.origins.length === 0) throw malformed('a CORSRule needs an AllowedOrigin')
  if (rule.methods.length === 0) throw malformed('a CORSRule needs an AllowedMethod')
  const unknown = rule.methods.find((method) => !METHODS.includes(method))
  if (unknown !== undefined) throw malformed(`AllowedMethod must be one of ${METHODS.join(', ')}, not '${unknown}'`)
  for (const pattern of [...rule.origins, ...rule.headers]) {
    if (pattern.split('*').length > 2) throw malformed(`'${pattern}' holds more than one *`)
  }
  if (rule.exposed.some((name) => name.includes('*'))) throw malformed('ExposeHeader must not hold a *')
  const maxAge = childText(element, 'MaxAgeSeconds')
  return {
    ...rule,
    maxAgeSeconds: maxAge === undefined ? null : readWhole('MaxAgeSeconds', maxAge, 0, MAX_AGE_SECONDS_MAX),
  }
}

export function corsXml({ rules, varies }: CorsConfiguration): XmlValue {
  return {
    CORSRule: rules.map((rule) => ({
      AllowedOrigin: rule.origins,
      AllowedMethod: rule.methods,
      AllowedHeader: rule.headers,
      ExposeHeader: rule.exposed,
      MaxAgeSeconds: rule.maxAgeSeconds ?? undefined,
    })),
    ResponseVary: varies,
  }
}

export interface CorsRequest {
  origin: string
  method: string
  /** Of a preflight: what the page wants to send. */
  headers: readonly string[]
}

/** The headers of the first rule that lets it through; null: none does. */
export function corsHeaders(
  { rules, varies }: CorsConfiguration,
  { origin, method, headers }: CorsRequest,
): Record<string, string> | null {
  const rule = rules.find(
    (each) =>
      each.methods.includes(method) &&
      each.origins.some((pattern) => matchesWildcard(pattern, origin)) &&
      headers.every((name) =>
        each.headers.some((pattern) => matchesWildcard(pattern.toLowerCase(), name.toLowerCase())),
      ),
  )
  if (rule === undefined) return null
  return {
    'access-control-allow-origin': rule.origins.includes('*') ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(headers.length > 0 && { 'access-control-allow-headers': headers.join(', ') }),
    ...(rule.exposed.length > 0 && { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAgeSeconds !== null && { 'access-control-max-age': `${rule.maxAgeSeconds}` }),
    // An answer for one origin must not be kept for another.
    ...((varies || !rule.origins.includes('*')) && { vary: 'Origin' }),
  }
}
