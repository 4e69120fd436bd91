/** Load by hey: so many requests, or so many a second whatever the answers take. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { Endpoint } from './http.ts'

const run = promisify(execFile)
const REPORT_BYTES_MAX = 1024 * 1024
const ACCEPTED_STATUS = 202

export interface HeyResult {
  requests: number
  accepted: number
  perSecond: number
  p99Ms: number
}

export function hasHey(): boolean {
  try {
    execFileSync('hey', [], { stdio: 'ignore' })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** Reads what hey prints. Throws Error when a figure is missing. */
export function parseHey(report: string): HeyResult {
  const figure = (name: string, pattern: RegExp): number => {
    const match = pattern.exec(report)
    if (!match) throw new Error(`hey reported no ${name}:\n${report}`)
    return Number(match[1])
  }
  const statuses = [...report.matchAll(/^\s+\[(\d+)\]\s+(\d+) responses$/gm)]
  const errors = [...(report.split('Error distribution:')[1] ?? '').matchAll(/^\s+\[(\d+)\]/gm)]
  const sum = (counts: readonly string[]) => counts.reduce((total, count) => total + Number(count), 0)
  const accepted = statuses.filter(([, status]) => Number(status) === ACCEPTED_STATUS)
  return {
    requests: sum([...statuses.map(([, , count]) => count!), ...errors.map(([, count]) => count!)]),
    accepted: sum(accepted.map(([, , count]) => count!)),
    perSecond: figure('rate', /Requests\/sec:\s+([\d.]+)/),
    p99Ms: figure('99% latency', /99% in ([\d.]+) secs/) * 1000,
  }
}

export function atRate(endpoint: Endpoint, connections: number, perSecond: number, seconds: number) {
  return heyOf(endpoint, ['-z', `${seconds}s`, '-c', String(connections), '-q', String(perSecond / connections)])
}

export function countOf(endpoint: Endpoint, connections: number, requests: number): Promise<HeyResult> {
  return heyOf(endpoint, ['-n', String(requests), '-c', String(connections)])
}

async function heyOf({ port, path, headers, method = 'GET' }: Endpoint, flags: string[]): Promise<HeyResult> {
  const headerFlags = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const url = `http://127.0.0.1:${port}${path}`
  // One thread: the other core is the server's. No content type, which a signature would have to cover.
  const all = ['-cpus', '1', '-m', method, '-T', '', ...headerFlags, ...flags, url]
  const { stdout } = await run('hey', all, { maxBuffer: REPORT_BYTES_MAX })
  return parseHey(stdout)
}
