import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { Client } from 'pg'
import { systemClock } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { metadataStoreContract } from './contract.ts'
import { commit, follow, keysOf, scopeDelete, scopeWrite } from './contract/support.ts'
import { query, startPostgresForTests, WITHOUT_POSTGRES } from './postgres-for-tests.ts'
import type { PostgresForTests } from './postgres-for-tests.ts'
import { createMetadataStore } from './sql-store.ts'

const server = await startPostgresForTests()
if (server === undefined) void test('PostgreSQL', { skip: WITHOUT_POSTGRES }, () => {})
else testsOn(server)

function testsOn(postgres: PostgresForTests): void {
  after(() => postgres.remove())

  const open = (url: string, clock = systemClock) => createMetadataStore({ kind: 'postgres', url }, { clock })

  metadataStoreContract('PostgreSQL', async () => {
    const url = await postgres.createSchema()
    return { open: () => open(url), query: (...statements) => query(url, ...statements), remove: async () => {} }
  })

  test('PostgreSQL: a commit waits for one in progress elsewhere, so nobody sees the later revision first', async () => {
    const url = await postgres.createSchema()
    const store = await open(url)
    const follower = await follow(store)
    const elsewhere = new Client({ connectionString: url })
    await elsewhere.connect()
    await elsewhere.query('begin')
    await elsewhere.query('update metadata_revision set revision = revision + 1')
    const pending = commit(store, scopeWrite('ours', 1))
    await query(url, untilWaitingForLock)
    assert.equal(await store.read('scope', 'ours'), undefined)
    await elsewhere.query(`insert into metadata_document values ('scope', 'theirs', 1, '{"lastVersionId":1}')`)
    await elsewhere.query(`insert into metadata_change values (1, 'scope', 'theirs')`)
    await elsewhere.query('commit')
    assert.equal(await pending, 2)
    assert.deepEqual(
      follower.calls.flatMap(({ changes }) => changes.map(({ key, revision }) => [key, revision])),
      [
        ['theirs', 1],
        ['ours', 2],
      ],
    )
    await elsewhere.end()
    await store.close()
  })

  test('PostgreSQL: the state that a watcher hears first is of one moment, whatever is committed meanwhile', async () => {
    const url = await postgres.createSchema()
    const store = await open(url)
    const elsewhere = new Client({ connectionString: url })
    await elsewhere.connect()
    await elsewhere.query('begin')
    await elsewhere.query('lock table metadata_document in access exclusive mode')
    const following = follow(store)
    await query(url, untilWaitingForLock)
    await elsewhere.query('update metadata_revision set revision = 1')
    await elsewhere.query(`insert into metadata_document values ('scope', 'late', 1, '{"lastVersionId":1}')`)
    await elsewhere.query('commit')
    const { calls } = await following
    assert.deepEqual(calls[0], { changes: [], revision: 0 })
    await elsewhere.end()
    await store.close()
  })

  test('PostgreSQL: a commit elsewhere is told at once, not at the next heartbeat', async () => {
    const url = await postgres.createSchema()
    const { clock } = holding(HEARTBEAT_MS)
    const [store, other] = [await open(url, clock), await open(url)]
    const follower = await follow(store)
    for (const n of [1, 2, 3]) {
      const revision = await commit(other, scopeWrite('a', n))
      await follower.until(() => follower.calls.at(-1)?.revision === revision)
    }
    await Promise.all([store.close(), other.close()])
  })

  test('PostgreSQL: the heartbeat finds a commit whose notification was lost', async () => {
    const url = await postgres.createSchema()
    const { clock, held } = holding(HEARTBEAT_MS)
    const store = await open(url, clock)
    const follower = await follow(store)
    await query(
      url,
      'update metadata_revision set revision = 1',
      `insert into metadata_document values ('scope', 'a', 1, '{"lastVersionId":1}')`,
      `insert into metadata_change values (1, 'scope', 'a')`,
    )
    held.at(-1)!()
    await follower.until(() => follower.state.has('scope/a'))
    await store.close()
  })

  test('PostgreSQL: stores that open an empty database at once all find it ready', async () => {
    const url = await postgres.createSchema()
    const stores = await Promise.all([open(url), open(url), open(url), open(url)])
    assert.equal(await commit(stores[0], scopeWrite('a', 1)), 1)
    assert.ok(await stores[3].read('scope', 'a'))
    await Promise.all(stores.map((store) => store.close()))
  })

  test('PostgreSQL: a database newer than the code is refused and left alone', async () => {
    const url = await postgres.createSchema()
    await (await open(url)).close()
    await query(url, 'update metadata_schema set version = 99')
    await assert.rejects(open(url), /schema version 99, but this version of Sluice knows only up to \d+/)
    assert.deepEqual(await query(url, 'select version from metadata_schema'), [{ version: 99 }])
  })

  test('PostgreSQL: a database that cannot hold every text is refused', async () => {
    const definition = `encoding 'LATIN1' locale_provider libc locale 'C' template template0`
    await query(postgres.urlOf('postgres'), `create database latin ${definition}`)
    await assert.rejects(open(postgres.urlOf('latin')), /encoding UTF8, not LATIN1/)
  })

  test('PostgreSQL: answers come after the disk has the commit, also where the server is set to be lax', async () => {
    const url = await postgres.createSchema()
    const lax = `${url}${encodeURIComponent(' -c synchronous_commit=off')}`
    assert.deepEqual(await query(lax, 'show synchronous_commit'), [{ synchronous_commit: 'off' }])
    const store = await open(lax)
    await query(url, notePerCommit)
    await commit(store, scopeWrite('a', 1))
    assert.deepEqual(await query(url, 'select synchronous_commit from noted'), [{ synchronous_commit: 'on' }])
    await store.close()
  })

  test('PostgreSQL: an error about the URL or the connection does not repeat the password', async () => {
    const urls = ['http://u:geheim@h/d', 'postgres://u:geheim@h:port/d', 'postgres://u:geheim@127.0.0.1:1/d', 'geheim']
    for (const url of urls) {
      await assert.rejects(open(url), (error: Error) => {
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /geheim/)
        return true
      })
    }
  })

  test('PostgreSQL: a server that crashes and returns is found again, and watchers miss nothing', async () => {
    const url = await postgres.createSchema()
    const { clock } = holding(HEARTBEAT_MS)
    const [store, other] = [await open(url, clock), await open(url, clock)]
    await commit(store, scopeWrite('kept', 1), scopeWrite('deleted', 1))
    const follower = await follow(store)
    await postgres.crash()
    await follower.until(() => follower.errors.length > 0)
    await assert.rejects(store.check())
    await assert.rejects(store.commit([scopeWrite('lost', 1)]))
    await assert.rejects(follow(other))

    await postgres.start()
    const last = await commit(other, scopeDelete('deleted'), scopeWrite('new', 1))
    await follower.until(() => follower.calls.at(-1)?.revision === last)
    assert.deepEqual([...follower.state.keys()].sort(), ['scope/kept', 'scope/new'])
    await store.check()
    const second = await follow(other)
    const next = await commit(other, scopeWrite('later', 1))
    await follower.until(() => follower.calls.at(-1)?.revision === next)
    assert.deepEqual(follower.state, second.state)
    assert.deepEqual(keysOf(await store.list('scope', { limit: 9 })), ['kept', 'later', 'new'])
    await Promise.all([store.close(), other.close()])
  })

  test('PostgreSQL: check gives up on a database that does not answer', async () => {
    const url = await postgres.createSchema()
    const { clock, held } = holding(CHECK_TIMEOUT_MS)
    const store = await open(url, clock)
    const elsewhere = new Client({ connectionString: url })
    await elsewhere.connect()
    await elsewhere.query('begin')
    await elsewhere.query('lock table metadata_revision in access exclusive mode')
    const check = store.check()
    await query(url, untilWaitingForLock)
    held[0]!()
    await assert.rejects(check, /has not answered in 5000 ms/)
    await elsewhere.query('rollback')
    await store.check()
    await elsewhere.end()
    await store.close()
  })

  test('PostgreSQL: a store can be closed while the server is away', async () => {
    const store = await open(await postgres.createSchema())
    const follower = await follow(store)
    await postgres.crash()
    await follower.until(() => follower.errors.length > 0)
    await store.close()
    await postgres.start()
  })
}

const CHECK_TIMEOUT_MS = 5_000
const HEARTBEAT_MS = 10_000

/** The system's clock, but timers of this length fire only by hand. */
function holding(heldDelayMs: number): { clock: Clock; held: (() => void)[] } {
  const held: (() => void)[] = []
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, fire) {
      if (delayMs !== heldDelayMs) return systemClock.setTimer(delayMs, fire)
      held.push(fire)
      return { cancel: () => {} }
    },
  }
  return { clock, held }
}

/** Returns when another session waits for a row. */
const untilWaitingForLock = `do $$ begin
  while not exists (select from pg_locks where not granted) loop perform pg_stat_clear_snapshot(); end loop;
end $$`

/** Keeps what the setting was in the session that wrote a document. */
const notePerCommit = `
  create table noted (synchronous_commit text);
  create function note() returns trigger language plpgsql as $$ begin
    insert into noted values (current_setting('synchronous_commit'));
    return new;
  end $$;
  create trigger note after insert on metadata_document for each row execute function note()`
