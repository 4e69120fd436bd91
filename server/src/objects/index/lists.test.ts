/** Pages against a model that has everything in one array. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { IN_MEMORY } from '../../storage-thread-side.ts'
import type { ListQuery } from '../port.ts'
import { openIndexDatabase } from './database.ts'
import { toHead } from './head-row.ts'
import { createObjectIndex } from './object-index.ts'
import type { IndexHandlers } from './object-index.ts'

const NO_DATA = new Uint8Array()
const attributes = {
  contentType: '',
  headers: {},
  meta: {},
  acl: 'default' as const,
  tags: {},
  storageClass: 'Standard',
}
const change = { nowMs: 1, event: null }

function openIndex(): IndexHandlers {
  const database = openIndexDatabase(IN_MEMORY)
  database.exec('BEGIN')
  const { handlers } = createObjectIndex(database)
  handlers.createBucket({ name: 'bucket', acl: 'private', storageClass: 'Standard', nowMs: 1 }, NO_DATA)
  return handlers
}

let versions = 0

function put(index: IndexHandlers, key: string): string {
  const version = { bucket: 'bucket', key, newVersionId: `v${++versions}`, forbidOverwrite: false, ...change }
  const content = { pieces: [], size: 0, md5: 'D41D8CD98F00B204E9800998ECF8427E', crc64: '0' }
  const object = { ...version, type: 'Normal' as const, attributes, content, symlinkTarget: null }
  return index.put(object, NO_DATA).value.versionId
}

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Few letters, so that prefixes and delimiters meet; some that order differently in UTF-16. */
const word = (maxLength: number, minLength = 0) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uffee', '😀', '\u{10ffff}', '\0'), minLength, maxLength })
const keys = fc.uniqueArray(
  word(5, 1).filter((key) => !key.startsWith('/')),
  { maxLength: 20 },
)
const query = fc.record({
  bucket: fc.constant('bucket'),
  prefix: word(2),
  delimiter: fc.oneof(fc.constantFrom('', '/'), word(2)),
  after: word(4),
  limit: fc.integer({ min: 1, max: 6 }),
})

/** What a page shows, keys and common prefixes in one order. */
function modelOf(all: readonly string[], { prefix, delimiter, after, limit }: ListQuery) {
  const entries = all
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      return at === -1 ? { text: key, isKey: true } : { text: key.slice(0, at + delimiter.length), isKey: false }
    })
    .filter(({ text }) => compare(text, after) > 0)
    // Keys in a common prefix that `after` lies in were shown with it.
    .filter(({ text, isKey }) => isKey || !after.startsWith(text))
  const shown = [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()]
  shown.sort((a, b) => compare(a.text, b.text))
  const page = shown.slice(0, limit)
  const texts = (areKeys: boolean) => page.filter(({ isKey }) => isKey === areKeys).map(({ text }) => text)
  return {
    keys: texts(true),
    commonPrefixes: texts(false),
    next: shown.length > limit ? page.at(-1)!.text : null,
  }
}

test('every page of objects is the one of the model', () => {
  fc.assert(
    fc.property(keys, fc.array(query, { minLength: 1, maxLength: 10 }), (all, queries) => {
      const index = openIndex()
      for (const key of all) put(index, key)
      for (const each of queries) {
        const { heads, commonPrefixes, next } = index.list(each, NO_DATA)
        const found = { keys: heads.map((row) => toHead('bucket', row).key), commonPrefixes, next }
        assert.deepEqual(found, modelOf(all, each))
      }
    }),
  )
})

test('pages that follow each other show everything once', () => {
  fc.assert(
    fc.property(keys, query, (all, first) => {
      const index = openIndex()
      for (const key of all) put(index, key)
      const { keys: expectedKeys, commonPrefixes } = modelOf(all, { ...first, after: '', limit: 1000 })
      const seen: string[] = []
      let after: string | null = ''
      while (after !== null) {
        const page: ReturnType<IndexHandlers['list']> = index.list({ ...first, after }, NO_DATA)
        seen.push(...page.heads.map(([key]) => key), ...page.commonPrefixes)
        after = page.next
      }
      assert.deepEqual(seen.toSorted(compare), [...expectedKeys, ...commonPrefixes].toSorted(compare))
    }),
  )
})

interface ModelVersion {
  id: string
  isMarker: boolean
}

type Step =
  | { kind: 'put'; key: string }
  | { kind: 'delete'; key: string }
  | { kind: 'deleteVersion'; key: string; nth: number }
  | { kind: 'versioning'; status: 'Enabled' | 'Suspended' }

