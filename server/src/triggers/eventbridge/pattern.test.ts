import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FcError } from '../../errors.ts'
import { readEventPattern } from './pattern.ts'

const event = {
  id: '1',
  source: 'acs.oss',
  type: 'oss:ObjectCreated:PutObject',
  specversion: '1.0',
  data: {
    name: 'cat.jpg',
    size: 100,
    empty: '',
    nothing: null,
    isPublic: false,
    labels: ['cat', 'pet'],
    sizes: [1, 50],
    address: '10.1.2.3',
    six: '2001:db8::1',
    owner: { city: 'Hangzhou' },
  },
}

const wants = (pattern: unknown) => readEventPattern(JSON.stringify(pattern))(event)
const wantsData = (data: unknown) => wants({ data })

for (const [title, matching, other] of [
  ['a value', { name: ['cat.jpg'] }, { name: ['Cat.jpg'] }],
  ['one of several values', { name: ['dog.jpg', 'cat.jpg'] }, { name: ['dog.jpg', 'cow.jpg'] }],
  ['a number', { size: [100] }, { size: ['100'] }],
  ['false', { isPublic: [false] }, { isPublic: [true] }],
  ['an empty text', { empty: [''] }, { name: [''] }],
  ['null', { nothing: [null] }, { absent: [null] }],
  ['an item of a list', { labels: ['pet'] }, { labels: ['dog'] }],
  ['a prefix', { name: [{ prefix: 'cat' }] }, { name: [{ prefix: 'at' }] }],
  ['a prefix of an item', { labels: [{ prefix: 'pe' }] }, { labels: [{ prefix: 'x' }] }],
  ['a prefix of what is no text', { name: [{ prefix: '' }] }, { size: [{ prefix: '1' }] }],
  ['a suffix', { name: [{ suffix: '.jpg' }] }, { name: [{ suffix: '.png' }] }],
  ['anything but a value', { name: [{ 'anything-but': 'dog.jpg' }] }, { name: [{ 'anything-but': 'cat.jpg' }] }],
  ['anything but values', { size: [{ 'anything-but': [1, 2] }] }, { size: [{ 'anything-but': [1, 100] }] }],
  [
    'anything but a prefix',
    { name: [{ 'anything-but': { prefix: 'dog' } }] },
    { name: [{ 'anything-but': { prefix: 'cat' } }] },
  ],
  [
    'anything but a suffix',
    { name: [{ 'anything-but': { suffix: '.png' } }] },
    { name: [{ 'anything-but': { suffix: 'jpg' } }] },
  ],
  ['anything but an item of a list', { labels: [{ 'anything-but': 'dog' }] }, { labels: [{ 'anything-but': 'cat' }] }],
  ['anything but, of what is there', { name: [{ 'anything-but': 'x' }] }, { absent: [{ 'anything-but': 'x' }] }],
  ['a number range', { size: [{ numeric: ['>', 0, '<=', 100] }] }, { size: [{ numeric: ['>', 0, '<', 100] }] }],
  ['an equal number', { size: [{ numeric: ['=', 100] }] }, { name: [{ numeric: ['=', 100] }] }],
  ['a number of a list', { sizes: [{ numeric: ['>=', 50] }] }, { sizes: [{ numeric: ['>', 50] }] }],
  ['existence', { name: [{ exists: true }] }, { absent: [{ exists: true }] }],
  ['absence', { absent: [{ exists: false }] }, { name: [{ exists: false }] }],
  [
    'absence within what is absent',
    { absent: { city: [{ exists: false }] } },
    { owner: { city: [{ exists: false }] } },
  ],
  ['a range of addresses', { address: [{ cidr: '10.1.0.0/16' }] }, { address: [{ cidr: '10.2.0.0/16' }] }],
  ['a range of long addresses', { six: [{ cidr: '2001:db8::/32' }] }, { six: [{ cidr: '10.0.0.0/8' }] }],
  ['a member within', { owner: { city: ['Hangzhou'] } }, { name: { city: ['Hangzhou'] } }],
  ['all members', { name: ['cat.jpg'], size: [100] }, { name: ['cat.jpg'], size: [1] }],
  ['names that objects inherit', { toString: [{ exists: false }] }, { constructor: [{ exists: true }] }],
] as const) {
  test(`a pattern wants ${title}`, () => {
    assert.equal(wantsData(matching), true)
    assert.equal(wantsData(other), false)
  })
}

