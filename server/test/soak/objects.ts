/**
 * Objects by the vendor's client, put, replaced and deleted by writers that meet at the same keys: after each kill every
 * key must hold what was answered, whole, and of each put under one prefix a trigger must have told a function.
 */
import { createHash } from 'node:crypto'
import type { Random } from '../../src/clock.ts'
import { crc64 } from '../../src/crc64.ts'
import { ossClient, type OssClient, type OssFailure } from '../support/oss.ts'
import type { TestPlatform } from '../support/platform.ts'
import { Ledger, type Verdict, type Write } from './ledger.ts'
import type { Round } from './round.ts'
import type { Witness } from './witness.ts'

const BUCKET = 'objects'
const WATCHED = 'watched/'
const PART_BYTES = 100 * 1024
/** Within the index; a file; a file for each of two parts. */
const SIZES = [
  { share: 0.6, bytes: 1_000 },
  { share: 0.85, bytes: 100_000 },
  { share: 1, bytes: PART_BYTES + 20_000 },
]
const DELETED_SHARE = 0.15
const WATCHED_SHARE = 0.5
/** Of the writes, so many are to keys that are written again and again; all others to new ones. */
const SHARED_SHARE = 0.8
const SHARED_KEYS = 24
const READERS = 8

export interface ObjectsResult {
  stored: number
  deleted: number
  /** Writes without an answer: their outcome was unknown. */
  cutOff: number
  keys: number
  /** Reads of a key that were compared. */
  checked: number
  /** Keys, each with what it was instead of whole. */
  wrong: string[]
  events: EventsResult
}

export interface EventsResult {
  /** Puts under the watched prefix that were answered. */
  expected: number
  /** Those that the function never heard of. */
  lost: string[]
  /** Those that it heard of more than once. */
  repeated: number
}

export class Objects {
  readonly #platform: TestPlatform
  readonly #witness: Witness
  readonly #chance: Random
  readonly #client: OssClient
  readonly #ledger = new Ledger()
  readonly #expected = new Set<string>()
  readonly #totals = { stored: 0, deleted: 0, cutOff: 0, checked: 0 }
  readonly #wrong: string[] = []
  #newKeys = 0

  constructor(platform: TestPlatform, witness: Witness, chance: Random) {
    this.#platform = platform
    this.#witness = witness
    this.#chance = chance
    this.#client = ossClient(platform, { bucket: BUCKET })
  }

  async prepare(): Promise<void> {
    await this.#client.call('putBucket', BUCKET)
    const handler = `exports.handler = async (event) => {
      const { key, eTag } = JSON.parse(event).events[0].oss.object
      ${this.#witness.leave("'event/' + key + '/' + eTag")}
    }`
    await this.#platform.deploy('watcher', { 'index.js': handler }, this.#witness.functionFields)
    const events = ['oss:ObjectCreated:PutObject', 'oss:ObjectCreated:CompleteMultipartUpload']
    const made = await this.#platform.call('POST', '/2023-03-30/functions/watcher/triggers', {
      triggerName: 'watched',
      triggerType: 'oss',
      sourceArn: `acs:oss:cn-hangzhou:1:${BUCKET}`,
      triggerConfig: JSON.stringify({ events, filter: { key: { prefix: WATCHED } } }),
    })
    if (made.status !== 200) throw new Error(`the trigger was not made: ${made.status} ${made.text}`)
    // However soon the first kill comes, there is an object and an event to be lost.
    const first = Buffer.from('first')
    await this.#put(this.#ledger.begin(`${WATCHED}first`, md5(first)), first)
  }

  /** One writer, until the platform is gone. */
  async write(round: Round): Promise<void> {
    for (;;) {
      const key = this.#key()
      const content = this.#content()
      const write = this.#ledger.begin(key, content && md5(content))
      try {
        if (content === null) await this.#delete(write)
        else await this.#put(write, content)
        round[content === null ? 'deleted' : 'stored']++
      } catch (error) {
        this.#ledger.cutOff(write)
        const { status } = error as OssFailure
        if (status > 0) {
          round.refused++
          continue
        }
        this.#totals.cutOff++
        return
      }
    }
  }

  /** Reads what was written since the last check, or everything. */
  async check(round: Round | 'all'): Promise<void> {
    const keys = round === 'all' ? this.#ledger.keys() : this.#ledger.unjudgedKeys()
    const wrongBefore = this.#wrong.length
    const count = keys.length
    const read = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const verdict = await this.#check(key)
        if (verdict !== 'whole') this.#wrong.push(`${key} is ${verdict}`)
      }
    }
    await Promise.all(Array.from({ length: READERS }, read))
    this.#totals.checked += count
    if (round === 'all') return
    round.checked = count
    round.wrong = this.#wrong.length - wrongBefore
  }

  async missing(): Promise<string[]> {
    return this.#missing(await this.#witness.read(this.#platform, 'event/'))
  }

  async judge(): Promise<ObjectsResult> {
    await this.check('all')
    const heard = await this.#witness.read(this.#platform, 'event/')
    return {
      ...this.#totals,
      keys: this.#ledger.keys().length,
      wrong: this.#wrong,
      events: {
        expected: this.#expected.size,
        lost: this.#missing(heard),
        repeated: [...this.#expected].filter((event) => heard.get(event)! > 1).length,
      },
    }
  }

  async #put(write: Write, content: Buffer): Promise<void> {
    const { key } = write
    const { res } = await (content.length > PART_BYTES
      ? this.#client.call('multipartUpload', key, content, { partSize: PART_BYTES })
      : this.#client.call('put', key, content))
    this.#ledger.answered(write)
    if (key.startsWith(WATCHED)) this.#expected.add(`${key}/${res.headers['etag']!.replaceAll('"', '')}`)
    this.#totals.stored++
  }

  async #delete(write: Write): Promise<void> {
    await this.#client.call('delete', write.key)
    this.#ledger.answered(write)
    this.#totals.deleted++
  }

  async #check(key: string): Promise<Verdict> {
    try {
      const { content, res } = await this.#client.call<{ content: Buffer }>('get', key)
      const verdict = this.#ledger.judge(key, md5(content))
      return res.headers['x-oss-hash-crc64ecma'] === crc64(content) ? verdict : 'torn'
    } catch (error) {
      // Anything else than a clear no is an object whose bytes cannot be had.
      return (error as OssFailure).code === 'NoSuchKey' ? this.#ledger.judge(key, null) : 'torn'
    }
  }

  #missing(heard: ReadonlyMap<string, number>): string[] {
    return [...this.#expected].filter((event) => !heard.has(event))
  }

  #key(): string {
    const folder = this.#chance.fraction() < WATCHED_SHARE ? WATCHED : 'plain/'
    if (this.#chance.fraction() >= SHARED_SHARE) return `${folder}new-${++this.#newKeys}`
    return `${folder}${Math.floor(this.#chance.fraction() * SHARED_KEYS)}`
  }

  /** No two are alike, in no place. */
  #content(): Buffer | null {
    if (this.#chance.fraction() < DELETED_SHARE) return null
    const drawn = this.#chance.fraction()
    const { bytes } = SIZES.find(({ share }) => drawn < share)!
    return Buffer.alloc(bytes, this.#chance.bytes(16))
  }
}

const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex')
