/** The API over an empty store in memory, for tests here and in `server/test`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Authenticator, Authorizer } from '../auth/port.ts'
import { createTokenIssuer } from '../auth/security-token.ts'
import { createJwtVerifier } from '../auth/jwt-verifier.ts'
import type { Clock } from '../clock.ts'
import { systemRandom } from '../clock.ts'
import type { AsyncTasks } from '../invocations/port.ts'
import { createMetadataStore } from '../metadata/sql-store.ts'
import type { MetadataStore } from '../metadata/port.ts'
import { openFileBlobs } from '../blobs/files.ts'
import { OssError } from '../objects/errors.ts'
import type { Bucket } from '../objects/port.ts'
import { createPackageStore } from '../packages/store.ts'
import { makeZip } from '../packages/zip-fixtures.ts'
import type { ApiDeps } from './app.ts'
import { createApi } from './app.ts'
import type { InstanceControl } from './instance-control.ts'
import type { ApiOptions } from './operations/context.ts'

export const ACCOUNT_ID = '1234567890123456'
export const REGION = 'cn-hangzhou'

/** Lets everybody in as the account. */
export const openDoor: { authenticator: Authenticator; authorizer: Authorizer } = {
  authenticator: {
    authenticate: () => ({ principal: { kind: 'account', accountId: ACCOUNT_ID }, bodySha256: null }),
  },
  authorizer: { authorize: () => undefined },
}

export interface HandClock extends Clock {
  advance(byMs: number): void
}

export function handClock(startMs = Date.UTC(2030, 0, 1)): HandClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer: (delayMs, fire) => {
      const handle = setTimeout(fire, delayMs)
      handle.unref()
      return { cancel: () => clearTimeout(handle) }
    },
    advance(byMs) {
      nowMs += byMs
    },
  }
}

/** A package whose only file says `text`. */
export function zipSaying(text: string): string {
  return makeZip([{ name: 'index.js', content: `exports.handler = async () => ${JSON.stringify(text)}` }]).toString(
    'base64',
  )
}

/** No function runs. */
export const noInstances: InstanceControl = {
  list: () => [],
  provisionStatus: () => undefined,
  exec: async () => {
    throw new Error('there is no instance')
  },
}

/** There is no task. */
export const noTasks: AsyncTasks = {
  list: async () => ({ tasks: [], cursor: null }),
  get: async () => undefined,
  stop: async () => false,
}

/** Buckets without objects. */
function emptyBuckets(): ApiDeps['objects'] {
  const buckets = new Map<string, Bucket>()
  return {
    bucket: (name) => buckets.get(name),
    async createBucket(name, options) {
      buckets.set(name, { name, createdMs: 0, versioning: null, settings: {}, ...options })
    },
    async changeBucket(name, { settings = {} }) {
      const bucket = buckets.get(name)!
      buckets.set(name, { ...bucket, settings: { ...bucket.settings, ...settings } })
    },
    head: async ({ bucket }) => {
      throw new OssError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: bucket })
    },
    read: async () => {
      throw new Error('there is nothing to read')
    },
  }
}

export interface TestApi {
  url: string
  metadata: MetadataStore
  close(): Promise<void>
}

/** Listens on a free loopback port. */
export async function startApi(
  clock: Clock,
  deps: Partial<ApiDeps> & { options?: Partial<ApiOptions> } = {},
): Promise<TestApi> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-api-'))
  const metadata = deps.metadata ?? (await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock }))
  const blobs = await openFileBlobs(join(directory, 'blobs'))
  const packages = await createPackageStore({ directory, cacheBytesMax: 1024 * 1024 }, { clock, blobs })
  let url = ''
  const { options, ...others } = deps
  const api = await createApi(
    {
      accountId: ACCOUNT_ID,
      region: REGION,
      publicUrl: () => url,
      httpTriggerUrl: (functionName, hostId) => `http://${functionName}-${hostId}.localhost:7800`,
      packageUrlKey: Buffer.alloc(32, 1),
      accountInstanceLimit: 100,
      ...options,
    },
    {
      ...openDoor,
      createJwtVerifier: (authConfig) => createJwtVerifier(authConfig, { clock }),
      packages,
      objects: emptyBuckets(),
      tokens: createTokenIssuer({ tokenKey: Buffer.alloc(32, 2) }, { random: systemRandom }),
      clock,
      random: systemRandom,
      instances: noInstances,
      tasks: noTasks,
      runtimes: {
        all: ['nodejs20', 'python3.10', 'java11', 'custom', 'custom-container'],
        available: (runtime) => (runtime === 'java11' ? { ok: false, reason: 'java is not installed' } : { ok: true }),
      },
      ...others,
      metadata,
    },
  )
  const server = createServer((request, response) => api.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.on('upgrade', (request, socket, head) => api.upgrade(request, socket, head))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    metadata,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await Promise.all([closed, api.close()])
      await blobs.close()
      await metadata.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
