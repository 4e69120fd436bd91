/** PostgreSQL through `pg`: a pool of connections whose waits have an end. */
import { Pool, TypeOverrides, types } from 'pg'
import type { ClientConfig, PoolConfig } from 'pg'

const CONNECT_TIMEOUT_MS = 5_000
/** After a failover, connections to the machine that is gone or no longer leads are left behind within this time. */
const CONNECTION_LIFETIME_SECONDS = 60
const STATEMENT_TIMEOUT_MS = 30_000
/** The server ends our transaction when this process stands still in it, so that it cannot block all others. */
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000

/** To be run on each connection: a server may be set to answer before a commit is on disk; stricter settings stay as they are. */
export const KEEP_COMMITS_DURABLE =
  "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"

/** `onConnect`: is waited for before a new connection is used. */
export function openPostgresPool(
  config: Pick<PoolConfig, keyof ClientConfig | 'onConnect'>,
  connectionsMax: number,
): Pool {
  const pool = new Pool({
    ...config,
    max: connectionsMax,
    maxLifetimeSeconds: CONNECTION_LIFETIME_SECONDS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // For a server that no longer answers at all; one that does has by then given up the statement itself.
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
  })
  pool.on('error', () => {}) // An idle connection broke; the pool has dropped it already.
  return pool
}

/** Throws when the URL is malformed; the error does not repeat it, since it may hold a password. */
export function postgresConfig(url: string): ClientConfig {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error('the metadata database URL must look like postgres://user:password@host:5432/database')
  }
  return {
    connectionString: url,
    application_name: 'sluice',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: wholeNumbers(),
  }
}

/** `pg` gives a bigint as text; ours stay far below 2^53. */
function wholeNumbers(): TypeOverrides {
  const overrides = new TypeOverrides()
  overrides.setTypeParser(types.builtins.INT8, Number)
  return overrides
}
