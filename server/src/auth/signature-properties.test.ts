/** Whatever is signed is accepted, and whatever is altered after signing is refused. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FcError } from '../errors.ts'
import { fcResource, fcSignature, fcStringToSign } from './fc-signature.ts'
import { percentEncode, readQuery } from './request-target.ts'
import { signAcs3 } from './sign-acs3.ts'
import { HOST, KEY, NOW_HTTP, NOW_MS, makeAuthenticator } from './test-support.ts'
import type { SignedRequest } from './port.ts'

const { authenticate } = makeAuthenticator()
const RUNS = 150

let nonces = 0
const nextNonce = () => `nonce-${nonces++}`

/** Text without lone surrogates, which no URL can hold. */
const text = fc.string({ unit: 'binary', maxLength: 8 })
const printable = fc.string({ unit: fc.constantFrom(...Array.from('abzAZ09-_. :;=,%é\'"')), maxLength: 12 })
const oneLine = text.map((value) => value.replaceAll('\n', ' '))
const pathOf = (segment: fc.Arbitrary<string>) =>
  fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.map(percentEncode).join('/')}`)
const queryOf = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(key, fc.option(value)), { maxLength: 4 })
    .map((pairs) =>
      pairs.map(([k, v]) => (v === null ? percentEncode(k) : `${percentEncode(k)}=${percentEncode(v)}`)).join('&'),
    )
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH')
const headerName = fc.stringMatching(/^[a-z0-9-]{1,8}$/)
const headerMap = (prefix: string) =>
  fc.dictionary(
    headerName.map((name) => `${prefix}u-${name}`),
    printable.map((value) => value.trim()),
    { maxKeys: 4 },
  )

const acs3Request = fc.record({
  method,
  path: pathOf(text),
  query: queryOf(text, text),
  headers: headerMap('x-acs-'),
  contentType: fc.option(printable),
  body: text,
})

const fcRequest = fc.record({
  method,
  path: pathOf(oneLine).map((path) => `/2016-08-15/proxy/s/f${path}`),
  query: queryOf(
    oneLine.map((key) => key.replaceAll('=', ' ')),
    oneLine,
  ),
  headers: headerMap('x-fc-'),
  contentType: fc.option(printable.map((value) => value.trim())),
})

type Parts = {
  method: string
  path: string
  query: string
  headers: Record<string, string>
  contentType: string | null
}

const urlOf = ({ path, query }: Parts) => (query === '' ? path : `${path}?${query}`)
const headersOf = ({ headers, contentType }: Parts) =>
  contentType === null ? headers : { ...headers, 'content-type': contentType }

function signedAcs3(parts: Parts & { body: string }, secret = KEY.accessKeySecret): SignedRequest {
  const request = { method: parts.method, url: urlOf(parts), host: HOST, headers: headersOf(parts) }
  const key = { ...KEY, accessKeySecret: secret }
  const headers = signAcs3({ ...request, bodySha256: hash('sha256', parts.body) }, key, nextNonce(), NOW_MS)
  return { method: request.method, url: request.url, headers }
}

function signedFc(parts: Parts, secret = KEY.accessKeySecret): SignedRequest {
  const headers = { ...headersOf(parts), date: NOW_HTTP }
  const request: SignedRequest = { method: parts.method, url: urlOf(parts), headers }
  const resource = fcResource(parts.path, readQuery(parts.query))
  const signature = fcSignature(fcStringToSign(request, NOW_HTTP, resource), secret)
  return { ...request, headers: { ...headers, authorization: `FC ${KEY.accessKeyId}:${signature}` } }
}

/** `value` with one character exchanged, at a place and for a letter chosen by `seed`. */
function exchangeOne(value: string, seed: number): string {
  const at = seed % value.length
  const letter = value[at] === 'q' ? 'r' : 'q'
  return value.slice(0, at) + letter + value.slice(at + 1)
}

/** Inside an escape a single character can stand for the same byte (`%2f`, `%2F`), so those are left alone. */
function exchangeInTarget(value: string, seed: number): string | undefined {
  const plain = [...value.matchAll(/%..|[^/?&=%]/g)].filter(([found]) => found.length === 1)
  if (plain.length === 0) return undefined
  const at = plain[seed % plain.length]!.index
  return value.slice(0, at) + exchangeOne(value[at]!, 0) + value.slice(at + 1)
}

function assertMismatch(request: SignedRequest): void {
  assert.throws(
    () => authenticate(request),
    (error) => error instanceof FcError && error.code === 'SignatureNotMatch',
  )
}

/** Every way of altering one character of what is signed. */
function alterations(request: SignedRequest, signedHeaders: readonly string[], seed: number): SignedRequest[] {
  const [path = '', query] = request.url.split('?', 2)
  const altered: SignedRequest[] = [{ ...request, method: exchangeOne(request.method, seed) }]
  const otherPath = exchangeInTarget(path, seed)
  // A change in the first segments would make another kind of request of it.
  if (
    otherPath?.startsWith('/2016-08-15/proxy/') === path.startsWith('/2016-08-15/proxy/') &&
    otherPath !== undefined
  ) {
    altered.push({ ...request, url: query === undefined ? otherPath : `${otherPath}?${query}` })
  }
  const otherQuery = query === undefined ? undefined : exchangeInTarget(query, seed)
  if (otherQuery !== undefined) altered.push({ ...request, url: `${path}?${otherQuery}` })
  for (const name of signedHeaders) {
    const value = String(request.headers[name])
    const other = value === '' ? 'q' : exchangeOne(value, seed)
    altered.push({ ...request, headers: { ...request.headers, [name]: other } })
  }
  return altered
}

test('ACS3: what is signed is accepted, whatever path, query, headers and body', () => {
  fc.assert(
    fc.property(acs3Request, (parts) => {
      const { principal, bodySha256 } = authenticate(signedAcs3(parts))
      assert.equal(principal.kind, 'account')
      assert.equal(bodySha256, hash('sha256', parts.body))
    }),
    { numRuns: RUNS },
  )
})

test('ACS3: one character changed in method, path, query, a signed header, the digest or the secret is refused', () => {
  fc.assert(
    fc.property(acs3Request, fc.nat(), (parts, seed) => {
      const request = signedAcs3(parts)
      const names = Object.keys(headersOf(parts)).filter((name) => name !== 'authorization')
      for (const altered of alterations(request, [...names, 'host', 'x-acs-signature-nonce'], seed)) {
        assertMismatch(altered)
      }
      const digest = hash('sha256', `${parts.body}q`)
      assertMismatch({ ...request, headers: { ...request.headers, 'x-acs-content-sha256': digest } })
      assertMismatch(signedAcs3(parts, exchangeOne(KEY.accessKeySecret, seed)))
      authenticate(request)
    }),
    { numRuns: RUNS },
  )
})

test('FC: what is signed is accepted, whatever path, query and headers', () => {
  fc.assert(
    fc.property(fcRequest, (parts) => {
      assert.equal(authenticate(signedFc(parts)).principal.kind, 'account')
    }),
    { numRuns: RUNS },
  )
})

test('FC: one character changed in method, path, query, a signed header or the secret is refused', () => {
  fc.assert(
    fc.property(fcRequest, fc.nat(), (parts, seed) => {
      const request = signedFc(parts)
      for (const altered of alterations(request, Object.keys(headersOf(parts)), seed)) assertMismatch(altered)
      assertMismatch(signedFc(parts, exchangeOne(KEY.accessKeySecret, seed)))
    }),
    { numRuns: RUNS },
  )
})

test('any target and any Authorization header end in an answer or in an FcError', () => {
  const garbage = fc.oneof(
    fc.string(),
    fc
      .constantFrom('FC ', 'acs ', 'ACS3-HMAC-SHA256 Credential=')
      .chain((scheme) => fc.string().map((rest) => scheme + rest)),
  )
  fc.assert(
    fc.property(fc.string(), garbage, (target, authorization) => {
      for (const url of [target, `/${target}`, `/?x-fc-signature=${target}`]) {
        const headers = { host: HOST, date: NOW_HTTP, authorization }
        assert.throws(() => authenticate({ method: 'GET', url, headers }), FcError)
      }
    }),
    { numRuns: RUNS },
  )
})
