import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FcError } from '../errors.ts'
import { BODY_BYTES_MAX } from './body-limits.ts'
import { parseBody, readLargeBody } from './large-body.ts'
import { decodeZipFile } from './operations/code.ts'
import { createReader } from './schema.ts'
import { functionUpdate } from './wire/fc3/function-shape.ts'

const zip = Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 7919) >> 3))
const base64 = zip.toString('base64')

function read(text: string, signedSha256: string | null = null) {
  return readLargeBody(Buffer.from(text), signedSha256)
}

function refusal(text: string, signedSha256: string | null = null): string {
  try {
    parseBody(read(text, signedSha256).text)
  } catch (error) {
    assert.ok(error instanceof FcError, String(error))
    return `${error.code}: ${error.message}`
  }
  return assert.fail('was accepted')
}

test('the package is taken out, the rest stays as it was', () => {
  const { text, zip: found } = read(`{ "a": "é\\"", "code": {"zipFile": "${base64}"}, "b": [1] }`)
  assert.equal(text, '{ "a": "é\\"", "code": {"zipFile": ""}, "b": [1] }')
  assert.deepEqual(found, zip)
})

test('escapes that JSON writers use, and line breaks, are understood', () => {
  const spellings = [
    base64.replaceAll('/', '\\/'),
    base64.replaceAll('+', '\\u002b').replaceAll('=', '\\u003d'),
    base64.replaceAll(/(.{76})/g, '$1\\r\\n'),
  ]
  for (const spelling of spellings) assert.deepEqual(read(`{"code":{"zipFile":"${spelling}"}}`).zip, zip)
})

test('what is no JSON is refused, wherever it breaks', () => {
  for (const text of [
    `{"code":{"zipFile":"${base64}`,
    `{"code":{"zipFile":"${base64}"}`,
    `{"code":{"zipFile":"${base64}"}} x`,
    `{"code":{"zipFile":${base64}"}}`,
    `{"code":{"zipFile":"${base64}\n"}}`,
    `{"code":{"zipFile":"${base64}\\x"}}`,
    `{"code":{"zipFile":"${base64}\\"}}`,
  ]) {
    assert.equal(refusal(text), 'InvalidArgument: the body must be JSON')
  }
})

test('what is no package is told with the rest, so that the operation may find other faults first', () => {
  const notBase64 = read(`{"code":{"zipFile":"${base64}!"},"timeout":0}`)
  assert.equal(notBase64.text, '{"code":{"zipFile":""},"timeout":0}')
  assert.ok(notBase64.zip instanceof FcError)
  assert.equal(notBase64.zip.message, 'code.zipFile must be a zip file in base64')
})

test('a large text in another place stays where it is, up to the size of any body', () => {
  const text = JSON.stringify({ description: base64, code: { zipFile: 'UEs=' } })
  assert.deepEqual(read(text), { text, zip: null })
  const tooLarge = JSON.stringify({ description: 'x'.repeat(BODY_BYTES_MAX), code: { zipFile: base64 } })
  assert.match(refusal(tooLarge), /^EntityTooLarge: the body without code.zipFile must be at most 1048576 bytes/)
  assert.match(refusal('['.repeat(2 * BODY_BYTES_MAX)), /^EntityTooLarge/)
})

test('the digest covers the bytes as they came, and is compared first', () => {
  const text = `{"code":{"zipFile":"${base64}"}}`
  const digest = createHash('sha256').update(text).digest('hex')
  assert.deepEqual(read(text, digest).zip, zip)
  assert.match(refusal(`${text} `, digest), /^SignatureNotMatch/)
  assert.match(refusal('no JSON', digest), /^SignatureNotMatch/)
})

test('whatever the spelling and the company of its keys, a large body means what a small one would', () => {
  const reader = createReader(functionUpdate)
  const key = (name: string) =>
    fc.constantFrom(name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1), 'other')
  const literal = fc.constantFrom(JSON.stringify(base64), '"UEs="', 'null')
  const codes = fc.array(fc.tuple(key('zipFile'), literal), { maxLength: 3 })
  const bodies = fc.array(fc.tuple(key('code'), fc.oneof(codes.map(object), fc.constant('null'))), { maxLength: 3 })
  fc.assert(
    fc.property(bodies.map(object), (text) => {
      if (text.length > BODY_BYTES_MAX) return
      const small = reader.read(JSON.parse(text)).code?.zipFile
      const large = read(text)
      const rest = reader.read(JSON.parse(large.text)).code?.zipFile
      if (large.zip === null) assert.equal(rest, small)
      else {
        assert.equal(rest, '')
        assert.deepEqual(large.zip, decodeZipFile(small ?? ''))
      }
    }),
    { numRuns: 100 },
  )
})

function object(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, value]) => `"${key}":${value}`).join(',')}}`
}
