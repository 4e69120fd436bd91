/** Checks of the platform: its port, its answers, its clock, its database. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { type Client, probe } from '../client.ts'
import type { Environment } from '../connection.ts'
import { CliError, exitCodes, messageOf } from '../errors.ts'
import { type Json, objectOf, objectsOf, textOf } from '../json.ts'
import { fitOf, languageOf } from '../runtimes/describe.ts'
import { type Check, fail, ok, warn } from './check.ts'

const CHECK_TIMEOUT_MS = 3_000
/** Signatures are refused when the clocks differ by 15 minutes. */
const CLOCK_DIFFERENCE_MS_WARN = 60_000

/** Whether the platform answers; when not, whether its port could be used, and who has it. */
export async function checkPlatform(client: Client): Promise<Check[]> {
  const { endpoint } = client
  try {
    const answer = await probe(endpoint)
    if (answer.status !== 200) return [await checkPort(endpoint)]
    return [
      ok('platform', `answers at ${endpoint.origin}`),
      checkClock(textOf(answer.headers['date'])),
      ...(await checkInfo(client)),
    ]
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== exitCodes.unreachable) throw error
    return [await checkPort(endpoint), warn('platform', `no answer at ${endpoint.origin}`, 'start it: npx sluice up')]
  }
}

function checkClock(date: string): Check {
  const differenceMs = Math.abs(Date.parse(date) - Date.now())
  if (!(differenceMs > CLOCK_DIFFERENCE_MS_WARN)) return ok('clock', 'agrees with the platform')
  const minutes = Math.round(differenceMs / 60_000)
  return warn(
    'clock',
    `${minutes} minutes from the platform's`,
    'set both by NTP; at 15 minutes signatures are refused',
  )
}

async function checkInfo(client: Client): Promise<Check[]> {
  try {
    const info = await client.json({ action: 'GetInfo', path: '/sluice/v1/info', timeoutMs: CHECK_TIMEOUT_MS })
    const { kind, notice } = objectOf(info['sandbox'])
    const sandbox = textOf(notice)
      ? warn('sandbox', `${textOf(kind)}: ${textOf(notice)}`, 'run only code that you trust')
      : ok('sandbox', textOf(kind))
    return [ok('key', 'accepted'), sandbox, judgeRuntimes(objectsOf(info['runtimes']))]
  } catch (error) {
    const failure = error instanceof CliError ? error : new CliError(messageOf(error))
    return [fail('key', failure.message, failure.hint ?? 'check SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET')]
  }
}

/** Languages, since a language is what is installed; versions are told by `sluice runtimes`. */
export function judgeRuntimes(runtimes: readonly Json[]): Check {
  const languages = (fits: readonly string[]) => [
    ...new Set(runtimes.filter((each) => fits.includes(fitOf(each))).map(({ name }) => languageOf(textOf(name)))),
  ]
  const missing = languages(['missing'])
  if (missing.length > 0) {
    return warn('runtimes', `cannot run here: ${missing.join(', ')}`, 'npx sluice runtimes says what brings them')
  }
  const near = languages(['newer', 'older'])
  return ok(
    'runtimes',
    near.length === 0 ? 'all run here' : `all run here; another version for some of ${near.join(', ')}`,
  )
}

async function checkPort({ hostname, port }: URL): Promise<Check> {
  const number = Number(port)
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return ok('port', `${hostname} is another machine`)
  const server = createServer()
  const taken = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve)
    server.listen(number, '127.0.0.1', () => resolve(undefined))
  })
  server.close()
  if (!taken) return ok('port', `${number} is free`)
  if (taken.code !== 'EADDRINUSE') return fail('port', `${number}: ${taken.message}`, 'choose another: SLUICE_PORT')
  const owner = await findOwner(number).catch(() => undefined)
  return fail(
    'port',
    `${number} is used by ${owner ?? 'another program'}, which is no Sluice`,
    'choose another: SLUICE_PORT',
  )
}

/** Name and number of the process that listens on a port; Linux only, and only processes of this user. */
async function findOwner(port: number): Promise<string | undefined> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const row of (await readFile(table, 'utf8').catch(() => '')).split('\n')) {
      const cells = row.trim().split(/\s+/)
      const isListening = cells[3] === '0A'
      if (isListening && cells[1]?.endsWith(`:${hex}`)) inodes.add(`socket:[${cells[9]}]`)
    }
  }
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (inodes.has(link)) return `${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()} (process ${pid})`
    }
  }
  return undefined
}

/** Whether PostgreSQL answers, when the environment names it; the address without its secret. */
export async function checkDatabase(environment: Environment): Promise<Check> {
  const given = environment['SLUICE_METADATA_URL']
  if (!given) return ok('metadata', 'SQLite in the data folder')
  const url = URL.parse(given)
  if (!url)
    return fail('metadata', 'SLUICE_METADATA_URL is no address', 'give postgres://user:password@host:port/database')
  const port = Number(url.port || 5432)
  const where = `PostgreSQL at ${url.hostname}:${port}`
  const error = await new Promise<Error | undefined>((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CHECK_TIMEOUT_MS })
    const settle = (result: Error | undefined) => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => settle(undefined))
    socket.on('timeout', () => settle(new Error(`no connection within ${CHECK_TIMEOUT_MS} ms`)))
    socket.on('error', settle)
  })
  return error
    ? fail('metadata', `${where}: ${error.message}`, 'start it, or mend SLUICE_METADATA_URL')
    : ok('metadata', where)
}
