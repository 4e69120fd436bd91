/** PostgreSQL through `pg`: a pool for the statements, and a connection of its own that listens for commits. */
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import type { Clock, Timer } from '../clock.ts'
import { KEEP_COMMITS_DURABLE, openPostgresPool, postgresConfig } from '../postgres-pool.ts'
import { retryDelayMs } from './engine.ts'
import type { Engine, FeedEvents, MetadataTables } from './engine.ts'

const CONNECTIONS_MAX = 10
/** How often a silent listening connection is tried, and commits that it may have missed are looked for. */
const HEARTBEAT_MS = 10_000
const HEARTBEAT_TIMEOUT_MS = 5_000

const CHANNEL = 'sluice_metadata'
/** Any number that no other user of the database takes for an advisory lock. */
const MIGRATION_LOCK = 7_305_811_425_613

/** Throws when the URL is malformed; the error does not repeat it, since it may hold a password. */
export function openPostgres(url: string, clock: Clock): Engine {
  const config = postgresConfig(url)
  const dialect = new PostgresDialect({
    pool: openPostgresPool(config, CONNECTIONS_MAX),
    async onCreateConnection(connection) {
      await connection.executeQuery(CompiledQuery.raw(KEEP_COMMITS_DURABLE))
    },
  })
  const db = new Kysely<MetadataTables>({ dialect })
  return {
    db,
    keyType: 'text collate "C"',
    async prepareMigration(transaction) {
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`.execute(transaction)
      const { rows } = await sql<{ encoding: string }>`select current_setting('server_encoding') as encoding`.execute(
        transaction,
      )
      const encoding = rows[0]?.encoding
      if (encoding !== 'UTF8') throw new Error(`the metadata database must have the encoding UTF8, not ${encoding}`)
    },
    async announce(transaction) {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(transaction)
    },
    async follow(events) {
      const listener = new CommitListener(config, clock, events)
      await listener.start()
      return listener
    },
    close: () => db.destroy(),
  }
}

/** Keeps one connection listening; when it is lost, connects again and lets everybody look for what they missed. */
class CommitListener {
  readonly #config: ClientConfig
  readonly #clock: Clock
  readonly #events: FeedEvents
  #client: Client | undefined
  #timer: Timer | undefined
  #connecting: Promise<void> | undefined
  #failures = 0
  #stopped = false

  constructor(config: ClientConfig, clock: Clock, events: FeedEvents) {
    this.#config = { ...config, query_timeout: HEARTBEAT_TIMEOUT_MS }
    this.#clock = clock
    this.#events = events
  }

  async start(): Promise<void> {
    await this.#connect()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#connecting
    await this.#client?.end()
  }

  async #connect(): Promise<void> {
    const client = new Client(this.#config)
    client.on('error', (error) => this.#lost(client, error))
    client.on('end', () => this.#lost(client, new Error('the database closed the connection that listens for commits')))
    client.on('notification', () => this.#events.onCommit())
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
    } catch (error) {
      drop(client)
      throw error
    }
    this.#client = client
    this.#failures = 0
    if (this.#stopped) return
    this.#events.onCommit()
    this.#scheduleHeartbeat(client)
  }

  #scheduleHeartbeat(client: Client): void {
    this.#timer = this.#clock.setTimer(HEARTBEAT_MS, () => {
      client.query('select 1').then(
        () => {
          if (this.#stopped || client !== this.#client) return
          this.#events.onCommit()
          this.#scheduleHeartbeat(client)
        },
        (error: Error) => this.#lost(client, error),
      )
    })
  }

  #lost(client: Client, error: Error): void {
    if (this.#stopped || client !== this.#client) return
    this.#client = undefined
    drop(client)
    this.#retry(error)
  }

  #retry(error: Error): void {
    this.#failures += 1
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimer(retryDelayMs(this.#failures), () => {
      this.#connecting = this.#connect().catch((failure: Error) => {
        if (!this.#stopped) this.#retry(failure)
      })
    })
    this.#events.onError(error)
  }
}

/** A broken connection may fail to say goodbye, which no longer matters. */
function drop(client: Client): void {
  client.end().catch(() => {})
}
