'use strict'
/** HTTP requests of generation 3: the request as a JSON event, and the answer `{statusCode, headers, body, isBase64Encoded}`. */
const buffer = require('buffer')
const { RuntimeFailure } = require('./errors.cjs')

const HEADER_NAMES_KEPT_MAX = 256
const JSON_CONTENT_TYPE = JSON.stringify({ status: 200, headers: ['Content-Type', 'application/json'] })

const canonicalNames = new Map()

/** `x-REQUEST-id` becomes `X-Request-Id`. */
function canonicalName(name) {
  let canonical = canonicalNames.get(name)
  if (canonical === undefined) {
    canonical = name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
    if (canonicalNames.size < HEADER_NAMES_KEPT_MAX) canonicalNames.set(name, canonical)
  }
  return canonical
}

let lastTimeMs = 0
let lastTimeEpoch = ''
let lastTime = ''

/** Requests of one millisecond share the text of their time, which costs more than the rest of the event's fields. */
function tellTime(timeMs) {
  if (timeMs === lastTimeMs) return
  lastTimeMs = timeMs
  lastTimeEpoch = String(timeMs)
  lastTime = new Date(timeMs).toISOString()
}

/** The event as handlers get it: bytes of JSON. */
function buildEvent(head, body, accountId) {
  const headers = {}
  for (let i = 0; i < head.headers.length; i += 2) append(headers, canonicalName(head.headers[i]), head.headers[i + 1])
  const queryParameters = {}
  if (head.query !== '')
    for (const [name, value] of new URLSearchParams(head.query)) append(queryParameters, name, value)
  const isText = isUtf8(body)
  tellTime(Date.now())
  const { domainName } = head
  const dot = domainName.indexOf('.')
  return Buffer.from(
    JSON.stringify({
      version: 'v1',
      rawPath: head.rawPath,
      headers,
      queryParameters,
      body: body.length === 0 ? '' : body.toString(isText ? 'utf8' : 'base64'),
      isBase64Encoded: !isText,
      requestContext: {
        accountId,
        domainName,
        domainPrefix: dot < 0 ? domainName : domainName.slice(0, dot),
        requestId: head.requestId,
        time: lastTime,
        timeEpoch: lastTimeEpoch,
        triggerId: head.triggerId,
        http: {
          method: head.method,
          path: head.path,
          protocol: head.protocol,
          sourceIp: head.clientIp,
          userAgent: headers['User-Agent'] || '',
        },
      },
    }),
  )
}

function append(target, name, value) {
  target[name] = Object.hasOwnProperty.call(target, name) ? `${target[name]},${value}` : value
}

function isUtf8(body) {
  if (body.length === 0) return true
  if (buffer.isUtf8) return buffer.isUtf8(body)
  return Buffer.from(body.toString()).equals(body)
}

/** What the handler returned, as the head and body of RESPONSE. `serialise` makes text or bytes of any value. */
function translateAnswer(result, serialise) {
  const answer = asHttpAnswer(result)
  if (answer === undefined) return { head: JSON_CONTENT_TYPE, body: serialise(result) }
  const status = Number(answer.statusCode)
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw badAnswer(`statusCode ${JSON.stringify(answer.statusCode)} is not a status code, accepted are 200 to 599`)
  }
  return { head: encodeHead(status, answer.headers), body: decodeBody(answer, serialise) }
}

/** An object with a statusCode, also when the handler has already written it as JSON; else undefined. */
function asHttpAnswer(result) {
  if (typeof result === 'object' && result !== null && !(result instanceof Uint8Array)) {
    return result.statusCode === undefined ? undefined : result
  }
  if (typeof result !== 'string' && !(result instanceof Uint8Array)) return undefined
  const text = typeof result === 'string' ? result : Buffer.from(result.buffer, result.byteOffset, result.length)
  if (!text.includes('"statusCode"')) return undefined
  try {
    const parsed = JSON.parse(text)
    return parsed !== null && parsed.statusCode !== undefined ? parsed : undefined
  } catch {
    return undefined
  }
}

function encodeHead(status, headers) {
  if (headers === undefined || headers === null) return `{"status":${status},"headers":[]}`
  const { checkedHeader, encodeResponseHead } = require('./http-head.cjs')
  try {
    return encodeResponseHead(
      status,
      Object.keys(headers).map((name) => checkedHeader(name, headers[name])),
    )
  } catch (error) {
    throw badAnswer(error.message)
  }
}

function decodeBody({ body, isBase64Encoded }, serialise) {
  if (isBase64Encoded === true && typeof body === 'string') return Buffer.from(body, 'base64')
  return serialise(body)
}

function badAnswer(message) {
  return new RuntimeFailure('BadResponse', `the answer to an HTTP request cannot be sent: ${message}`)
}

module.exports = { buildEvent, translateAnswer }
