/** What an uploader wants an application to be told when an object was stored. Pure. */
import { OssError } from '../../port.ts'

const PARAMETER_BYTES_MAX = 5 * 1024
const URLS_MAX = 5
const FORM_TYPE = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const PLACEHOLDER = /\$\{([^}]*)\}/g
const SYSTEM_VARIABLES = [
  ...['bucket', 'object', 'etag', 'size', 'mimeType', 'crc64', 'contentMd5', 'reqId', 'clientIp', 'operation'],
  ...['imageInfo.height', 'imageInfo.width', 'imageInfo.format'],
]
const CUSTOM_VARIABLE = /^x:[a-z0-9_.-]+$/

export interface CallbackRequest {
  /** Asked in this order until one answers well. */
  urls: URL[]
  /** Of the Host header; undefined: that of the URL. */
  host: string | undefined
  body: string
  bodyType: string
  /** `x:name` to value. */
  variables: ReadonlyMap<string, string>
}

export type CallbackValues = Readonly<Record<string, string | number>>

const invalid = (name: string, problem: string) =>
  new OssError('InvalidArgument', `The ${name} configuration is not valid: ${problem}.`, { ArgumentName: name })

/** `encoded`: Base64 of JSON. Throws OssError InvalidArgument. */
export function readCallback(encoded: string, variables: ReadonlyMap<string, string>): CallbackRequest | null {
  const { callbackUrl, callbackHost, callbackBody, callbackBodyType = FORM_TYPE } = decode('callback', encoded)
  if (callbackUrl === undefined || callbackUrl === '') return null
  if (typeof callbackUrl !== 'string') throw invalid('callback', 'callbackUrl must be a text')
  const urls = callbackUrl.split(';').map((text) => readUrl(text.trim()))
  if (urls.length > URLS_MAX) throw invalid('callback', `callbackUrl holds more than ${URLS_MAX} URLs`)
  if (typeof callbackBody !== 'string' || callbackBody === '') throw invalid('callback', 'callbackBody is empty')
  if (callbackBodyType !== FORM_TYPE && callbackBodyType !== JSON_TYPE)
    throw invalid('callback', `callbackBodyType must be ${FORM_TYPE} or ${JSON_TYPE}`)
  if (callbackHost !== undefined && (typeof callbackHost !== 'string' || !/^[\w.:[\]-]*$/.test(callbackHost)))
    throw invalid('callback', 'callbackHost is no host name')
  for (const [, name] of callbackBody.matchAll(PLACEHOLDER)) {
    if (!SYSTEM_VARIABLES.includes(name!) && !CUSTOM_VARIABLE.test(name!))
      throw invalid('callback', `callbackBody holds the unknown variable \${${name}}`)
  }
  return { urls, host: callbackHost || undefined, body: callbackBody, bodyType: callbackBodyType, variables }
}

/** `{"x:name": "value"}` in Base64. Throws OssError InvalidArgument. */
export function readCallbackVariables(encoded: string): Map<string, string> {
  const variables = new Map<string, string>()
  for (const [name, value] of Object.entries(decode('callback-var', encoded))) {
    if (!CUSTOM_VARIABLE.test(name)) throw invalid('callback-var', `'${name}' must begin with x: and be lower case`)
    if (typeof value !== 'string') throw invalid('callback-var', `the value of '${name}' must be a text`)
    variables.set(name, value)
  }
  return variables
}

function decode(name: string, encoded: string): Record<string, unknown> {
  if (encoded.length > PARAMETER_BYTES_MAX) throw invalid(name, `it is larger than ${PARAMETER_BYTES_MAX} bytes`)
  try {
    const document: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))
    if (typeof document === 'object' && document !== null && !Array.isArray(document))
      return document as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw invalid(name, 'it must be Base64 of a JSON object')
}

function readUrl(text: string): URL {
  const whole = /^https?:\/\//i.test(text) ? text : `http://${text}`
  try {
    const url = new URL(whole)
    // What cannot be decoded could not be signed.
    decodeURIComponent(url.pathname)
    return url
  } catch {
    throw invalid('callback', `'${text}' is no URL`)
  }
}

export function usesImageInfo({ body }: CallbackRequest): boolean {
  return body.includes('${imageInfo.')
}

/** The body that the application gets: values are encoded as its type demands; unknown ones are empty. */
export function callbackBody({ body, bodyType, variables }: CallbackRequest, values: CallbackValues): string {
  return body.replaceAll(PLACEHOLDER, (_placeholder, name: string) => {
    const value = name.startsWith('x:') ? (variables.get(name) ?? '') : (values[name] ?? '')
    return bodyType === JSON_TYPE ? JSON.stringify(value) : formEncode(String(value))
  })
}

function formEncode(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2)
}

/** What is signed: the decoded path, the query as it is, the body. */
export function callbackStringToSign(url: URL, body: string): string {
  return `${decodeURIComponent(url.pathname)}${url.search}\n${body}`
}
