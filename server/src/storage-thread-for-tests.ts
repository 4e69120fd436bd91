/** The thread of storage-thread.test.ts: keys and values, and ways to fail. */
import { openDatabase, Refusal, serveStorage } from './storage-thread-side.ts'

export interface TestAsks {
  put: { ask: { key: string }; answer: null }
  /** Writes the key, then fails: by a refusal, a defect, a database that has no room, or the end of the thread. */
  fail: { ask: { key: string; by: 'refusal' | 'defect' | 'full' | 'end' }; answer: null }
  get: { ask: { key: string }; answer: string | null }
  pagesMax: { ask: { pages: number }; answer: null }
  synchronous: { ask: null; answer: unknown }
}

export interface TestRefusal {
  key: string
}

serveStorage<TestAsks>(({ file }: { file: string }) => {
  const schema = 'CREATE TABLE IF NOT EXISTS pairs (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT'
  const database = openDatabase(file, 'test', schema, 1)
  const insert = database.prepare('INSERT OR REPLACE INTO pairs (key, value) VALUES (?, ?)')
  const select = database.prepare('SELECT value FROM pairs WHERE key = ?')
  return {
    database,
    opened: {
      keys: database
        .prepare('SELECT key FROM pairs ORDER BY key')
        .all()
        .map((row) => row['key']),
    },
    reads: ['get', 'synchronous'],
    handlers: {
      put({ key }, bytes) {
        insert.run(key, bytes)
        return null
      },
      fail({ key, by }) {
        insert.run(key, new Uint8Array())
        if (by === 'refusal') throw new Refusal({ key } satisfies TestRefusal)
        if (by === 'defect') throw new TypeError(`${key} is no good`)
        if (by === 'full') insert.run(key, new Uint8Array(1024 * 1024))
        process.exit(1)
      },
      get({ key }) {
        const row = select.get(key)
        return row === undefined ? null : Buffer.from(row['value'] as Uint8Array).toString()
      },
      pagesMax({ pages }) {
        database.exec(`PRAGMA max_page_count = ${pages}`)
        return null
      },
      synchronous: () => database.prepare('PRAGMA synchronous').get()!['synchronous'],
    },
  }
})
