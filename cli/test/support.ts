/** What tests of commands run in: a terminal that keeps what was written, and a small stand-in for the platform. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Environment } from '../src/connection.ts'
import type { Json } from '../src/json.ts'
import { run } from '../src/program.ts'
import type { Terminal } from '../src/terminal.ts'

/** Compiled code is kept, as the launcher has it: a platform is up in half the time. */
const { NODE_COMPILE_CACHE } = process.env
export const compileCache: Environment = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }

/** Builds are short: a Java machine that compiles less takes half the time for them. */
export const shortBuilds: Environment = { MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' }

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

class Sink extends Writable {
  text = ''
  isTTY: boolean
  #waiting: { pattern: RegExp; resolve: () => void }[] = []

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
      const found = pattern.test(this.text)
      if (found) resolve()
      return !found
    })
    done()
  }

  /** Resolves once what was written matches. */
  has(pattern: RegExp): Promise<void> {
    if (pattern.test(this.text)) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ pattern, resolve }))
  }
}

export interface FakeTerminal extends Terminal {
  stdout: Sink
  stderr: Sink
}

export function fakeTerminal(
  options: { isTTY?: boolean; environment?: Environment; folder?: string; stdin?: Readable; signal?: AbortSignal } = {},
): FakeTerminal {
  const isTTY = options.isTTY ?? false
  return {
    stdin: options.stdin ?? Object.assign(Readable.from([]), { isTTY: true }),
    stdout: new Sink(isTTY),
    stderr: new Sink(isTTY),
    environment: options.environment ?? {},
    folder: options.folder ?? tmpdir(),
    signal: options.signal ?? new AbortController().signal,
  }
}

/** Runs one command line; `code`, `out` and `err` are what it left behind. */
export async function sluice(argv: readonly string[], terminal: FakeTerminal) {
  const code = await run(argv, terminal)
  return { code, out: terminal.stdout.text, err: terminal.stderr.text }
}

export interface Received {
  method: string
  /** Without the query. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}

export interface Answer {
  status?: number
  headers?: Record<string, string>
  /** An object goes as JSON. */
  body?: Json | string
}

export type Handler = (request: Received, response: ServerResponse) => Answer | undefined

/** Serves `handle` on a free port; undefined means that the handler answers by itself. */
export async function fakePlatform(t: TestContext, handle: Handler) {
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://fake')
      const { method = 'GET', headers } = request
      const answer = handle({ method, path: url.pathname, query: url.searchParams, headers, body }, response)
      if (!answer) return
      const text = typeof answer.body === 'string' ? answer.body : answer.body && JSON.stringify(answer.body)
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      response.end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const environment = {
    SLUICE_ENDPOINT: `http://127.0.0.1:${port}`,
    SLUICE_ACCESS_KEY_ID: 'testak',
    SLUICE_ACCESS_KEY_SECRET: 'testsk',
  }
  return { port, environment, server }
}

export const failure = (status: number, code: string, message: string): Answer => ({
  status,
  body: { Code: code, Message: message, RequestId: '1-00000000-00000000-000000000000' },
})
