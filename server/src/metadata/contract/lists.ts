import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { compareKeys } from '../keys.ts'
import type { ListRange, MetadataStore } from '../port.ts'
import { commit, follow, keysOf, scopeWrite } from './support.ts'
import type { ContractTest } from './support.ts'

/** Where collations of languages, LIKE patterns, UTF-16 and careless escaping go wrong; in the order of UTF-8 bytes. */
const ORDERED_KEYS = [
  ' ',
  '$',
  '%',
  '%a',
  '-',
  '-a',
  'A',
  'B',
  'Z',
  '\\',
  '\\a',
  '_',
  '_a',
  'a',
  'a b',
  'a$b',
  'a%b',
  'a-b',
  'a.b',
  'a/b',
  'aB',
  'a\\b',
  'a_b',
  'ab',
  'b',
  'z',
  '\u007f',
  'é',
  'ÿ',
  'щ',
  '中文',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
  '\u{10ffff}a',
]

const MANY = 10_000

export function listContract(test: ContractTest): void {
  const fill = (store: MetadataStore) =>
    commit(store, ...ORDERED_KEYS.toReversed().map((key, n) => scopeWrite(key, n)), {
      kind: 'tag',
      key: 'a-of-another-kind',
      value: { resourceArn: '', tags: {} },
    })

  test('lists are in the order of UTF-8 bytes, both ways, and of one kind', async (store) => {
    await fill(store)
    assert.deepEqual(keysOf(await store.list('scope', { limit: 100 })), ORDERED_KEYS)
    assert.deepEqual(keysOf(await store.list('scope', { limit: 100, descending: true })), ORDERED_KEYS.toReversed())
    assert.deepEqual(keysOf(await store.list('tag', { limit: 100 })), ['a-of-another-kind'])
  })

  test('a list has whole documents and at most limit of them', async (store) => {
    const revision = await commit(store, scopeWrite('a', 1), scopeWrite('b', 2))
    assert.deepEqual(await store.list('scope', { limit: 1 }), [{ key: 'a', revision, value: { lastVersionId: 1 } }])
    assert.deepEqual(await store.list('scope', { limit: 0 }), [])
    await assert.rejects(store.list('scope', { limit: -1 }), { code: 'InvalidArgument' })
    await assert.rejects(store.list('scope', { limit: 1.5 }), { code: 'InvalidArgument' })
  })

  test('a prefix is plain text: no character of it is a pattern', async (store) => {
    await fill(store)
    for (const prefix of ORDERED_KEYS) {
      const expected = ORDERED_KEYS.filter((key) => key.startsWith(prefix))
      assert.deepEqual(keysOf(await store.list('scope', { prefix, limit: 100 })), expected, `prefix ${prefix}`)
    }
    assert.deepEqual(keysOf(await store.list('scope', { prefix: '', limit: 100 })), ORDERED_KEYS)
    await assert.rejects(store.list('scope', { prefix: 'a\0', limit: 1 }), { code: 'InvalidArgument' })
  })

  test('from is inclusive, after exclusive and the stronger', async (store) => {
    await commit(store, ...['a', 'b', 'c', 'd'].map((key) => scopeWrite(key, 1)))
    const keys = async (range: Omit<ListRange, 'limit'>) =>
      keysOf(await store.list('scope', { ...range, limit: 9 })).join('')
    assert.equal(await keys({ from: 'b' }), 'bcd')
    assert.equal(await keys({ from: 'bb' }), 'cd')
    assert.equal(await keys({ after: 'b' }), 'cd')
    assert.equal(await keys({ from: 'd', after: 'a' }), 'bcd')
    assert.equal(await keys({ descending: true, from: 'c' }), 'cba')
    assert.equal(await keys({ descending: true, after: 'c' }), 'ba')
    assert.equal(await keys({ descending: true, from: 'a', after: 'c' }), 'ba')
    assert.equal(await keys({ after: 'd' }), '')
  })

  test('any range gives what comparing the bytes of every key gives', async (store) => {
    await fill(store)
    const text = fc.oneof(fc.constantFrom(...ORDERED_KEYS), fc.string({ unit: 'grapheme', maxLength: 2 }))
    const ranges = fc.record(
      { prefix: text, from: text, after: text, descending: fc.boolean(), limit: fc.nat({ max: 40 }) },
      { requiredKeys: ['limit'] },
    )
    const property = fc.asyncProperty(ranges, async (range) => {
      assert.deepEqual(keysOf(await store.list('scope', range)), expectedKeys(range))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test('pages put together are the whole list, whatever is written between them', async (store) => {
    await fill(store)
    for (const descending of [false, true]) {
      const seen: string[] = []
      for (;;) {
        const last = seen.at(-1)
        const page = await store.list('scope', { ...(last && { after: last }), descending, limit: 7 })
        if (page.length === 0) break
        seen.push(...keysOf(page))
        await commit(store, scopeWrite(seen.at(-1)!, 99)) // A page must not shift when a document of it changes.
      }
      assert.deepEqual(seen, descending ? ORDERED_KEYS.toReversed() : ORDERED_KEYS)
    }
  })

  test('10 000 documents are written, listed, paged and told in sane time', async (store) => {
    const startedMs = performance.now()
    const keys = Array.from({ length: MANY }, (_, n) => `services/s${String(n).padStart(5, '0')}`)
    await commit(store, ...keys.map((key, n) => scopeWrite(key, n, 0)))
    assert.equal((await store.list('scope', { limit: MANY })).length, MANY)
    for (let after = ''; ;) {
      const page = await store.list('scope', { prefix: 'services/', after, limit: 100 })
      if (page.length === 0) break
      after = page.at(-1)!.key
    }
    const follower = await follow(store)
    assert.equal(follower.state.size, MANY)
    await follower.stop()
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs < 10_000, `took ${Math.round(tookMs)} ms`)
  })
}

function expectedKeys({ prefix = '', from, after, descending = false, limit }: ListRange): string[] {
  const direction = descending ? -1 : 1
  const isInRange = (key: string) => {
    if (!key.startsWith(prefix)) return false
    if (after !== undefined) return compareKeys(key, after) * direction > 0
    return from === undefined || compareKeys(key, from) * direction >= 0
  }
  const keys = descending ? ORDERED_KEYS.toReversed() : ORDERED_KEYS
  return keys.filter(isInRange).slice(0, limit)
}
