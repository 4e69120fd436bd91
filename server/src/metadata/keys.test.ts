import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { afterPrefix, compareKeys, isKey, KEY_BYTES_MAX, keyBounds } from './keys.ts'

/** Every code point, the last ones of each UTF-8 length more often. */
const character = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom('\u007f', '\u07ff', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', 'a', 'b'),
)
const text = fc.array(character, { maxLength: 4 }).map((characters) => characters.join(''))

test('a text starts with a prefix exactly when it lies between the prefix and what comes after it', () => {
  const samples = fc.oneof(
    fc.tuple(text, text),
    fc.tuple(text, text).map(([prefix, rest]) => [prefix, prefix + rest] as const),
  )
  const property = fc.property(samples, ([prefix, key]) => {
    const end = afterPrefix(prefix)
    const isBetween = compareKeys(key, prefix) >= 0 && (end === undefined || compareKeys(key, end) < 0)
    assert.equal(isBetween, key.startsWith(prefix))
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('what comes after a prefix is a text that both databases can hold', () => {
  assert.equal(afterPrefix('a\ud7ff'), 'a\ue000')
  assert.equal(afterPrefix('a\u{10ffff}\u{10ffff}'), 'b')
  assert.equal(afterPrefix('\u{10ffff}'), undefined)
  fc.assert(fc.property(text, (prefix) => afterPrefix(prefix)?.isWellFormed() ?? true))
})

test('of the bounds of a range the tightest is used, so that a page costs the same wherever it begins', () => {
  const after = { key: 'ab', inclusive: false }
  assert.deepEqual(keyBounds({ prefix: 'a', after: 'ab', limit: 1 }), {
    low: after,
    high: { key: 'b', inclusive: false },
  })
  assert.deepEqual(keyBounds({ prefix: 'a', after: 'ab', descending: true, limit: 1 }), {
    low: { key: 'a', inclusive: true },
    high: after,
  })
  assert.deepEqual(keyBounds({ prefix: 'a', after: 'a', limit: 1 }).low, { key: 'a', inclusive: false })
  assert.deepEqual(keyBounds({ limit: 1 }), { low: undefined, high: undefined })
})

test('a key is Unicode text of bounded length without NUL', () => {
  assert.ok(isKey('é'.repeat(KEY_BYTES_MAX / 2)))
  for (const key of ['', 'é'.repeat(KEY_BYTES_MAX / 2 + 1), 'a\0', '\ud800']) assert.equal(isKey(key), false)
})
