/** What the tests of the object store have in common. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { BlobStore } from '../blobs/port.ts'
import type { BlobsForTests, MakeBlobs } from '../blobs/contract.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { crc64 } from '../crc64.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { openObjectStore } from './open.ts'
import { OssError } from './port.ts'
import type { ByteRange, ObjectAttributes, ObjectRef, ObjectStore, PutOptions, PutResult } from './port.ts'

const TIMEOUT_MS = 60_000

export interface Scene {
  store: ObjectStore
  blobs: BlobStore
  clock: SimulatedClock
  notices: string[]
  /** Whether events of this name are kept; all are, at first. */
  wants: { eventName: (eventName: string) => boolean }
  folder: string
  home: BlobsForTests
  /** Closes the store and opens it again. */
  reopen(): Promise<ObjectStore>
}

export type SceneTest = (title: string, body: (scene: Scene, t: TestContext) => Promise<void>) => void

/** Each test gets a store of its own, with a bucket `bucket`. */
export function sceneTests(name: string, makeBlobs: MakeBlobs): SceneTest {
  return (title, body) =>
    void test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, async (t) => {
      await body(await openScene(t, makeBlobs), t)
    })
}

export async function openScene(t: TestContext, makeBlobs: MakeBlobs, diskBytes?: number): Promise<Scene> {
  const home = await makeBlobs(diskBytes === undefined ? undefined : { diskBytes })
  const folder = mkdtempSync(join(tmpdir(), 'sluice-objects-'))
  const blobs = await home.open()
  const clock = new SimulatedClock(systemClock.nowMs())
  const notices: string[] = []
  const wants: Scene['wants'] = { eventName: () => true }
  const filter = { wants: (_bucket: string, _key: string, eventName: string) => wants.eventName(eventName) }
  const notify = (message: string) => void notices.push(message)
  const open = () => openObjectStore({ directory: folder }, { clock, random: systemRandom, blobs, filter, notify })
  const scene: Scene = {
    store: await open(),
    blobs,
    clock,
    notices,
    wants,
    folder,
    home,
    async reopen() {
      await scene.store.close()
      scene.store = await open()
      return scene.store
    },
  }
  t.after(async () => {
    await scene.store.close()
    await blobs.close()
    await home.remove()
    rmSync(folder, { recursive: true })
  })
  await scene.store.createBucket('bucket', { acl: 'private', storageClass: 'Standard' })
  return scene
}

export const attributes: ObjectAttributes = {
  contentType: 'application/octet-stream',
  headers: {},
  meta: {},
  acl: 'default',
  tags: {},
  storageClass: 'Standard',
}

export const cause = {
  requestId: 'request-1',
  sourceIp: '192.0.2.1',
  principalId: '1',
  functionKey: null,
  depth: 0,
}

export function options(eventName: string, more: Partial<PutOptions> = {}): PutOptions {
  return { cause, eventName, attributes, ...more }
}

export const putting = (more: Partial<PutOptions> = {}) => options('ObjectCreated:PutObject', more)
export const deleting = options('ObjectRemoved:DeleteObject')

export async function* from(pieces: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece)
}

export function put(store: ObjectStore, key: string, content: Buffer | string = key): Promise<PutResult> {
  return store.put('bucket', key, from([content]), putting())
}

export async function read(store: ObjectStore, ref: ObjectRef, range?: ByteRange): Promise<Buffer> {
  return buffer(await store.read(await store.head(ref), range))
}

export async function text(store: ObjectStore, key: string): Promise<string> {
  return (await read(store, { bucket: 'bucket', key })).toString()
}

/** More than an index takes into itself. */
export function large(content: string): Buffer {
  return Buffer.alloc(20_000, content)
}

export const md5Of = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex').toUpperCase()
export const crcOf = (bytes: Buffer | string) => crc64(Buffer.from(bytes))

/** For `assert.rejects`. */
export const ossError =
  (code: string, details: Record<string, string> = {}) =>
  (error: unknown) => {
    const isIt = error instanceof OssError && error.code === code
    return isIt && Object.entries(details).every(([name, value]) => error.details[name] === value)
  }

export async function blobCount(blobs: BlobStore): Promise<number> {
  return (await Array.fromAsync(blobs.list())).length
}
