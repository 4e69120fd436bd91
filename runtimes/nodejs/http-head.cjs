'use strict'
/** The head of RESPONSE to an HTTP request, checked so that no handler can break the response apart. */

const HEAD_LENGTH_MAX = 65_536
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN_IN_VALUE = /[\0\r\n]/

/** Throws TypeError. `value`: anything with a text, or a list for a header that occurs more than once. */
function checkedHeader(name, value) {
  if (!HEADER_NAME.test(name)) throw new TypeError(`header name ${JSON.stringify(String(name))} is not a token`)
  const values = (Array.isArray(value) ? value : [value]).map(String)
  if (values.some((text) => FORBIDDEN_IN_VALUE.test(text))) {
    throw new TypeError(`the value of header ${name} holds a line break or NUL`)
  }
  return { name: String(name), values }
}

/** `headers`: as checkedHeader gives them. Throws TypeError. */
function encodeResponseHead(status, headers) {
  const flat = []
  for (const { name, values } of headers) for (const value of values) flat.push(name, value)
  const head = JSON.stringify({ status, headers: flat })
  if (head.length > HEAD_LENGTH_MAX) {
    throw new TypeError(`the headers have ${head.length} characters, at most ${HEAD_LENGTH_MAX} are accepted`)
  }
  return head
}

module.exports = { checkedHeader, encodeResponseHead }
