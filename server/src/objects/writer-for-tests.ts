/** A program that changes objects until somebody kills it, and says what it begins and what was answered. */
import { Buffer } from 'node:buffer'
import { writeSync } from 'node:fs'
import type { BlobStore } from '../blobs/port.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { openObjectStore } from './open.ts'
import type { PutOptions } from './port.ts'

const LANES = 4
const KEYS_OF_LANE = 3

const options: PutOptions = {
  cause: { requestId: 'r', sourceIp: '', principalId: '', functionKey: null, depth: 0 },
  eventName: 'ObjectCreated:PutObject',
  attributes: { contentType: 'a/b', headers: {}, meta: {}, acl: 'default', tags: {}, storageClass: 'Standard' },
}

/** `seed-bytes` as bytes. */
export function contentOf(content: string): Buffer {
  return Buffer.alloc(Number(content.split('-').at(-1)), `${content};`)
}

async function* piecesOf(content: string): AsyncGenerator<Buffer> {
  const bytes = contentOf(content)
  for (let i = 0; i < bytes.length; i += 30_000) yield bytes.subarray(i, i + 30_000)
}

/** Keys of a lane change one after the other, so that at most one change of a key is under way. */
export async function writeForEver(directory: string, blobs: BlobStore, round: number): Promise<void> {
  const deps = { clock: systemClock, random: systemRandom, blobs, filter: { wants: () => true }, notify: console.error }
  const store = await openObjectStore({ directory }, deps)
  const say = (...words: string[]) => writeSync(1, `${words.join(' ')}\n`)

  async function lane(number: number): Promise<void> {
    for (let i = 0; ; i++) {
      const key = `${number}/${i % KEYS_OF_LANE}`
      const bytes = (i * 7919 + number * 997) % 90_000
      const content = i % 7 === 6 ? 'none' : `${round}.${number}.${i}-${bytes}`
      say('begin', key, content)
      await change(key, content, i % 5 === 4)
      say('done', key, content)
    }
  }

  async function change(key: string, content: string, inParts: boolean): Promise<void> {
    if (content === 'none') {
      await store.delete({ bucket: 'bucket', key }, options)
    } else if (inParts) {
      const { uploadId } = await store.createUpload('bucket', key, options)
      const upload = { bucket: 'bucket', key, uploadId }
      await store.putPart({ ...upload, partNumber: 1 }, piecesOf(content), options)
      await store.completeUpload(upload, null, options)
    } else {
      await store.put('bucket', key, piecesOf(content), options)
    }
  }

  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
}
