/** What every usage store must do: run on each database. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain, rowOf } from './test-support.ts'
import { BEGINNING, type Progress, type UsageStore } from './usage-store.ts'

const at = (segment: number, offset: number): Progress => ({ segment, offset, carry: { open: [], lastMs: 5 } })
const ALL = { fromDay: '2030-01-01', toDay: '2030-01-31' }

export interface UsageStoreForTests {
  open(): Promise<UsageStore>
  remove(): Promise<void>
}

/** `make` gives each test a database of its own. */
export function usageStoreContract(name: string, make: () => Promise<UsageStoreForTests>): void {
  const inStore = (title: string, body: (store: UsageStore, open: () => Promise<UsageStore>) => Promise<void>) =>
    void test(`${name}: ${title}`, { timeout: 60_000 }, async (t) => {
      const database = await make()
      const stores: UsageStore[] = []
      t.after(async () => {
        await Promise.all(stores.map((store) => store.close()))
        await database.remove()
      })
      const open = async () => {
        const store = await database.open()
        stores.push(store)
        return store
      }
      await body(await open(), open)
    })

  inStore('quantities add up per function, version and day', async (store) => {
    const first = [rowOf('2030-01-01', 'f', { invocations: 1, activeVcpu: 2, outBytes: 2 ** 52 })]
    assert.equal(await store.add('j', BEGINNING, at(1, 10), first, []), true)
    const second = [
      rowOf('2030-01-01', 'f', { invocations: 2, idleMemory: 3 }),
      { ...rowOf('2030-01-01', 'f', { invocations: 5 }), versionId: '1' },
      rowOf('2030-01-02', 's$f', { disk: 7 }),
    ]
    assert.equal(await store.add('j', at(1, 10), at(1, 20), second, []), true)
    assert.deepEqual((await store.rows(ALL)).map(plain), [
      { ...rowOf('2030-01-01', 'f', { invocations: 5 }), versionId: '1' },
      rowOf('2030-01-01', 'f', { invocations: 3, activeVcpu: 2, idleMemory: 3, outBytes: 2 ** 52 }),
      rowOf('2030-01-02', 's$f', { disk: 7 }),
    ])
    assert.deepEqual((await store.rows({ ...ALL, functionKey: 's$f' })).map(plain), [
      rowOf('2030-01-02', 's$f', { disk: 7 }),
    ])
    assert.deepEqual(await store.rows({ fromDay: '2030-01-02', toDay: '2030-01-02', functionKey: 'f' }), [])
  })

  inStore('a stretch of a journal counts once: nothing is added when it was added before', async (store) => {
    const rows = [rowOf('2030-01-01', 'f', { invocations: 1 })]
    const peaks = [{ day: '2030-01-01', memoryMB: 5, milliVcpu: 5 }]
    assert.equal(await store.add('j', BEGINNING, at(1, 10), rows, peaks), true)
    assert.equal(await store.add('j', BEGINNING, at(1, 10), rows, peaks), false)
    assert.equal(await store.add('j', at(1, 10), at(1, 20), rows, peaks), true)
    assert.equal(await store.add('j', at(1, 10), at(1, 20), rows, peaks), false)
    assert.equal((await store.rows(ALL))[0]?.invocations, 2)
    assert.deepEqual(await store.progress('j'), at(1, 20))
  })

  inStore('each journal goes at its own pace', async (store) => {
    assert.deepEqual(await store.progress('j'), BEGINNING)
    await store.add('j', BEGINNING, at(3, 10), [rowOf('2030-01-01', 'f', { invocations: 1 })], [])
    assert.deepEqual(await store.progress('k'), BEGINNING)
    await store.add('k', BEGINNING, at(1, 5), [rowOf('2030-01-01', 'f', { invocations: 1 })], [])
    assert.deepEqual([await store.progress('j'), await store.progress('k')], [at(3, 10), at(1, 5)])
    assert.equal((await store.rows(ALL))[0]?.invocations, 2)
  })

  inStore('what has to be known to go on is kept as it was', async (store) => {
    const definition = { functionKey: 'ключ', versionId: '1', milliVcpu: 1, memoryMB: 2, diskMB: 3, timeoutMs: 4 }
    const progress: Progress = { segment: 2, offset: 7, carry: { open: [[9, definition, 1.5]], lastMs: 2.5 } }
    await store.add('j', BEGINNING, progress, [], [])
    assert.deepEqual(await store.progress('j'), progress)
  })

  inStore('a peak is the highest of the day of each journal, and those of several add up', async (store) => {
    const peak = (memoryMB: number, milliVcpu: number) => [{ day: '2030-01-03', memoryMB, milliVcpu }]
    await store.add('j', BEGINNING, at(1, 1), [], peak(100, 900))
    await store.add('j', at(1, 1), at(1, 2), [], peak(300, 500))
    await store.add('k', BEGINNING, at(1, 1), [], peak(10, 10))
    const { peaks } = await store.sums({ daysFrom: ALL.fromDay, ...ALL })
    assert.deepEqual(peaks.map(plain), [{ day: '2030-01-03', memoryMB: 310, milliVcpu: 910 }])
  })

  inStore('sums of a month are exact, also where a number would not be', async (store) => {
    const most = Number.MAX_SAFE_INTEGER
    const rows = ['f', 'g'].map((key) => rowOf('2030-01-01', key, { activeMemory: most }))
    const others = [rowOf('2029-12-30', 'f', { invocations: 4 }), rowOf('2030-02-01', 'f', { invocations: 8 })]
    await store.add('j', BEGINNING, at(1, 1), [...rows, ...others], [])
    const { days, functions, firstDay } = await store.sums({ daysFrom: '2029-12-25', ...ALL })
    assert.deepEqual(
      days.map(({ day, invocations, activeMemory }) => [day, invocations, activeMemory]),
      [
        ['2029-12-30', '4', '0'],
        ['2030-01-01', '0', String(2n * BigInt(most))],
      ],
    )
    assert.deepEqual(
      functions.map(({ functionKey, invocations, activeMemory }) => [functionKey, invocations, activeMemory]),
      [
        ['f', '0', String(most)],
        ['g', '0', String(most)],
      ],
    )
    assert.equal(firstDay, '2029-12-30')
  })

  inStore('more rows than a statement takes are added all the same', async (store) => {
    const rows = Array.from({ length: 1201 }, (_, index) => rowOf('2030-01-01', `f${index}`, { invocations: 1 }))
    await store.add('j', BEGINNING, at(1, 1), rows, [])
    assert.equal((await store.rows(ALL)).length, 1201)
  })

  inStore('two that add at the same time both count', async (store, open) => {
    const other = await open()
    const rows = Array.from({ length: 50 }, (_, index) => rowOf('2030-01-01', `f${index}`, { invocations: 1 }))
    const addAll = async (each: UsageStore, journal: string, order: typeof rows) => {
      let from = BEGINNING
      for (let offset = 1; offset <= 10; offset++) {
        assert.equal(await each.add(journal, from, at(1, offset), order, []), true)
        from = at(1, offset)
      }
    }
    await Promise.all([addAll(store, 'j', rows), addAll(other, 'k', rows.toReversed())])
    const counts = new Set((await store.rows(ALL)).map(({ invocations }) => invocations))
    assert.deepEqual(counts, new Set([20]))
  })
}
