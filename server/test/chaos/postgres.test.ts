/** Metadata in PostgreSQL: the platform serves on while the database is away, and two platforms see each other's changes. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  startPostgresForTests,
  WITHOUT_POSTGRES,
  type PostgresForTests,
} from '../../src/metadata/postgres-for-tests.ts'
import { freePort, startPlatform, TestPlatform, type Answer } from '../support/platform.ts'

const server = await startPostgresForTests()
if (server === undefined) void test('metadata in PostgreSQL', { skip: WITHOUT_POSTGRES }, () => {})
else testsOn(server)

function testsOn(postgres: PostgresForTests): void {
  let url: string
  let platform: TestPlatform
  before(async () => {
    url = await postgres.createSchema()
    platform = await startPlatform({ SLUICE_METADATA_URL: url })
  })
  after(async () => {
    await platform.stop()
    await postgres.remove()
  })

  test('invocations do not wait for the database: what is known runs while it is away, and it is found again', async () => {
    const code = { 'index.js': 'exports.handler = async (event) => event.toString()' }
    await platform.deploy('warm', code)
    await platform.deploy('cold', code)
    assert.equal((await platform.invoke('warm', 'before')).text, 'before')
    assert.equal((await platform.send('GET', '/readyz')).status, 200)

    await postgres.crash()
    const notReady = await platform.send('GET', '/readyz')
    assert.equal(notReady.status, 503)
    assert.match(notReady.text, /^not ready: .{10,}/)
    assert.equal((await platform.send('GET', '/healthz')).status, 200)
    assert.equal((await platform.invoke('warm', 'during')).text, 'during')
    assert.equal((await platform.invoke('cold', 'started without')).text, 'started without')
    const refused = await platform.call('GET', '/2023-03-30/functions/warm')
    assert.ok(refused.status === 500 || refused.status === 503, `${refused.status} ${refused.text}`)
    assert.equal(typeof refused.json()['Code'], 'string')

    await postgres.start()
    await eventually(
      () => platform.send('GET', '/readyz'),
      ({ status }) => status === 200,
    )
    await platform.deploy('later', code)
    assert.equal((await platform.invoke('later', 'after')).text, 'after')
  })

  test('a platform sees what another on the same database deploys, changes and deletes', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sluice-'))
    copyFileSync(join(platform.dataDir, 'credentials.json'), join(dataDir, 'credentials.json'))
    const other = await new TestPlatform(await freePort(), dataDir, { SLUICE_METADATA_URL: url }).start()
    try {
      await platform.deploy('shared', { 'index.js': 'exports.handler = async () => 1' })
      assert.equal((await other.call('GET', '/2023-03-30/functions/shared')).status, 200)
      const path = '/2023-03-30/functions/shared'
      await platform.call('POST', `${path}/invoke/disable`, { reason: 'told to one, held by both' })
      // Routing follows the change feed, which is told at once but not before the commit is answered.
      const refused = await eventually(
        () => other.invoke('shared'),
        ({ status }) => status === 403,
      )
      assert.match(String(refused.json()['Message']), /told to one, held by both/)
      assert.equal((await other.call('DELETE', path)).status, 204)
      await eventually(
        () => platform.invoke('shared'),
        ({ status }) => status === 404,
      )
    } finally {
      await other.stop()
    }
  })
}

const TRIES_MAX = 400

/** Asks until the answer is as wanted. */
async function eventually(ask: () => Promise<Answer>, isWanted: (answer: Answer) => boolean): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    assert.ok(tries < TRIES_MAX, `after ${tries} tries the answer is still ${answer.status} ${answer.text}`)
    await setTimeout(25)
  }
}
