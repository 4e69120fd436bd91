import assert from 'node:assert/strict'
import { CHANGES_KEPT_COMMITS } from '../commit.ts'
import { commit, follow, scopeDelete, scopeWrite } from './support.ts'
import type { ContractTest, Follower } from './support.ts'

export function sharedWatchContract(test: ContractTest): void {
  test.shared('commits of another store are told, deletions too', async (one, other) => {
    await commit(one, scopeWrite('a', 1), scopeWrite('b', 1))
    const follower = await follow(other)
    const revision = await commit(one, scopeDelete('a'), scopeWrite('b', 2), scopeWrite('c', 1))
    await follower.until(() => follower.calls.length === 2)
    assert.deepEqual(follower.calls[1], {
      revision,
      changes: [
        { kind: 'scope', key: 'a', revision, value: null },
        { kind: 'scope', key: 'b', revision, value: { lastVersionId: 2 } },
        { kind: 'scope', key: 'c', revision, value: { lastVersionId: 1 } },
      ],
    })
  })

  test.shared('a commit is never told in parts, whoever makes it', async (one, other) => {
    const torn: string[] = []
    const check = ({ state }: Follower) => {
      const [left, right] = [JSON.stringify(state.get('scope/left')), JSON.stringify(state.get('scope/right'))]
      if (left !== right) torn.push(`${left} ${right}`)
    }
    const followers = [await follow(one, check), await follow(other, check)]
    const write = async (store: typeof one, offset: number) => {
      let last = 0
      for (let n = 0; n < 25; n++) {
        last = await commit(store, scopeWrite('left', n + offset), scopeWrite('right', n + offset))
      }
      return last
    }
    const last = Math.max(...(await Promise.all([write(one, 0), write(other, 1000)])))
    for (const follower of followers) await follower.until(() => follower.calls.at(-1)?.revision === last)
    assert.deepEqual(torn, [])
    assert.deepEqual(followers[0]!.state, followers[1]!.state)
    assert.deepEqual(
      followers.flatMap(({ errors }) => errors),
      [],
    )
  })

  test.shared(
    'a commit of this store is told, with those made elsewhere before it, before it resolves',
    async (one, other) => {
      const follower = await follow(one)
      await commit(other, scopeWrite('theirs', 1))
      await commit(one, scopeWrite('ours', 1))
      assert.deepEqual([...follower.state.keys()].sort(), ['scope/ours', 'scope/theirs'])
    },
  )

  test.shared(
    'a watcher that fell behind what is on record hears of everything, deletions too',
    async (one, other, query) => {
      const revision = await commit(one, scopeWrite('kept', 1), scopeWrite('changed', 1), scopeWrite('deleted', 1))
      const followers = [await follow(one), await follow(other)]
      await query(
        `update metadata_revision set revision = ${revision + 9}`,
        `update metadata_document set revision = ${revision + 9}, value = '{"lastVersionId":2}' where key = 'changed'`,
        `delete from metadata_document where key = 'deleted'`,
        `delete from metadata_change`,
      )
      const last = await commit(one, scopeWrite('new', 1))
      for (const follower of followers) {
        const { calls, state, errors } = follower
        await follower.until(() => calls.at(-1)?.revision === last)
        const expected = { kept: 1, changed: 2, new: 1 }
        assert.deepEqual(
          state,
          new Map(Object.entries(expected).map(([key, lastVersionId]) => [`scope/${key}`, { lastVersionId }])),
        )
        assert.deepEqual(errors, [])
      }
    },
  )

  test.shared('the record of changes is bounded', async (one, other, query) => {
    const commits = CHANGES_KEPT_COMMITS + 100
    await query(
      `insert into metadata_change (revision, kind, key)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${commits})
        select n, 'scope', 'k' from numbers`,
      `update metadata_revision set revision = ${commits}`,
    )
    const revision = await commit(one, scopeWrite('a', 1))
    await commit(other, scopeWrite('b', 1), scopeWrite('c', 1))
    const [row] = await query('select min(revision) as oldest from metadata_change')
    assert.equal(Number(row?.['oldest']), revision + 1 - CHANGES_KEPT_COMMITS + 1)
  })
}
