import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTP, CloudEvent } from 'cloudevents'
import * as fc from 'fast-check'
import { FcError } from '../../errors.ts'
import { EVENT_BYTES_MAX, EVENTS_MAX, readCloudEvents } from './cloud-event.ts'

const least = { id: '1', source: '/me', specversion: '1.0', type: 't' }
const structured = (event: unknown) =>
  readCloudEvents({ 'content-type': 'application/cloudevents+json; charset=utf-8' }, Buffer.from(JSON.stringify(event)))
const batch = (events: unknown) =>
  readCloudEvents({ 'content-type': 'application/cloudevents-batch+json' }, Buffer.from(JSON.stringify(events)))
const binary = (contentType: string, body: string | Buffer, more: Record<string, string> = {}) =>
  readCloudEvents(
    { 'ce-id': '1', 'ce-source': '/me', 'ce-specversion': '1.0', 'ce-type': 't', 'content-type': contentType, ...more },
    Buffer.from(body),
  )[0]!

test('one JSON object, or a list of them', () => {
  assert.deepEqual(structured({ ...least, data: { a: [1] }, subject: null }), [{ ...least, data: { a: [1] } }])
  assert.deepEqual(batch([least, { ...least, id: '2' }]), [least, { ...least, id: '2' }])
  assert.deepEqual(batch([]), [])
})

test('attributes in headers: data as its content type says', () => {
  const json = { ...least, datacontenttype: 'application/json' }
  assert.deepEqual(binary('application/json', '{"a":1}'), { ...json, data: { a: 1 } })
  assert.deepEqual(binary('application/vnd.x+json; charset=utf-8', '[]').data, [])
  assert.deepEqual(binary('text/plain', 'hi').data, 'hi')
  assert.deepEqual(binary('image/png', Buffer.from([1, 2])).data_base64, 'AQI=')
  assert.deepEqual(binary('application/json', ''), json)
  assert.equal(binary('text/plain', '', { 'ce-subject': 'caf%C3%A9%20%25' }).subject, 'café %')
  assert.equal(binary('text/plain', '', { 'ce-subject': '50%' }).subject, '50%')
})

test('what the CloudEvents SDK sends is read as it was, in each mode', () => {
  const source = fc.webUrl().filter((url) => !url.includes('%'))
  const data = fc.oneof(fc.jsonValue(), fc.string({ minLength: 1 })).filter((value) => value !== null)
  fc.assert(
    fc.property(data, source, fc.boolean(), (value, from, isBinary) => {
      const event = new CloudEvent({
        id: 'i',
        source: from,
        type: 'x.y',
        data: value,
        datacontenttype: 'application/json',
      })
      const { headers, body } = isBinary ? HTTP.binary(event) : HTTP.structured(event)
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const sent = isBinary && typeof value === 'string' ? JSON.stringify(value) : text
      const [read] = readCloudEvents(headers, Buffer.from(sent))
      assert.deepEqual(read!['data'], JSON.parse(JSON.stringify(value)))
      assert.equal(read!.source, from)
      assert.equal(read!['time'], event.time)
    }),
    { numRuns: 20 },
  )
})

for (const [title, read, code, message] of [
  ['no id', () => structured({ ...least, id: '' }), 'InvalidArgument', /^id must be a text/],
  ['no source', () => structured({ ...least, source: undefined }), 'InvalidArgument', /^source must be/],
  [
    'another version',
    () => structured({ ...least, specversion: '0.3' }),
    'InvalidArgument',
    /^specversion must be 1.0/,
  ],
  ['a list in place of an event', () => structured([least]), 'InvalidArgument', /^an event must be a JSON object/],
  ['an event in place of a list', () => batch(least), 'InvalidArgument', /must be a JSON list/],
  ['a bad event of a batch', () => batch([least, { ...least, type: 1 }]), 'InvalidArgument', /^event 1: type must/],
  ['an attribute in capitals', () => structured({ ...least, myAttr: 1 }), 'InvalidArgument', /'myAttr' is no name/],
  ['an attribute that is an object', () => structured({ ...least, a: {} }), 'InvalidArgument', /^a must be a text/],
  ['a time that is none', () => structured({ ...least, time: 'now' }), 'InvalidArgument', /^time must be/],
  ['both kinds of data', () => structured({ ...least, data: 1, data_base64: '' }), 'InvalidArgument', /either data or/],
  ['no JSON', () => binary('application/json', '{'), 'InvalidArgument', /must be JSON/],
  [
    'no event at all',
    () => readCloudEvents({ 'content-type': 'application/json' }, Buffer.from('{}')),
    'InvalidArgument',
    /content type application\/cloudevents\+json/,
  ],
  [
    'an event too large',
    () => structured({ ...least, data: 'x'.repeat(EVENT_BYTES_MAX) }),
    'EntityTooLarge',
    /at most 65536 bytes/,
  ],
  [
    'too many events',
    () => batch(Array.from({ length: EVENTS_MAX + 1 }, () => least)),
    'InvalidArgument',
    /at most 1000/,
  ],
] as const) {
  test(`refused: ${title}`, () => {
    assert.throws(read, (error) => error instanceof FcError && error.code === code && message.test(error.message))
  })
}

test('any headers and any bytes are events or refused, never worse', () => {
  const headers = fc.dictionary(
    fc.constantFrom('ce-id', 'ce-type', 'ce-source', 'ce-specversion', 'ce-x', 'content-type'),
    fc.string(),
  )
  fc.assert(
    fc.property(headers, fc.uint8Array(), (given, bytes) => {
      try {
        readCloudEvents(given, Buffer.from(bytes))
      } catch (error) {
        assert.ok(error instanceof FcError)
      }
    }),
  )
})
