/** What holds when the process is killed and when the disk is full. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { MakeBlobs } from '../blobs/contract.ts'
import { blobCount, crcOf, from, openScene, options, ossError, put, putting } from './contract-scene.ts'
import type { Scene } from './contract-scene.ts'
import { contentOf } from './writer-for-tests.ts'
import type { ObjectHead, ObjectStore } from './port.ts'

const TIMEOUT_MS = 90_000
const MB = 1024 * 1024
const SMALL_BYTES_MAX = 16 * 1024
const KILLS = 3
const LONGER_THAN_GRACE_MS = 2 * 60 * 60_000

export function durabilityTests(name: string, makeBlobs: MakeBlobs, noSmallDisk: string | undefined): void {
  test(
    `${name}: kill -9 at any moment: what was answered is there, the rest is whole or absent`,
    {
      timeout: TIMEOUT_MS,
    },
    async (t) => {
      const scene = await openScene(t, makeBlobs)
      const told = new Told()
      for (let i = 0; i < KILLS; i++) {
        await scene.store.close()
        await writeUntilKilled(scene, i, told)
        await scene.reopen()
        await told.check(scene.store)
      }
      // What the killed ones left goes with a sweep, and nothing else does.
      const { blobs, clock, notices, store } = scene
      await abortUploads(store)
      clock.jump(LONGER_THAN_GRACE_MS)
      clock.advance(60_000)
      const expected = (await told.check(store)).filter(isInBlobs).length
      while ((await blobCount(blobs)) > expected) t.signal.throwIfAborted()
      assert.deepEqual(notices, [])
      await scene.reopen()
      await told.check(scene.store)
      assert.equal(await blobCount(blobs), expected)
    },
  )

  test(
    `${name}: when no space is left, a put is refused and leaves nothing, and the store goes on`,
    { skip: noSmallDisk ?? false, timeout: TIMEOUT_MS },
    async (t) => {
      const { store, notices } = await openScene(t, makeBlobs, 24 * MB)
      await put(store, 'before', Buffer.alloc(MB, 'b'))
      const tooLarge = Array.from({ length: 32 }, () => Buffer.alloc(MB, 'x'))
      await assert.rejects(
        store.put('bucket', 'a', from(tooLarge), putting()),
        (error) => ossError('ServiceUnavailable')(error) && /no space is left/.test((error as Error).message),
      )
      assert.equal(notices.length, 1)
      await assert.rejects(store.head({ bucket: 'bucket', key: 'a' }), ossError('NoSuchKey'))
      await put(store, 'after', Buffer.alloc(MB, 'a'))
      for (const key of ['before', 'after']) {
        const bytes = await buffer(await store.read(await store.head({ bucket: 'bucket', key })))
        assert.ok(bytes.equals(Buffer.alloc(MB, key[0])))
      }
    },
  )
}

async function abortUploads(store: ObjectStore): Promise<void> {
  const all = { bucket: 'bucket', prefix: '', delimiter: '', after: '', afterUploadId: '', limit: 1000 }
  const { uploads } = await store.listUploads(all)
  for (const upload of uploads) await store.abortUpload(upload, options('ObjectRemoved:AbortMultipartUpload'))
}

function isInBlobs({ type, size }: ObjectHead): boolean {
  return type === 'Multipart' ? size > 0 : size > SMALL_BYTES_MAX
}

/** Runs writer-for-tests.ts until so many writes were answered, and some moment more. */
async function writeUntilKilled({ folder, home }: Scene, round: number, told: Told): Promise<void> {
  const program = `
    import { writeForEver } from ${JSON.stringify(import.meta.resolve('./writer-for-tests.ts'))}
    await writeForEver(${JSON.stringify(folder)}, await (${home.opening}), ${round})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const answersUntilKill = randomInt(20, 120)
  let answered = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (told.hear(line)) answered += 1
    if (answered === answersUntilKill) child.kill('SIGKILL')
  }
  assert.ok(answered >= answersUntilKill, 'the writer wrote until it was killed')
}

/** What the writers said: for each key what was answered last, and what was begun since. */
class Told {
  readonly #answered = new Map<string, string>()
  readonly #begun = new Map<string, string>()
  /** Answered puts and deletes, each of which left an event. */
  #changes = 0

  /** Whether it is an answer. */
  hear(line: string): boolean {
    const [kind, key, content] = line.split(' ') as [string, string, string]
    if (kind === 'begin') {
      this.#begun.set(key, content)
      return false
    }
    this.#begun.delete(key)
    this.#answered.set(key, content)
    this.#changes += 1
    return true
  }

  /** Resolves to what is there. */
  async check(store: ObjectStore): Promise<ObjectHead[]> {
    const { objects } = await store.list({ bucket: 'bucket', prefix: '', delimiter: '', after: '', limit: 1000 })
    const found = new Map(objects.map((head) => [head.key, head]))
    for (const key of new Set([...this.#answered.keys(), ...this.#begun.keys(), ...found.keys()])) {
      const possible = [this.#answered.get(key) ?? 'none', this.#begun.get(key)].filter(
        (content) => content !== undefined,
      )
      const head = found.get(key)
      if (head === undefined) {
        assert.ok(possible.includes('none'), `${key} is lost; it was to be ${possible.join(' or ')}`)
        continue
      }
      const bytes = await buffer(await store.read(head))
      assert.equal(crcOf(bytes), head.crc64, key)
      const isPossible = possible.some((content) => content !== 'none' && contentOf(content).equals(bytes))
      assert.ok(isPossible, `${key} is none of ${possible.join(', ')}`)
    }
    const events = await store.pendingEvents(100_000)
    assert.ok(events.length >= this.#changes, `${events.length} events of ${this.#changes} changes`)
    return objects
  }
}
