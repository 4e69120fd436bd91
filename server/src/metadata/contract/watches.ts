import assert from 'node:assert/strict'
import { commit, follow, scopeDelete, scopeWrite, tagWrite } from './support.ts'
import type { ContractTest } from './support.ts'

export function watchContract(test: ContractTest): void {
  test('a watcher of an empty store hears of the empty state before watch resolves', async (store) => {
    const { calls } = await follow(store)
    assert.deepEqual(calls, [{ changes: [], revision: 0 }])
  })

  test('a watcher hears the whole state in one call first, without what was deleted', async (store) => {
    const first = await commit(store, scopeWrite('a', 1), scopeWrite('b', 1), tagWrite('t', 'x'))
    const second = await commit(store, scopeDelete('a'), scopeWrite('b', 2))
    const { calls } = await follow(store)
    assert.equal(calls.length, 1)
    assert.equal(calls[0]!.revision, second)
    assert.deepEqual(calls[0]!.changes, [
      { kind: 'scope', key: 'b', revision: second, value: { lastVersionId: 2 } },
      { kind: 'tag', key: 't', revision: first, value: { resourceArn: 't', tags: { text: 'x' } } },
    ])
  })

  test('commits of this store are told one call each, in order, before commit resolves', async (store) => {
    const follower = await follow(store)
    const first = await commit(store, scopeWrite('a', 1), scopeWrite('b', 1))
    assert.deepEqual(follower.calls.at(-1), {
      revision: first,
      changes: [
        { kind: 'scope', key: 'a', revision: first, value: { lastVersionId: 1 } },
        { kind: 'scope', key: 'b', revision: first, value: { lastVersionId: 1 } },
      ],
    })
    const second = await commit(store, scopeDelete('a'))
    assert.deepEqual(follower.calls.at(-1), {
      revision: second,
      changes: [{ kind: 'scope', key: 'a', revision: second, value: null }],
    })
    await Promise.all(Array.from({ length: 30 }, (_, n) => commit(store, scopeWrite(`k${n}`, n))))
    assert.deepEqual(
      follower.calls.map(({ revision }) => revision),
      Array.from({ length: 33 }, (_, n) => first - 1 + n),
    )
    assert.deepEqual(follower.errors, [])
  })

  test('a commit that met a conflict is not told', async (store) => {
    const follower = await follow(store)
    await commit(store, scopeWrite('a', 1))
    await store.commit([scopeWrite('b', 1), scopeWrite('a', 2, 0)])
    assert.equal(follower.calls.length, 2)
    assert.deepEqual([...follower.state.keys()], ['scope/a'])
  })

  test('commits made while the state is being read are told after it, and none twice', async (store) => {
    await commit(store, ...Array.from({ length: 500 }, (_, n) => scopeWrite(`old${n}`, n)))
    const commits = Array.from({ length: 20 }, (_, n) => commit(store, scopeWrite(`new${n}`, n)))
    const followers = await Promise.all(Array.from({ length: 5 }, () => follow(store)))
    await Promise.all(commits)
    for (const { state, calls, errors } of followers) {
      assert.equal(state.size, 520)
      assert.equal(calls.flatMap(({ changes }) => changes).length, 520)
      assert.deepEqual(errors, [])
    }
  })

  test('every watcher has values of its own', async (store) => {
    const [one, other] = [await follow(store), await follow(store)]
    await commit(store, scopeWrite('a', 1))
    Object.assign(one.state.get('scope/a') as object, { lastVersionId: 99 })
    assert.deepEqual(other.state.get('scope/a'), { lastVersionId: 1 })
  })

  test('a stopped watcher hears nothing more, and the others go on', async (store) => {
    const [stopped, going] = [await follow(store), await follow(store)]
    await stopped.stop()
    await commit(store, scopeWrite('a', 1))
    assert.equal(stopped.calls.length, 1)
    assert.equal(going.calls.length, 2)
    await stopped.stop()
  })

  test('a watcher may commit, and stop itself, while it is being told', async (store) => {
    const commits: Promise<number>[] = []
    const follower = await follow(store, (follower) => {
      if (commits.length < 3) commits.push(commit(store, scopeWrite(`echo${commits.length}`, 1)))
      else void follower.stop()
    })
    await follower.until(() => follower.calls.length === 4)
    await Promise.all(commits)
    await commit(store, scopeWrite('later', 1))
    assert.equal(follower.calls.length, 4)
  })

  test('a watcher that throws hears of it by onError, and disturbs neither the commit nor the feed', async (store) => {
    const defect = new Error('defect')
    const broken = await follow(store, (broken) => {
      if (broken.calls.length === 2) throw defect
    })
    const sound = await follow(store)
    await commit(store, scopeWrite('a', 1))
    await commit(store, scopeWrite('b', 1))
    assert.deepEqual(broken.errors, [defect])
    assert.equal(broken.calls.length, 3)
    assert.equal(sound.state.size, 2)
  })

  test('nothing is told after close', async (store) => {
    const follower = await follow(store)
    await commit(store, scopeWrite('a', 1))
    await store.close()
    assert.equal(follower.calls.length, 2)
    assert.deepEqual(follower.errors, [])
  })
}
