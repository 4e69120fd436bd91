/** A PostgreSQL server of one's own for a test file: in a temporary folder, reachable by a Unix socket only. */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Client } from 'pg'

const DEBIAN_VERSIONS = '/usr/lib/postgresql'
/** Why the tests may run without a server; whoever sets the variable wants it so. */
export const WITHOUT_POSTGRES = 'SLUICE_TEST_WITHOUT_POSTGRES=1 says to test without PostgreSQL'

export interface PostgresForTests {
  /** The URL of a new, empty schema; much cheaper than a database. It goes with the server. */
  createSchema(): Promise<string>
  urlOf(database: string): string
  /** Ends all connections and the server, as a crash of its machine would. */
  crash(): Promise<void>
  start(): Promise<void>
  /** Ends the server and removes its folder. */
  remove(): Promise<void>
}

/** Undefined when no server is installed and the environment says that this is fine; rejects when it does not. */
export async function startPostgresForTests(): Promise<PostgresForTests | undefined> {
  const programs = findPrograms()
  if (programs === undefined) {
    if (process.env['SLUICE_TEST_WITHOUT_POSTGRES'] === '1') return undefined
    throw new Error(
      'PostgreSQL is not installed, but its tests are part of the suite: install the package postgresql, ' +
        'or set SLUICE_TEST_WITHOUT_POSTGRES=1 to leave them out',
    )
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-postgres-'))
  const user = unprivilegedUser()
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = path.join(folder, 'data')
  // A collation of a language, so that a missing COLLATE "C" shows.
  const locale = ['--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en-US']
  await promisify(execFile)(
    path.join(programs, 'initdb'),
    [`--pgdata=${data}`, '--username=sluice', '--auth=trust', '--no-sync', ...locale],
    { cwd: folder, ...user },
  )

  let server: ChildProcess | undefined
  let schemas = 0
  const urlOf = (database: string) => `postgres://sluice@localhost/${database}?host=${encodeURIComponent(folder)}`
  const start = async () => {
    const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off', 'max_connections=200']
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    server = spawn('/bin/sh', ['-c', untilInputEnds, 'sh', path.join(programs, 'postgres'), ...args], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'pipe'],
      ...user,
    })
    await ready(server)
  }
  const crash = async () => {
    if (server === undefined) return
    const exited = once(server, 'exit')
    server.stdin?.end()
    await exited
    server = undefined
  }
  await start()

  return {
    start,
    crash,
    urlOf,
    async createSchema() {
      schemas += 1
      const name = `test${schemas}`
      await query(urlOf('postgres'), `create schema ${name}`)
      return `${urlOf('postgres')}&options=${encodeURIComponent(`-c search_path=${name}`)}`
    },
    async remove() {
      await crash()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Runs a program and ends it at once when the input ends, so that it never outlives these tests, however they end. */
const untilInputEnds = 'exec 3<&0; "$@" & server=$!; { read -r _ <&3; kill -QUIT $server; } & wait $server'

/** Runs statements in one transaction over a connection of their own and gives the rows of the last. */
export async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    if (statements.length > 1) await client.query('begin')
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows
    if (statements.length > 1) await client.query('commit')
    return rows
  } finally {
    await client.end()
  }
}

/** The folder with `initdb` and `postgres`: from PATH, else the newest that Debian's packages installed. */
function findPrograms(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter)
  return [...onPath, ...debianFolders()].find((folder) => isExecutable(path.join(folder, 'initdb')))
}

function debianFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN_VERSIONS).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => path.join(DEBIAN_VERSIONS, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The server refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as')
}

/** Resolves when the server takes connections; rejects with what it printed when it ends before. */
async function ready(server: ChildProcess): Promise<void> {
  const printed: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  createInterface({ input: server.stderr! }).on('line', (line) => {
    printed.push(line)
    if (line.includes('ready to accept connections')) resolve()
  })
  server.once('error', reject)
  server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${printed.join('\n')}`)))
  await promise
}
