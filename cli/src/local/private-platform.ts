/** A platform of one's own for one command: the server's program with a temporary data folder and free ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import nodeFlags from '../../../server/node-flags.json' with { type: 'json' }
import { type Client, createClient } from '../client.ts'
import { findKeys } from '../connection.ts'
import { CliError } from '../errors.ts'
import { SERVER_MAIN } from '../platform-process.ts'
import type { Terminal } from '../terminal.ts'

const READY_MS_MAX = 30_000
/** It is told that nobody waits for anything; what is left after this long is killed. */
const END_MS_MAX = 10_000
/** The listener's port, and those that follow it. */
const PORTS = 6
/** Below those that systems give to connections, which could take one before the platform does. */
const PORT_MIN = 10_000
const PORT_MAX = 32_000
const OUTPUT_BYTES_MAX = 4096

export interface PrivatePlatform {
  client: Client
  /** Ends it with all that runs on it, at once, and removes what it kept. */
  close(): Promise<void>
}

/** Rejects with CliError when it does not get ready, or `signal` aborts; nothing is left of it then. */
export async function startPrivatePlatform(
  terminal: Terminal,
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<PrivatePlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-local-'))
  const port = await freePorts()
  // Settings meant for the real platform, a database among them, are not this one's.
  const inherited = Object.entries(terminal.environment).filter(([name]) => !name.startsWith('SLUICE_'))
  const data = { SLUICE_DATA_DIR: join(folder, 'data') }
  const child = spawn(process.execPath, [...nodeFlags, SERVER_MAIN], {
    cwd: folder,
    env: {
      ...Object.fromEntries(inherited),
      ...data,
      SLUICE_PORT: String(port),
      SLUICE_SANDBOX: 'process',
      SLUICE_STEMS: '0',
      SLUICE_SAMPLES: 'off',
      SLUICE_LOG_LEVEL: 'warn',
      ...settings,
    },
    // A group of its own: Ctrl+C is for this command, which then ends it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const close = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    await ready(child, signal)
  } catch (error) {
    await close()
    throw error
  }
  return { client: createClient(new URL(`http://127.0.0.1:${port}`), () => findKeys(undefined, data)), close }
}

async function ready(child: ChildProcess, signal: AbortSignal): Promise<void> {
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-OUTPUT_BYTES_MAX)))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (reason: string) => reject(new CliError(`the private platform ${reason}\n${said}`.trimEnd()))
  const timer = setTimeout(() => fail(`was not ready within ${READY_MS_MAX / 1000} s`), READY_MS_MAX)
  const abort = () => fail('was interrupted')
  child.once('message', () => resolve())
  child.once('error', (error) => fail(`did not start: ${error.message}`))
  // Not at its exit: what it said of the reason may still be on its way.
  child.once('close', (code, ended) => fail(`ended with ${ended ?? `exit code ${code}`}`))
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** By leaving: the platform then ends what runs without waiting for it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (child.connected) child.disconnect()
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX)
  await exited
  clearTimeout(timer)
}

/** The first of `PORTS` ports in a row that are free now. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = randomInt(PORT_MIN, PORT_MAX)
    const probes = Array.from({ length: PORTS }, (_, i) => listenOnce(first + i))
    const isFree = (await Promise.allSettled(probes)).every(({ status }) => status === 'fulfilled')
    if (isFree) return first
  }
}

async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
