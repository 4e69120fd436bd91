import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { usageStoreContract } from './contract.ts'
import { openUsageHome } from './databases.ts'
import { temporaryDirectory } from './test-support.ts'

usageStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-usage-'))
  return {
    open: () => openUsageHome({ kind: 'sqlite', file: join(folder, 'usage.db') }),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

test('SQLite: the file is for its owner only, and one of a later version is left alone', async (t) => {
  const file = join(temporaryDirectory(t), 'usage.db')
  await (await openUsageHome({ kind: 'sqlite', file })).close()
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const database = new DatabaseSync(file)
  database.exec('update meter_schema set version = 99')
  database.close()
  await assert.rejects(
    openUsageHome({ kind: 'sqlite', file }),
    /schema version 99, but this version of Sluice knows only 1/,
  )
})
