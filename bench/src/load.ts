/** Closed-loop load: wrk, or autocannon where wrk cannot be had. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Endpoint } from './http.ts'

export interface LoadResult {
  requests: number
  requestsPerSecond: number
  p50Us: number
  p99Us: number
  /** Answers that were no 2xx or 3xx, and connections that broke. */
  failures: number
}

export interface LoadGenerator {
  name: 'wrk' | 'autocannon'
  run(endpoint: Endpoint, connections: number, seconds: number): Promise<LoadResult>
  /** Each request to the next of several endpoints on one port; null: this generator cannot. */
  runInTurn: ((endpoints: readonly Endpoint[], connections: number, seconds: number) => Promise<LoadResult>) | null
}

/** How much longer than asked a load run may take. */
const GRACE_MS = 20_000
const run = promisify(execFile)

const UNIT_US: Record<string, number> = { us: 1, ms: 1000, s: 1_000_000, m: 60_000_000 }

/** Reads the report of `wrk --latency`. Throws Error when a figure is missing. */
export function parseWrk(report: string): LoadResult {
  const figure = (name: string, pattern: RegExp) => {
    const match = pattern.exec(report)
    if (!match) throw new Error(`wrk reported no ${name}:\n${report}`)
    return match
  }
  const latency = (share: number) => {
    const [, value, unit] = figure(`${share} % latency`, new RegExp(`^\\s+${share}%\\s+([\\d.]+)(us|ms|s|m) *$`, 'm'))
    return Number(value) * UNIT_US[unit!]!
  }
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report)?.slice(1) ?? []
  const badAnswers = /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1] ?? 0
  return {
    requests: Number(figure('requests', /(\d+) requests in/)[1]),
    requestsPerSecond: Number(figure('rate', /Requests\/sec:\s+([\d.]+)/)[1]),
    p50Us: latency(50),
    p99Us: latency(99),
    failures: [...socketErrors, badAnswers].reduce((sum: number, count) => sum + Number(count), 0),
  }
}

/** A wrk script that sends these requests in turn. */
export function turnScript(endpoints: readonly Endpoint[]): string {
  const headersOf = ({ headers }: Endpoint) =>
    Object.entries(headers).map(([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  const bodyOf = ({ body }: Endpoint) => (body === undefined ? '' : `, ${JSON.stringify(body)}`)
  const lines = endpoints.map(
    (endpoint) =>
      `    wrk.format("${endpoint.method ?? 'GET'}", ${JSON.stringify(endpoint.path)}, { ${headersOf(endpoint).join(', ')} }${bodyOf(endpoint)}),`,
  )
  return `local requests
local at = 0
function init()
  requests = {
${lines.join('\n')}
  }
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`
}

async function runWrk(port: number, path: string, connections: number, seconds: number, more: string[]) {
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...more]
  const { stdout } = await run('wrk', [...flags, `http://127.0.0.1:${port}${path}`], {
    timeout: seconds * 1000 + GRACE_MS,
  })
  return parseWrk(stdout)
}

const wrk: LoadGenerator = {
  name: 'wrk',
  run(endpoint, connections, seconds) {
    const { port, path, headers, method } = endpoint
    if (method !== undefined || endpoint.body !== undefined) return wrk.runInTurn!([endpoint], connections, seconds)
    const headerFlags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    return runWrk(port, path, connections, seconds, headerFlags)
  },
  async runInTurn(endpoints, connections, seconds) {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-wrk-'))
    try {
      const script = join(folder, 'turn.lua')
      writeFileSync(script, turnScript(endpoints))
      return await runWrk(endpoints[0]!.port, '/', connections, seconds, ['-s', script])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

interface AutocannonReport {
  requests: { total: number; average: number }
  latency: { p50: number; p99: number }
  errors: number
  timeouts: number
  non2xx: number
}

const autocannon: LoadGenerator = {
  name: 'autocannon',
  runInTurn: null,
  async run({ port, path, headers, method = 'GET', body }, connections, seconds) {
    const program = createRequire(import.meta.url).resolve('autocannon/autocannon.js')
    const headerFlags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
    const flags = [
      '-c',
      String(connections),
      '-d',
      String(seconds),
      '--json',
      '--no-progress',
      '-m',
      method,
      ...headerFlags,
      ...(body === undefined ? [] : ['-b', body]),
    ]
    const { stdout } = await run(process.execPath, [program, ...flags, `http://127.0.0.1:${port}${path}`], {
      timeout: seconds * 1000 + GRACE_MS,
    })
    const report = JSON.parse(stdout) as AutocannonReport
    return {
      requests: report.requests.total,
      requestsPerSecond: report.requests.average,
      p50Us: report.latency.p50 * 1000,
      p99Us: report.latency.p99 * 1000,
      failures: report.errors + report.timeouts + report.non2xx,
    }
  },
}

export function chooseLoadGenerator(): LoadGenerator {
  try {
    // wrk has no flag that succeeds without a target; it does print its version first.
    execFileSync('wrk', ['-v'], { stdio: 'ignore' })
    return wrk
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? autocannon : wrk
  }
}
