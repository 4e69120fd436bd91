/** Whatever is signed is accepted, and whatever is altered after signing is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { OssError } from '../../port.ts'
import { percentEncode } from '../target.ts'
import {
  authenticate,
  signV1Header,
  signV1Url,
  signV4Header,
  signV4Url,
  type ClientRequest,
  type SentRequest,
} from './test-support.ts'

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })
/** In version 1, a question mark in a key reads like the begin of the parameters. */
const key = text.map((value) => value.replaceAll(/[?&]/g, '_'))
const printable = fc
  .string({ unit: fc.constantFrom(...Array.from('abzAZ09-_. :;=,%"')), maxLength: 12 })
  .map((value) => value.trim())
const flag = fc.constantFrom('acl', 'uploads', 'tagging', 'versionId', 'partNumber', 'uploadId', 'response-expires')

const request: fc.Arbitrary<ClientRequest> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  bucket: fc.constant('mybkt'),
  key,
  query: fc.dictionary(flag, fc.oneof(fc.constant(''), key), { maxKeys: 3 }),
  headers: fc
    .tuple(
      fc.dictionary(
        fc.stringMatching(/^[a-z0-9-]{1,8}$/).map((name) => `x-oss-meta-${name}`),
        printable,
        { maxKeys: 3 },
      ),
      fc.option(printable.filter((value) => value !== '')),
      fc.option(fc.base64String({ minLength: 24, maxLength: 24 })),
    )
    .map(([meta, type, md5]) => ({
      ...meta,
      ...(type !== null && { 'content-type': type }),
      ...(md5 !== null && { 'content-md5': md5 }),
    })),
})

const schemes: Record<string, (made: ClientRequest) => SentRequest> = {
  'version 1 in a header': (made) => signV1Header(made),
  'version 1 in a URL': (made) => signV1Url(made),
  'version 4 in a header': (made) => signV4Header({ ...made, headers: { ...made.headers, host: 'localhost:7801' } }),
  'version 4 in a URL': (made) => signV4Url(made),
}

function isRefused(sent: SentRequest): boolean {
  try {
    return authenticate(sent) === null
  } catch (error) {
    assert.ok(error instanceof OssError, String(error))
    return true
  }
}

/** One character of a signed value, another one than it was. */
function changedAt(value: string, position: number): string {
  const index = position % value.length
  const other = value[index] === 'a' ? 'b' : 'a'
  return value.slice(0, index) + other + value.slice(index + 1)
}

for (const [name, sign] of Object.entries(schemes)) {
  test(`${name}: what a client signed is accepted`, () => {
    fc.assert(fc.property(request, (made) => assert.equal(authenticate(sign(made))?.principal.kind, 'account')))
  })

  test(`${name}: a changed method, key, parameter or signed header is refused`, () => {
    fc.assert(
      fc.property(request, fc.nat(), (made, position) => {
        const sent = sign(made)
        assert.ok(isRefused({ ...sent, method: `${sent.method}X` }))
        assert.ok(isRefused({ ...sent, url: sent.url.replace('/mybkt/', '/mybkt/x') }))
        assert.ok(isRefused({ ...sent, url: `${sent.url}${sent.url.includes('?') ? '&' : '?'}worm=x` }))
        for (const [parameter, value] of Object.entries(made.query)) {
          const written = `${percentEncode(parameter)}=${percentEncode(value)}`
          assert.ok(isRefused({ ...sent, url: sent.url.replace(written, `${written}x`) }))
        }
        for (const [header, value] of Object.entries(sent.headers)) {
          if (header === 'authorization' || (header === 'date' && sent.headers['x-oss-date'])) continue
          const other = value === '' ? 'x' : changedAt(value, position)
          assert.ok(isRefused({ ...sent, headers: { ...sent.headers, [header]: other } }), header)
        }
        assert.ok(isRefused({ ...sent, headers: { ...sent.headers, 'x-oss-object-acl': 'public-read' } }))
      }),
    )
  })

  test(`${name}: no character of the signature, the credential or the expiry can be another one`, () => {
    fc.assert(
      fc.property(request, fc.nat(), (made, position) => {
        const sent = sign(made)
        if (name.endsWith('header')) {
          // From the credential on: the scheme's name in another spelling is another scheme.
          const authorization = sent.headers['authorization']!
          const start = authorization.indexOf(' ') + 1
          const altered = authorization.slice(0, start) + changedAt(authorization.slice(start), position)
          assert.ok(isRefused({ ...sent, headers: { ...sent.headers, authorization: altered } }), altered)
          return
        }
        const proof = /(?:OSSAccessKeyId|Expires|Signature|x-oss-(?:credential|date|expires|signature))=([^&]*)/g
        for (const [whole, value] of sent.url.matchAll(proof)) {
          const altered = whole.slice(0, whole.length - value!.length) + changedAt(value!, position)
          assert.ok(isRefused({ ...sent, url: sent.url.replace(whole, altered) }), altered)
        }
      }),
    )
  })
}

test('no header and no query make it throw anything but a refusal', () => {
  const words = fc.constantFrom(
    'OSS ',
    'OSS4-HMAC-SHA256 ',
    'Credential=',
    'testid/',
    '/',
    ':',
    ',',
    'Signature=',
    '=',
    'é',
  )
  const noise = fc.array(fc.oneof(words, fc.string({ maxLength: 4 })), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(noise, noise, noise, (authorization, date, query) => {
      const url = `/mybkt/k?${query.includes('=') ? query : `OSSAccessKeyId=${percentEncode(query)}`}`
      isRefused({ method: 'GET', url, headers: { authorization, 'x-oss-date': date, date } })
    }),
  )
})
