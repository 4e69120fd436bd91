import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../clock.ts'
import { metadataStoreContract } from './contract.ts'
import { commit, follow, scopeWrite } from './contract/support.ts'
import { createMetadataStore } from './sql-store.ts'

const open = (file: string) => createMetadataStore({ kind: 'sqlite', file }, { clock: systemClock })

metadataStoreContract('SQLite in memory', async () => ({
  open: () => open(':memory:'),
  query: null,
  remove: async () => {},
}))

metadataStoreContract('SQLite file', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-metadata-'))
  const file = path.join(folder, 'metadata.db')
  return {
    open: () => open(file),
    query: async (...statements) => query(file, ...statements),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

test('SQLite: a commit that was answered survives kill -9, and other processes hear of it', async (t) => {
  const file = temporaryFile(t)
  const store = await open(file)
  const follower = await follow(store)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', committer, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let answered = 0
  for await (const line of createInterface({ input: child.stdout })) {
    answered = Number(line)
    if (answered === 50) child.kill('SIGKILL')
  }
  assert.ok(answered >= 50)
  await follower.until(() => (follower.calls.at(-1)?.revision ?? 0) >= answered)
  await store.close()

  const reopened = await open(file)
  const { length } = await reopened.list('scope', { limit: 10_000 })
  assert.ok(length === answered || length === answered + 1, `${length} documents are there, ${answered} were answered`)
  assert.equal(follower.state.size, length)
  await reopened.close()
})

/** Commits one document after the other and prints how many were answered, for ever. */
const committer = `
  import { writeSync } from 'node:fs'
  const { systemClock } = await import(${JSON.stringify(import.meta.resolve('../clock.ts'))})
  const { createMetadataStore } = await import(${JSON.stringify(import.meta.resolve('./sql-store.ts'))})
  const store = await createMetadataStore({ kind: 'sqlite', file: process.argv[1] }, { clock: systemClock })
  for (let n = 1; ; n++) {
    await store.commit([{ kind: 'scope', key: 'k' + n, value: { lastVersionId: n } }])
    writeSync(1, n + '\\n')
  }`

test('SQLite: a commit waits for the transaction of another process without blocking this one', async (t) => {
  const file = temporaryFile(t)
  const store = await open(file)
  using elsewhere = new DatabaseSync(file)
  elsewhere.exec('begin immediate')
  let answered = false
  const pending = commit(store, scopeWrite('a', 1)).finally(() => (answered = true))
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  assert.equal(answered, false)
  elsewhere.exec('commit')
  assert.equal(await pending, 1)
  await store.close()
})

test('SQLite: a commit that fails half way leaves nothing, and the next one succeeds', async (t) => {
  const file = temporaryFile(t)
  const store = await open(file)
  const follower = await follow(store)
  query(file, `create trigger full before insert on metadata_change begin select raise(rollback, 'disk is full'); end`)
  await assert.rejects(store.commit([scopeWrite('a', 1)]), /disk is full/)
  query(file, 'drop trigger full')
  assert.equal(await store.read('scope', 'a'), undefined)
  assert.equal(await commit(store, scopeWrite('b', 1)), 1)
  assert.deepEqual([...follower.state.keys()], ['scope/b'])
  await store.close()
})

test('SQLite: stores that open a new file at once all find it ready', async (t) => {
  const file = temporaryFile(t)
  const stores = await Promise.all([open(file), open(file), open(file), open(file)])
  assert.equal(await commit(stores[0], scopeWrite('a', 1)), 1)
  assert.ok(await stores[3].read('scope', 'a'))
  await Promise.all(stores.map((store) => store.close()))
})

test('SQLite: a database newer than the code is refused and left alone', async (t) => {
  const file = temporaryFile(t)
  await (await open(file)).close()
  query(file, 'update metadata_schema set version = 99')
  await assert.rejects(open(file), /schema version 99, but this version of Sluice knows only up to \d+/)
  assert.equal(query(file, 'select version from metadata_schema')[0]?.['version'], 99)
})

test('SQLite: only its owner may read the file, and its side files', async (t) => {
  const file = temporaryFile(t)
  const store = await open(file)
  await commit(store, scopeWrite('a', 1))
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal(statSync(name).mode & 0o777, 0o600, name)
  await store.close()
})

test('SQLite: a file that cannot be opened is named', async (t) => {
  const file = temporaryFile(t)
  await assert.rejects(open(path.join(file, 'no-such-folder', 'metadata.db')), /cannot open .*no-such-folder/)
  writeFileSync(file, 'not a database, but long enough to be taken for one'.repeat(100))
  await assert.rejects(open(file), /cannot open .*metadata\.db: file is not a database/)
})

function temporaryFile(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-metadata-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'metadata.db')
}

/** Runs statements in one transaction over a connection of its own and gives the rows of the last. */
function query(file: string, ...statements: string[]): Record<string, unknown>[] {
  using database = new DatabaseSync(file, { timeout: 5_000 })
  database.exec('begin immediate')
  const rows = statements.map((statement) => database.prepare(statement).all())
  database.exec('commit')
  return rows.at(-1) ?? []
}
