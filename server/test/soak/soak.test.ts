import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from './soak.ts'
import { fileWitness } from './witness.ts'

/** Same seed, same moments; another run of the suite may set another. */
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? 20_261_128)

test(
  `calls, objects and events that were answered outlive kills, and nothing is left behind (seed ${seed})`,
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async () => {
    const { rounds, calls, objects } = await soak({ rounds: 2, seed, callers: 8, writers: 2, witness: fileWitness() })
    assert.ok(calls.accepted > 0)
    assert.deepEqual(calls.lost, [])
    assert.deepEqual(calls.unfinishedTasks, [])
    assert.ok(objects.stored > 0)
    assert.deepEqual(objects.wrong, [])
    assert.ok(objects.events.expected > 0)
    assert.deepEqual(objects.events.lost, [])
    assert.deepEqual(
      rounds.map(({ orphans }) => orphans),
      [0, 0],
    )
  },
)
