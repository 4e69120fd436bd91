/** The object service alone, in this process: its listener over a store of its own, with a clock and ids that repeat. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthorizer } from '../../src/auth/authorizer.ts'
import { createKeyRing } from '../../src/auth/key-ring.ts'
import { openFileBlobs } from '../../src/blobs/files.ts'
import { systemClock, type Clock } from '../../src/clock.ts'
import { listen, type Patience } from '../../src/gateway/listener.ts'
import { openObjectStore } from '../../src/objects/open.ts'
import type { ObjectStore } from '../../src/objects/port.ts'
import { ACCOUNT_ID, KEY_ID, NOW_MS, SECRET, TOKEN_KEY } from '../../src/objects/wire/auth/test-support.ts'
import { openFeatures } from '../../src/objects/wire/features/open.ts'
import { OBJECTS_PATIENCE, openObjectsWire } from '../../src/objects/wire/open.ts'

export interface ObjectsForTests {
  port: number
  folder: string
  store: ObjectStore
  /** What the service held for its own mistakes. */
  defects: unknown[]
  close(): Promise<void>
}

export async function startObjects(patience: Partial<Patience> = {}): Promise<ObjectsForTests> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-objects-'))
  const clock: Clock = { ...systemClock, nowMs: () => NOW_MS }
  let count = 0
  const random = {
    fraction: () => 0.5,
    bytes: (bytes: number) => Buffer.from((++count).toString(16).padStart(2 * bytes, '0'), 'hex'),
  }
  const defects: unknown[] = []
  const account = { accountId: ACCOUNT_ID, region: 'cn-hangzhou' }
  const blobs = await openFileBlobs(join(folder, 'blobs'))
  const store = await openObjectStore(
    { directory: folder },
    { clock, random, blobs, filter: { wants: () => false }, notify: (message) => defects.push(message) },
  )
  const keys = createKeyRing({ ...account, accessKeyId: KEY_ID, accessKeySecret: SECRET, tokenKey: TOKEN_KEY })
  const features = await openFeatures(
    { accountId: ACCOUNT_ID, directory: folder, endpoint: 'http://oss.test' },
    { store, clock, random, onProblem: (error) => defects.push(error) },
  )
  const wire = openObjectsWire(
    { endpoints: ['oss.test'] },
    {
      ...account,
      ...{ store, clock, random, keys, authorizer: createAuthorizer(account) },
      runningDepth: () => 0,
      onDefect: (error) => defects.push(error),
    },
    features.all,
  )
  const listener = await listen('127.0.0.1', 0, systemClock, wire, { ...OBJECTS_PATIENCE, ...patience })
  return {
    port: listener.port,
    folder,
    store,
    defects,
    async close() {
      await listener.close(0)
      await features.close()
      await store.close()
      await blobs.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
