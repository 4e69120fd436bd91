/** Objects over HTTP beside nginx with the same files; memory with a large one; the way from an object to its function. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { hello3 } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import { nginxPeer } from '../peers/nginx.ts'
import { hasProc, peakBytes } from '../system.ts'
import { megabytes } from './memory.ts'
import { rotate, usePlatform, type RowContext, type RunRow } from './row.ts'

const run = promisify(execFile)
const BUCKET = 'bench-objects'
const SMALL_BYTES = 100_000
const LARGE_BYTES = 100_000_000
const HUGE_BYTES = 2_000_000_000
/** Keys that are written in turn. */
const KEYS = 16
const CONNECTIONS = 16
const LARGE_TRANSFERS = 5
const EVENTS = 100
const EVENT_PAUSE_MS = 30
/** How far apart the memory of the server is looked at. */
const FIRST_ANSWER_MS = 500

export const RATIO_METRICS = ['PUT 100 kB', 'GET 100 kB', 'PUT 100 MB', 'GET 100 MB']

interface Subject {
  name: string
  endpoint: (key: string) => Endpoint
}

export const objects: RunRow = async (context) => {
  context.note(
    `${CONNECTIONS} connections for 100 kB, one after the other for 100 MB; nginx does not sync what it writes`,
  )
  const peer = nginxPeer()
  if (peer === null) context.say('objects: nginx is left out: it is not here')
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-files-'))
  const nginx = await peer?.start()
  try {
    await usePlatform(context, {}, async (platform) => {
      await platform.createBucket(BUCKET, 'public-read-write')
      const ours = (key: string): Endpoint => ({ port: platform.objectsPort, path: `/${BUCKET}/${key}`, headers: {} })
      const subjects: Subject[] = [{ name: 'sluice', endpoint: ours }]
      if (nginx) subjects.push({ name: 'nginx', endpoint: (key) => ({ ...nginx, path: `/${key}` }) })
      const large = join(folder, 'large')
      writeFileSync(large, Buffer.alloc(LARGE_BYTES, 'sluice'))
      for (let round = 0; round < context.options.rounds; round++) {
        for (const subject of rotate(subjects, round)) {
          await measureSmall(context, subject)
          await measureLarge(context, subject, large)
        }
      }
      if (hasProc) await measureHuge(context, platform.serverPid(), ours('huge'), join(folder, 'huge'))
    })
    for (let round = 0; round < context.options.rounds; round++) await measureEvents(context)
  } finally {
    await nginx?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureSmall({ load, options, record, say }: RowContext, { name, endpoint }: Subject): Promise<void> {
  const body = 'x'.repeat(SMALL_BYTES)
  const keys = Array.from({ length: KEYS }, (_, i) => endpoint(`small-${i}`))
  if (load.runInTurn === null) return say('objects: 100 kB is left out: it needs wrk')
  for (const [metric, endpoints] of [
    ['PUT 100 kB', keys.map((key): Endpoint => ({ ...key, method: 'PUT', body }))],
    ['GET 100 kB', keys],
  ] as const) {
    say(`${name}: ${metric}`)
    const result = await load.runInTurn(endpoints, CONNECTIONS, options.loadSeconds)
    const invalid = result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null
    record({ row: 'objects', subject: name, metric, unit: '1/s', value: result.requestsPerSecond, invalid })
    record({ row: 'objects', subject: name, metric: `${metric} p99`, unit: 'us', value: result.p99Us, invalid })
  }
}

async function measureLarge({ record, say }: RowContext, { name, endpoint }: Subject, file: string): Promise<void> {
  const { port, path } = endpoint('large')
  const url = `http://127.0.0.1:${port}${path}`
  for (const [metric, flags] of [
    ['PUT 100 MB', ['-T', file, url]],
    ['GET 100 MB', ['-o', '/dev/null', url]],
  ] as const) {
    say(`${name}: ${metric}`)
    const startedMs = performance.now()
    for (let i = 0; i < LARGE_TRANSFERS; i++) await run('curl', ['-sSf', ...flags])
    const seconds = (performance.now() - startedMs) / 1000
    const value = (LARGE_BYTES * LARGE_TRANSFERS) / 1e6 / seconds
    record({ row: 'objects', subject: name, metric, unit: 'MB/s', value })
  }
}

/** What writing and reading 2 GB adds to the largest size that the server ever had. */
async function measureHuge(
  { record, say }: RowContext,
  pid: number,
  { port, path }: Endpoint,
  file: string,
): Promise<void> {
  say('sluice: an object of 2 GB')
  writeFileSync(file, '')
  truncateSync(file, HUGE_BYTES)
  const url = `http://127.0.0.1:${port}${path}`
  const before = peakBytes(pid)
  await run('curl', ['-sSf', '-T', file, url])
  await run('curl', ['-sSf', '-o', '/dev/null', url])
  const value = megabytes(peakBytes(pid) - before)
  record({ row: 'objects', subject: 'sluice', metric: 'memory added by 2 GB', unit: 'MiB', value })
}

/** From the first byte of a PUT to the start of the function: the request is sent here, the record tells the start. */
async function measureEvents(context: RowContext): Promise<void> {
  context.say('sluice: from object to function')
  await usePlatform(context, {}, async (platform) => {
    await platform.createBucket(BUCKET, 'public-read-write')
    await platform.deploy3('event', hello3)
    await platform.createOssTrigger('event', BUCKET)
    await put(0)
    await delay(FIRST_ANSWER_MS)
    const sentMs: number[] = []
    for (let i = 1; i <= EVENTS; i++) {
      sentMs.push(performance.timeOrigin + performance.now())
      await put(i)
      await delay(EVENT_PAUSE_MS)
    }
    const starts = await platform.asyncStarts(EVENTS)
    // They are far enough apart to have come in order.
    const tookMs = starts.map((startMs, i) => startMs - sentMs[i]!)
    const add = (metric: string, value: number) =>
      context.record({ row: 'objects', subject: 'sluice', metric, unit: 'ms', value })
    add('PUT to function p50', percentile(tookMs, 0.5))
    add('PUT to function p99', percentile(tookMs, 0.99))

    async function put(i: number): Promise<void> {
      const path = `/${BUCKET}/event-${i}`
      const { status } = await get({ port: platform.objectsPort, path, headers: {}, method: 'PUT', body: 'event' })
      if (status !== 200) throw new Error(`the object was answered ${status}`)
    }
  })
}
