import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { OssError } from '../port.ts'
import { childText, childrenOf, parseXml, xmlDocument } from './xml.ts'

function assertMalformed(text: string, root = 'Delete'): void {
  assert.throws(
    () => parseXml(text, root),
    (error) => error instanceof OssError && error.code === 'MalformedXML',
    text.slice(0, 200),
  )
}

test('members become elements, lists repeated ones, and what is undefined nothing', () => {
  const document = xmlDocument('Result', {
    Name: 'a',
    Empty: '',
    Size: 0,
    Off: false,
    Gone: undefined,
    Key: ['x', 'y'],
  })
  assert.equal(
    document,
    '<?xml version="1.0" encoding="UTF-8"?>\n<Result><Name>a</Name><Empty></Empty><Size>0</Size><Off>false</Off><Key>x</Key><Key>y</Key></Result>',
  )
})

test('a list without entries leaves nothing, and one entry reads like many', () => {
  assert.ok(xmlDocument('R', { Contents: [], Name: 'n' }).endsWith('<R><Name>n</Name></R>'))
  const root = parseXml('<Delete><Object><Key>a</Key></Object></Delete>', 'Delete')
  assert.deepEqual(
    childrenOf(root, 'Object').map((object) => childText(object, 'Key')),
    ['a'],
  )
  assert.equal(childText(root, 'Quiet'), undefined)
})

test('every text survives the way out and in, control characters and markup included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const key = text.replaceAll(/[\0\uFFFE\uFFFF]/g, '')
      const root = parseXml(xmlDocument('Delete', { Key: key }), 'Delete')
      assert.equal(childText(root, 'Key'), key)
    }),
  )
})

test('control characters go out as references, which clients can read', () => {
  assert.ok(xmlDocument('R', { Key: 'a\u0001\r\u001f<&' }).includes('<Key>a&#1;&#13;&#31;&lt;&amp;</Key>'))
})

test('entities are not expanded, and document types are refused', () => {
  const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Delete><Quiet>&lol2;</Quiet></Delete>`
  assertMalformed(laughs)
  assertMalformed('<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>')
  assertMalformed('<!doctype Delete><Delete/>')
  const unknown = parseXml('<Delete><Quiet>&lol;&#x110000;&#1;</Quiet></Delete>', 'Delete')
  assert.equal(childText(unknown, 'Quiet'), '&lol;&#x110000;\u0001')
})

test('what is no XML, another root or nested without end is malformed', () => {
  for (const text of ['', 'x', '<Delete>', '<Delete></Other>', '{"a":1}', '<Other/>', '\0', '<Delete>\uFFFF']) {
    assertMalformed(text)
  }
  const depth = 200_000
  assertMalformed(`<Delete>${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}</Delete>`)
})

test('elements named for parts of the language change nothing', () => {
  assertMalformed('<Delete><__proto__><Key>x</Key></__proto__></Delete>')
  assert.equal(({} as { Key?: string }).Key, undefined)
})

test('nothing but MalformedXML comes of any text', () => {
  const piece = fc.constantFrom(
    '<Delete>',
    '</Delete>',
    '<a',
    '>',
    '<![CDATA[',
    ']]>',
    '<!--',
    '&#',
    ';',
    'x',
    '<?',
    '="',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        parseXml(pieces.join(''), 'Delete')
      } catch (error) {
        assert.ok(error instanceof OssError, String(error))
      }
    }),
  )
})
