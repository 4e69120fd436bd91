/** What the harness needs of anything it measures. */
import { spawn } from 'node:child_process'
import { waitUntilAnswers } from '../http.ts'
import type { Endpoint } from '../http.ts'
import { processTree } from '../system.ts'

export interface RunningPeer extends Endpoint {
  /** Every process that works for it, at this moment. */
  pids: () => number[]
  stop: () => Promise<void>
}

export interface Peer {
  name: string
  /** Resolves at the first good answer. */
  start(): Promise<RunningPeer>
}

/** What every measured function answers to GET. */
export const EXPECTED_BODY = 'Hello, world'

const READY_MS_MAX = 30_000
const STOP_MS_MAX = 10_000
const OUTPUT_KEPT_CHARS = 4000

export interface ServerProcess {
  pids: () => number[]
  /** Why the process is gone; null while it runs. */
  failure: () => string | null
  stop: () => Promise<void>
}

/** Starts a server; its output is kept only to explain a failure. */
export function startProcess(command: readonly string[], env: NodeJS.ProcessEnv = process.env): ServerProcess {
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_KEPT_CHARS)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let reason: string | null = null
  child.on('error', (error) => {
    reason = error.message
  })
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => {
      reason ??= `ended with ${child.signalCode ?? child.exitCode}:\n${output}`
      resolve()
    })
  })
  return {
    pids: () => (child.pid === undefined ? [] : processTree([child.pid])),
    failure: () => reason,
    async stop() {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await exited
      clearTimeout(kill)
    },
  }
}

/** Starts a server on a port and waits for its first answer. */
export async function startServer(command: readonly string[], port: number): Promise<RunningPeer> {
  const server = startProcess(command)
  const endpoint: Endpoint = { port, path: '/', headers: {} }
  try {
    await waitUntilAnswers(endpoint, READY_MS_MAX, server.failure)
  } catch (error) {
    await server.stop()
    throw error
  }
  return { ...endpoint, pids: server.pids, stop: server.stop }
}