test('an empty pattern wants every event, and the attributes of an event are members like others', () => {
  assert.ok(wants({}))
  assert.ok(wants({ source: ['acs.oss'], type: [{ prefix: 'oss:ObjectCreated:' }] }))
  assert.ok(!wants({ source: ['acs.mns'] }))
})

for (const [pattern, message] of [
  ['[]', /eventRuleFilterPattern must be an object/],
  ['{', /must be a JSON object in a string/],
  ['{"source":"a"}', /eventRuleFilterPattern\.source must be an object, whose members/],
  ['{"source":[]}', /source must be a list of at least one value/],
  ['{"source":[["a"]]}', /source\[0\] must be a text, a number/],
  ['{"source":[{}]}', /source\[0\] must be an object with one of prefix/],
  ['{"source":[{"prefix":"a","suffix":"b"}]}', /source\[0\] must be an object with one of/],
  ['{"source":[{"like":"a"}]}', /source\[0\]\.like must be one of prefix/],
  ['{"source":[{"prefix":1}]}', /source\[0\]\.prefix must be a text/],
  ['{"source":[{"exists":"yes"}]}', /exists must be true or false/],
  ['{"data":{"a":[{"numeric":["~",1]}]}}', /data\.a\[0\]\.numeric must be a list of a comparison/],
  ['{"data":{"a":[{"numeric":["<","1"]}]}}', /numeric must be/],
  ['{"data":{"a":[{"numeric":["<",1,">"]}]}}', /numeric must be/],
  ['{"data":{"a":[{"numeric":["toString",1]}]}}', /numeric must be/],
  ['{"data":{"a":[{"cidr":"10.0.0.0/33"}]}}', /cidr must be a range of addresses/],
  ['{"data":{"a":[{"cidr":"10.0.0.0"}]}}', /cidr must be/],
  ['{"data":{"a":[{"anything-but":{"exists":true}}]}}', /anything-but must be/],
  ['{"data":{"a":[{"anything-but":[]}]}}', /anything-but must be/],
] as const) {
  test(`${pattern} is refused, and the place is named`, () => {
    assert.throws(
      () => readEventPattern(pattern),
      (error) => error instanceof FcError && error.code === 'InvalidArgument' && message.test(error.message),
    )
  })
}

const scalar = fc.oneof(fc.string({ maxLength: 4 }), fc.integer(), fc.boolean(), fc.constant(null))

test('a value is wanted by its own pattern, and by none that excludes it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), scalar, scalar, (name, value, other) => {
      const of = (condition: unknown) =>
        readEventPattern(JSON.stringify({ data: Object.fromEntries([[name, [condition]]]) }))
      const given = { data: Object.fromEntries([[name, value]]) }
      assert.equal(of(value)(given), true)
      assert.equal(of(other)(given), other === value)
      assert.equal(of({ 'anything-but': other })(given), other !== value)
      assert.equal(of({ exists: true })(given), true)
      assert.equal(of({ exists: false })({ data: {} }), true)
    }),
  )
})

test('texts are wanted by each of their prefixes and suffixes', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (text, at) => {
      const cut = at % (text.length + 1)
      const of = (condition: unknown) => readEventPattern(JSON.stringify({ type: [condition] }))({ type: text })
      assert.ok(of({ prefix: text.slice(0, cut) }))
      assert.ok(of({ suffix: text.slice(cut) }))
      assert.ok(!of({ prefix: `${text}x` }))
    }),
  )
})

test('numbers are wanted as comparisons say', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.integer(), (value, low, high) => {
      const wanted = readEventPattern(JSON.stringify({ n: [{ numeric: ['>=', low, '<', high] }] }))({ n: value })
      assert.equal(wanted, value >= low && value < high)
    }),
  )
})

test('any JSON is a pattern or refused, and any event is wanted or not, never worse', () => {
  fc.assert(
    fc.property(fc.json(), fc.object(), (text, given) => {
      try {
        assert.equal(typeof readEventPattern(text)(given), 'boolean')
      } catch (error) {
        assert.ok(error instanceof FcError)
      }
    }),
  )
})