const key = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('deleteVersion' as const), key, nth: fc.nat(4) }),
  fc.record({
    kind: fc.constant('versioning' as const),
    status: fc.constantFrom('Enabled' as const, 'Suspended' as const),
  }),
)

/** The rules of versioning on lists, the newest version first. */
class Model {
  readonly histories = new Map<string, ModelVersion[]>([
    ['a', []],
    ['b', []],
  ])
  versioning: 'Enabled' | 'Suspended' | null = null

  add(name: string, version: ModelVersion): void {
    const others = this.histories.get(name)!.filter(({ id }) => id !== 'null' || version.id !== 'null')
    this.histories.set(name, [version, ...others])
  }

  remove(name: string, id: string): void {
    this.histories.set(
      name,
      this.histories.get(name)!.filter((version) => version.id !== id),
    )
  }
}

function carryOut(index: IndexHandlers, model: Model, each: Step): void {
  if (each.kind === 'versioning') {
    index.changeBucket({ name: 'bucket', change: { versioning: each.status } }, NO_DATA)
    model.versioning = each.status
  } else if (each.kind === 'put') {
    model.add(each.key, { id: put(index, each.key), isMarker: false })
  } else if (each.kind === 'delete') {
    const ask = { bucket: 'bucket', key: each.key, newVersionId: `v${++versions}`, ...change }
    const { versionId, isDeleteMarker } = index.delete(ask, NO_DATA).value
    assert.equal(isDeleteMarker, model.versioning !== null)
    if (model.versioning === null) model.histories.set(each.key, [])
    else model.add(each.key, { id: versionId!, isMarker: true })
  } else {
    const version = model.histories.get(each.key)![each.nth]
    if (version === undefined) return
    index.delete({ bucket: 'bucket', key: each.key, versionId: version.id, newVersionId: '', ...change }, NO_DATA)
    model.remove(each.key, version.id)
  }
}

test('histories of versions are those of the model, whatever happens to them', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
      const index = openIndex()
      const model = new Model()
      for (const each of steps) carryOut(index, model, each)

      const expected = [...model.histories].flatMap(([name, history]) =>
        history.map(({ id, isMarker }, i) => [name, id, i === 0, isMarker]),
      )
      const found: unknown[] = []
      let position: { key: string; versionId: string } | null = { key: '', versionId: '' }
      while (position !== null) {
        const page: ReturnType<IndexHandlers['listVersions']> = index.listVersions(
          {
            bucket: 'bucket',
            prefix: '',
            delimiter: '',
            after: position.key,
            afterVersionId: position.versionId,
            limit,
          },
          NO_DATA,
        )
        for (const row of page.heads) {
          const head = toHead('bucket', row)
          found.push([head.key, head.versionId, head.isLatest, head.isDeleteMarker])
        }
        position = page.next
      }
      assert.deepEqual(found, expected)

      const current = [...model.histories].filter(([, [latest]]) => latest?.isMarker === false).map(([name]) => name)
      const { heads } = index.list({ bucket: 'bucket', prefix: '', delimiter: '', after: '', limit: 10 }, NO_DATA)
      assert.deepEqual(
        heads.map(([name]) => name),
        current,
      )
      const objects = [...model.histories.values()].flat().filter(({ isMarker }) => !isMarker).length
      assert.equal(index.bucketUsage({ name: 'bucket' }, NO_DATA).objects, objects)
    }),
  )
})

test('a page costs what it shows: a prefix with twenty thousand keys is skipped', () => {
  const index = openIndex()
  for (let i = 0; i < 20_000; i++) put(index, `many/${String(i).padStart(6, '0')}`)
  put(index, 'z')
  const query = { bucket: 'bucket', prefix: '', delimiter: '/', after: '', limit: 1000 }
  // In time of the processor, which a busy machine does not stretch.
  const start = process.threadCpuUsage()
  const rounds = 100
  for (let i = 0; i < rounds; i++) {
    const { heads, commonPrefixes } = index.list(query, NO_DATA)
    assert.deepEqual([heads.map(([name]) => name), commonPrefixes], [['z'], ['many/']])
  }
  const skip = process.threadCpuUsage(start)
  const scanStart = process.threadCpuUsage()
  const all = index.list({ ...query, delimiter: '', limit: 20_000 }, NO_DATA)
  assert.equal(all.heads.length, 20_000)
  const scan = process.threadCpuUsage(scanStart)
  const [skipUs, scanUs] = [(skip.user + skip.system) / rounds, scan.user + scan.system]
  assert.ok(skipUs * 50 < scanUs, `${skipUs} µs to skip what takes ${scanUs} µs to read`)
})
