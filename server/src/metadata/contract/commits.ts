import assert from 'node:assert/strict'
import type { FcError } from '../../errors.ts'
import { DOCUMENT_BYTES_MAX } from '../commit.ts'
import { KEY_BYTES_MAX } from '../keys.ts'
import type { Write } from '../port.ts'
import { commit, scopeDelete, scopeWrite, tagWrite } from './support.ts'
import type { ContractTest } from './support.ts'

const BIG_BYTES = 10 * 1024 * 1024

export function commitContract(test: ContractTest): void {
  test('what was never written reads as undefined', async (store) => {
    assert.equal(await store.read('scope', 'absent'), undefined)
  })

  test('a document reads back as written, with the revision of its commit', async (store) => {
    const value = { resourceArn: 'acs:fc:::a', tags: { 'ключ "x"': '\0 \u{1f600} \ud800 \\ \n' } }
    const revision = await commit(store, { kind: 'tag', key: 'acs:fc:::a', value })
    assert.deepEqual(await store.read('tag', 'acs:fc:::a'), { key: 'acs:fc:::a', revision, value })
  })

  test('each commit has a greater revision than the one before', async (store) => {
    const first = await commit(store, scopeWrite('a', 1))
    const second = await commit(store, scopeWrite('b', 1), scopeWrite('a', 2))
    assert.ok(second > first)
    assert.equal((await store.read('scope', 'a'))?.revision, second)
    assert.equal((await store.read('scope', 'b'))?.revision, second)
  })

  test('documents of different kinds share no keys', async (store) => {
    await commit(store, scopeWrite('same', 1), tagWrite('same', 'x'))
    await commit(store, scopeDelete('same'))
    assert.equal(await store.read('scope', 'same'), undefined)
    assert.deepEqual((await store.read('tag', 'same'))?.value.tags, { text: 'x' })
  })

  test('null deletes, also what is absent', async (store) => {
    await commit(store, scopeWrite('a', 1))
    await commit(store, scopeDelete('a'), scopeDelete('never-there'))
    assert.equal(await store.read('scope', 'a'), undefined)
    assert.deepEqual(await store.list('scope', { limit: 10 }), [])
  })

  test('ifRevision 0 holds only for a document that does not exist', async (store) => {
    const revision = await commit(store, scopeWrite('a', 1, 0))
    const again = await store.commit([scopeWrite('a', 2, 0)])
    assert.deepEqual(again, { committed: false, conflict: { kind: 'scope', key: 'a', actualRevision: revision } })
    await commit(store, scopeDelete('a'))
    await commit(store, scopeWrite('a', 3, 0))
    await commit(store, scopeDelete('b', 0))
  })

  test('ifRevision n holds only for a document still at n', async (store) => {
    const first = await commit(store, scopeWrite('a', 1))
    const second = await commit(store, scopeWrite('a', 2, first))
    const stale = { committed: false, conflict: { kind: 'scope', key: 'a', actualRevision: second } }
    assert.deepEqual(await store.commit([scopeWrite('a', 3, first)]), stale)
    assert.deepEqual(await store.commit([scopeDelete('a', first)]), stale)
    await commit(store, scopeDelete('a', second))
    const gone = { committed: false, conflict: { kind: 'scope', key: 'a', actualRevision: 0 } }
    assert.deepEqual(await store.commit([scopeWrite('a', 4, second)]), gone)
    assert.deepEqual(await store.commit([scopeDelete('a', second)]), gone)
  })

  test('a conflict names the first write that does not hold, and nothing of the commit is written', async (store) => {
    const revision = await commit(store, scopeWrite('a', 1), scopeWrite('b', 1), tagWrite('t', 'x'))
    const result = await store.commit([
      scopeWrite('new', 1),
      scopeDelete('b', revision),
      { kind: 'tag', key: 't', ifRevision: 0, value: null },
      scopeWrite('a', 2, revision + 5),
    ])
    assert.deepEqual(result, { committed: false, conflict: { kind: 'tag', key: 't', actualRevision: revision } })
    assert.equal(await store.read('scope', 'new'), undefined)
    assert.equal((await store.read('scope', 'b'))?.revision, revision)
    assert.equal(await commit(store, scopeWrite('c', 1)), revision + 1, 'a conflict must not use up a revision')
  })

  test('of concurrent commits that expect the same revision exactly one wins', async (store) => {
    const revision = await commit(store, scopeWrite('a', 0))
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.commit([scopeWrite('a', n, revision)])),
    )
    const winners = results.flatMap(({ committed }, n) => (committed ? [n] : []))
    assert.equal(winners.length, 1)
    assert.deepEqual((await store.read('scope', 'a'))?.value, { lastVersionId: winners[0] })
  })

  test.shared(
    'of concurrent commits of two stores exactly one wins each round, and none is lost',
    async (one, other) => {
      const increment = async (store: typeof one) => {
        for (let done = 0; done < 20;) {
          const current = await store.read('scope', 'counter')
          const next = (current?.value.lastVersionId ?? 0) + 1
          const result = await store.commit([scopeWrite('counter', next, current?.revision ?? 0)])
          if (result.committed) done += 1
        }
      }
      await Promise.all([increment(one), increment(other), increment(one)])
      assert.deepEqual((await other.read('scope', 'counter'))?.value, { lastVersionId: 60 })
    },
  )

  test.shared('what one store committed another reads at once', async (one, other) => {
    const revision = await commit(one, scopeWrite('a', 1))
    assert.deepEqual(await other.read('scope', 'a'), { key: 'a', revision, value: { lastVersionId: 1 } })
    const conflict = { committed: false, conflict: { kind: 'scope', key: 'a', actualRevision: revision } }
    assert.deepEqual(await other.commit([scopeWrite('a', 2, 0)]), conflict)
  })

  test('an empty commit writes nothing and answers the revision there is', async (store) => {
    const revision = await commit(store, scopeWrite('a', 1))
    assert.deepEqual(await store.commit([]), { committed: true, revision })
  })

  test('the value is taken when commit is called, and readers cannot change what is stored', async (store) => {
    const value = { lastVersionId: 1 }
    const pending = store.commit([{ kind: 'scope', key: 'a', value }])
    value.lastVersionId = 2
    await pending
    const read = await store.read('scope', 'a')
    assert.ok(read)
    assert.deepEqual(read.value, { lastVersionId: 1 })
    read.value.lastVersionId = 3
    assert.deepEqual((await store.read('scope', 'a'))?.value, { lastVersionId: 1 })
  })

  test('documents of 10 MB are kept whole', async (store) => {
    const text = 'ü'.repeat(BIG_BYTES / 2)
    await commit(store, tagWrite('a', text), tagWrite('b', text))
    const stored = await store.list('tag', { limit: 10 })
    assert.deepEqual(
      stored.map(({ value }) => value.tags['text'] === text),
      [true, true],
    )
  })

  test('what cannot be stored is refused by name, and nothing of its commit is written', async (store) => {
    const refusal = async (code: string, pattern: RegExp, write: Write) => {
      await assert.rejects(store.commit([scopeWrite('beside', 1), write]), (error: FcError) => {
        assert.equal(error.code, code)
        assert.match(error.message, pattern)
        return true
      })
    }
    for (const key of ['', 'a\0b', 'half \ud83d pair', 'k'.repeat(KEY_BYTES_MAX + 1)]) {
      await refusal('InvalidArgument', /key of a scope must be 1 to 1024 bytes/, scopeWrite(key, 1))
      assert.equal(await store.read('scope', key), undefined)
    }
    await refusal('InvalidArgument', /scope\/beside only once/, scopeDelete('beside'))
    await refusal('EntityTooLarge', /tag\/t has \d+ bytes/, tagWrite('t', 'x'.repeat(DOCUMENT_BYTES_MAX)))
    assert.equal(await store.read('scope', 'beside'), undefined)
    await commit(store, scopeWrite('k'.repeat(KEY_BYTES_MAX), 1))
  })

  test('check resolves on a store that answers; a closed one refuses everything', async (store) => {
    await store.check()
    const pending = store.commit([scopeWrite('a', 1)])
    await store.close()
    assert.equal((await pending).committed, true, 'a commit asked for before close must end')
    await store.close()
    await assert.rejects(store.check(), /closed/)
    await assert.rejects(store.read('scope', 'a'), /closed/)
    await assert.rejects(store.list('scope', { limit: 1 }), /closed/)
    await assert.rejects(store.commit([scopeWrite('a', 1)]), /closed/)
    await assert.rejects(
      store.watch(
        () => {},
        () => {},
      ),
      /closed/,
    )
  })
}
