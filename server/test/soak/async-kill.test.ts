import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from './async-kill.ts'
import { fileWitness } from './witness.ts'

/** Same seed, same moments; another run of the suite may set another. */
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? 20_261_128)

test(
  `everything that was answered 202 is executed after kills, and nothing is left behind (seed ${seed})`,
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async () => {
    const result = await soak({ rounds: 2, seed, callers: 8, witness: fileWitness() })
    assert.ok(result.accepted > 0)
    assert.deepEqual(result.lost, [])
    assert.deepEqual(result.unfinishedTasks, [])
    assert.deepEqual(
      result.rounds.map(({ orphans }) => orphans),
      [0, 0],
    )
  },
)
