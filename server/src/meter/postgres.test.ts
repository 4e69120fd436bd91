import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock, systemRandom } from '../clock.ts'
import { startPostgresForTests, WITHOUT_POSTGRES, type PostgresForTests } from '../metadata/postgres-for-tests.ts'
import { usageStoreContract } from './contract.ts'
import { openUsageHome } from './databases.ts'
import { openMeter } from './meter.ts'
import { ran, temporaryDirectory, versionOf } from './test-support.ts'

const server = await startPostgresForTests()
if (server === undefined) void test('PostgreSQL', { skip: WITHOUT_POSTGRES }, () => {})
else testsOn(server)

function testsOn(postgres: PostgresForTests): void {
  after(() => postgres.remove())
  usageStoreContract('PostgreSQL', async () => {
    const url = await postgres.createSchema()
    return { open: () => openUsageHome({ kind: 'postgres', url }), remove: async () => {} }
  })

  test('PostgreSQL: platforms that share it make one bill, and what is used while it is away counts when it is back', async (t) => {
    const url = await postgres.createSchema()
    const meters = [1, 2].map(() => {
      const deps = { clock: systemClock, random: systemRandom, notify() {} }
      const meter = openMeter(temporaryDirectory(t), { kind: 'postgres', url }, deps)
      t.after(() => meter.close())
      return meter
    })
    const f = versionOf('f')
    const nowMs = systemClock.nowMs()
    const runOnEach = () => {
      for (const meter of meters) meter.recordInvocation(ran(nowMs, 1000), f, meter.beginInvocation(f))
    }
    // What each has recorded is there for all once it was asked itself.
    const invocations = async () => {
      let count = 0
      for (const meter of meters) {
        const rows = await meter.usage({ fromDay: '2000-01-01', toDay: '2099-12-31' })
        count = rows.reduce((sum, row) => sum + row.invocations, 0)
      }
      return count
    }
    runOnEach()
    assert.equal(await invocations(), 2)
    await postgres.crash()
    runOnEach()
    await assert.rejects(invocations(), /the usage database cannot be used now/)
    await postgres.start()
    assert.equal(await invocations(), 4)
  })
}
