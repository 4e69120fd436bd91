import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { openFileBlobs } from '../blobs/files.ts'
import type { BlobStore } from '../blobs/port.ts'
import { systemClock } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { removeTree } from './folder-cache.ts'
import { packagesOf } from './port.ts'
import type { PackageStore } from './port.ts'
import { SWEEP_GRACE_MS, createPackageStore } from './store.ts'
import { link, makeZip } from './zip-fixtures.ts'
import type { ZipEntry } from './zip-fixtures.ts'

const root = mkdtempSync(join(tmpdir(), 'package-store-'))
const opened: BlobStore[] = []
after(async () => {
  await Promise.all(opened.map((blobs) => blobs.close()))
  await removeTree(root)
})
let count = 0

interface Harness {
  store: PackageStore
  directory: string
  clock: Clock & { advance(ms: number): void }
}

async function openBlobs(directory: string): Promise<BlobStore> {
  const blobs = await openFileBlobs(join(directory, 'blobs'))
  opened.push(blobs)
  return blobs
}

async function openStore(directory: string, clock: Clock, options: { cacheBytesMax?: number; limits?: object } = {}) {
  const blobs = await openBlobs(directory)
  return createPackageStore({ directory, cacheBytesMax: 1024 * 1024 * 1024, ...options }, { clock, blobs })
}

async function harness(cacheBytesMax?: number): Promise<Harness> {
  const directory = join(root, String(++count))
  // It runs, as the times of files do.
  let aheadMs = 0
  const nowMs = () => systemClock.nowMs() + aheadMs
  const clock = { ...systemClock, nowMs, advance: (ms: number) => void (aheadMs += ms) }
  return {
    store: await openStore(directory, clock, cacheBytesMax === undefined ? {} : { cacheBytesMax }),
    directory,
    clock,
  }
}

function blobFiles(directory: string): string[] {
  return readdirSync(join(directory, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function blobNames(directory: string): string[] {
  return blobFiles(directory).map((file) => basename(file))
}

/** As if everything stored had been stored so much earlier. */
function age(directory: string, ms: number): void {
  for (const file of blobFiles(directory)) {
    const seconds = (statSync(file).mtimeMs - ms) / 1000
    utimesSync(file, seconds, seconds)
  }
}

function someZip(content: string): Buffer {
  return makeZip([{ name: 'index.js', content, deflate: true }])
}

function unpackedFolders(directory: string): string[] {
  const [boot] = readdirSync(join(directory, 'unpacked'))
  return readdirSync(join(directory, 'unpacked', boot!))
}

test('a package is named by its SHA-256, comes back byte for byte, and has a decimal CRC-64', async () => {
  const { store } = await harness()
  const zip = someZip('1')
  const code = await store.put([zip])
  assert.equal(code.sha256, createHash('sha256').update(zip).digest('hex'))
  assert.equal(code.sizeBytes, zip.length)
  assert.match(code.checksum, /^\d{1,20}$/)
  assert.ok((await buffer((await store.open(code.sha256))!)).equals(zip))
})

test('an unknown package reads as undefined, and so does a name that is no hash', async () => {
  const { store } = await harness()
  assert.equal(await store.open('0'.repeat(64)), undefined)
  assert.equal(await store.open('../../etc/passwd'), undefined)
  await assert.rejects(store.unpack('0'.repeat(64)), /cannot be unpacked/)
  await assert.rejects(store.unpack('..'), /64 lower-case hex digits/)
})

test('a refused package is InvalidArgument that names entry and rule, and leaves nothing', async () => {
  const { store, directory } = await harness()
  await assert.rejects(store.put([makeZip([{ name: '../evil' }])]), (error: unknown) => {
    assert.ok(error instanceof FcError)
    assert.equal(error.code, 'InvalidArgument')
    assert.equal(error.message, 'the code package is not accepted: entry "../evil": ".." is not allowed in paths')
    return true
  })
  assert.deepEqual(blobNames(directory), [])
  assert.deepEqual(readdirSync(join(directory, 'incoming')), [])
})

test('a zip beyond the limit is refused with the limit', async () => {
  const directory = join(root, String(++count))
  const limits = { zipBytesMax: 2 * 1024 * 1024 }
  const store = await openStore(directory, systemClock, { limits })
  const pieces = Array.from({ length: 3 }, () => Buffer.alloc(limits.zipBytesMax / 2))
  await assert.rejects(store.put(pieces), /the zip has more than 2 MB, which is the most/)
  assert.deepEqual(blobNames(directory), [])
})

test('however many ask at once, a package is unpacked once and all get its folder', async () => {
  const { store, directory } = await harness()
  const { sha256 } = await store.put([someZip('1')])
  const folders = await Promise.all(Array.from({ length: 20 }, () => store.unpack(sha256)))
  assert.equal(new Set(folders).size, 1)
  assert.equal(readFileSync(join(folders[0]!, 'index.js'), 'utf8'), '1')
  assert.equal(unpackedFolders(directory).length, 1)
  assert.equal(await store.unpack(sha256), folders[0])
})

test('after a restart folders are known, and what a killed platform left half done is gone', async () => {
  const { store, directory, clock } = await harness()
  const { sha256 } = await store.put([someZip('1')])
  const folder = await store.unpack(sha256)
  mkdirSync(join(folder, '..', 'scratch-1', 'half'), { recursive: true })
  writeFileSync(join(directory, 'incoming', '1'), 'half')
  const inode = statSync(folder).ino
  const again = await openStore(directory, clock)
  assert.deepEqual(readdirSync(join(directory, 'incoming')), [])
  assert.equal(unpackedFolders(directory).length, 1)
  assert.equal(statSync(await again.unpack(sha256)).ino, inode)
})

test('an unpacking that fails leaves no folder and can be tried again', async () => {
  const { store, directory } = await harness()
  const zip = someZip('1')
  const { sha256 } = await store.put([zip])
  const [path] = blobFiles(directory)
  writeFileSync(path!, zip.subarray(1))
  await assert.rejects(store.unpack(sha256), /damaged/)
  assert.deepEqual(unpackedFolders(directory), [])
  writeFileSync(path!, zip)
  assert.match(await store.unpack(sha256), new RegExp(sha256))
})

test('sweep forgets what is not used once its grace is over', async () => {
  const { store, directory, clock } = await harness()
  const [kept, dropped] = [await store.put([someZip('1')]), await store.put([someZip('2')])]
  await Promise.all([store.unpack(kept.sha256), store.unpack(dropped.sha256)])
  await store.sweep(new Set([kept.sha256]))
  assert.equal(blobNames(directory).length, 2)
  clock.advance(SWEEP_GRACE_MS + 1000)
  await store.sweep(new Set([kept.sha256]))
  assert.deepEqual(blobNames(directory), [kept.sha256])
  assert.equal(unpackedFolders(directory).length, 1)
  assert.match(unpackedFolders(directory)[0]!, new RegExp(kept.sha256))
})

test('putting a known package again starts a new grace period', async () => {
  const { store, directory } = await harness()
  const zip = someZip('1')
  const { sha256 } = await store.put([zip])
  age(directory, SWEEP_GRACE_MS + 1000)
  await store.put([zip])
  await store.sweep(new Set())
  assert.ok((await buffer((await store.open(sha256))!)).equals(zip))
})

test('beyond its size the cache loses the least recently used folders, never one that runs', async () => {
  const { store, directory, clock } = await harness(3 * 4096)
  const codes = [await store.put([someZip('1')]), await store.put([someZip('2')]), await store.put([someZip('3')])]
  for (const { sha256 } of codes) {
    await store.unpack(sha256)
    clock.advance(1000)
  }
  clock.advance(SWEEP_GRACE_MS)
  const used = new Set(codes.map(({ sha256 }) => sha256))
  await store.sweep(used)
  assert.equal(unpackedFolders(directory).length, 3)
  await store.sweep(used, new Set([codes[0]!.sha256]))
  assert.deepEqual(
    unpackedFolders(directory).map((name) => name.slice(0, 64)),
    [codes[0]!.sha256],
  )
  assert.match(readFileSync(join(await store.unpack(codes[1]!.sha256), 'index.js'), 'utf8'), /2/)
})

test('a large package does not hold up the event loop', async () => {
  const { store } = await harness()
  const block = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => (i * 2654435761) >>> 13))
  const large = Buffer.concat(Array.from({ length: 16 }, () => block))
  const zip = makeZip([{ name: 'index.js' }, { name: 'large', content: large }])
  // In time of the processor, which a busy machine does not stretch: the loop's share of all that was done.
  const before = { loop: process.threadCpuUsage(), all: process.cpuUsage() }
  const { sha256 } = await store.put([zip])
  await store.unpack(sha256)
  const [loop, all] = [process.threadCpuUsage(before.loop), process.cpuUsage(before.all)].map(
    ({ user, system }) => user + system,
  )
  assert.ok(loop! < all! / 3, `the loop had ${loop} µs of ${all} µs`)
})

const zipOf = (...entries: ZipEntry[]) => makeZip(entries)

/** Puts packages, one after the other. */
async function putAll({ store }: Harness, zips: readonly Buffer[]): Promise<string[]> {
  const sha256s: string[] = []
  for (const zip of zips) sha256s.push((await store.put([zip])).sha256)
  return sha256s
}

test('a package tells the size of its files', async () => {
  const { store } = await harness()
  const zip = zipOf({ name: 'a', content: 'x'.repeat(1000), deflate: true }, { name: 'b', content: 'four' })
  assert.equal((await store.put([zip])).unpackedBytes, 1004)
})

test('several packages are one read-only folder, made once, without copies of their files', async () => {
  const scene = await harness()
  const { store } = scene
  const first = zipOf({ name: 'lib/both', content: 'first' }, { name: 'bin/tool', content: '#!', mode: 0o100755 })
  const second = zipOf(
    { name: 'lib/both', content: 'second' },
    { name: 'lib/own', content: 'own' },
    link('lib/l', 'own'),
  )
  const sha256s = await putAll(scene, [first, second])
  const folders = await Promise.all(Array.from({ length: 5 }, () => store.unpackTogether(sha256s)))
  assert.equal(new Set(folders).size, 1)
  const inside = (path: string) => join(folders[0]!, path)
  assert.deepEqual(
    ['lib/both', 'lib/own', 'lib/l'].map((path) => readFileSync(inside(path), 'utf8')),
    ['first', 'own', 'own'],
  )
  const modes = ['', 'lib', 'bin/tool', 'lib/own'].map((path) => statSync(inside(path)).mode & 0o777)
  assert.deepEqual(modes, [0o555, 0o555, 0o555, 0o444])
  const original = join(await store.unpack(sha256s[1]!), 'lib/own')
  assert.equal(statSync(inside('lib/own')).ino, statSync(original).ino)
  const reversed = await store.unpackTogether(sha256s.toReversed())
  assert.equal(readFileSync(join(reversed, 'lib/both'), 'utf8'), 'second')
})

test('one package alone is its own folder', async () => {
  const { store } = await harness()
  const { sha256 } = await store.put([someZip('1')])
  assert.equal(await store.unpackTogether([sha256]), await store.unpack(sha256))
})

test('packages that do not go together are refused with the reason, and leave no folder', async () => {
  const scene = await harness()
  const sha256s = await putAll(scene, [
    zipOf({ name: 'y' }, link('x', 'a/b/../../y')),
    zipOf({ name: 'z' }, link('a', '.'), link('b', '.')),
  ])
  await assert.rejects(scene.store.unpackTogether(sha256s), (error: unknown) => {
    assert.ok(error instanceof FcError)
    assert.equal(error.code, 'InvalidArgument')
    assert.match(error.message, /^the layers cannot be used together: entry "x": .* leaves the package$/)
    return true
  })
  assert.equal(unpackedFolders(scene.directory).length, 2)
})

test('a folder of several packages is known after a restart, and goes when nothing refers to it', async () => {
  const scene = await harness()
  const { directory, clock } = scene
  const layers = (await putAll(scene, [someZip('1'), someZip('2')])).map((sha256) => ({
    arn: sha256,
    code: { sha256, sizeBytes: 1, checksum: '1' },
    unpackedBytes: 1,
    compatibleRuntimes: [],
  }))
  const sha256s = layers.map(({ code }) => code.sha256)
  const folder = await scene.store.unpackTogether(sha256s)
  const again = await openStore(directory, clock)
  assert.equal(await again.unpackTogether(sha256s), folder)
  clock.advance(SWEEP_GRACE_MS + 1000)
  await again.sweep(new Set(packagesOf({ code: null, image: null, layers })))
  assert.equal(unpackedFolders(directory).length, 3)
  await again.sweep(new Set(sha256s))
  assert.equal(unpackedFolders(directory).length, 2)
  // Its files are those of the packages, which have them still.
  assert.equal(readFileSync(join(await again.unpack(sha256s[0]!), 'index.js'), 'utf8'), '1')
})

test('a package that is renewed stays for another grace period; one that is unknown cannot be', async () => {
  const { store, directory } = await harness()
  const zip = someZip('1')
  const { sha256 } = await store.put([zip])
  age(directory, SWEEP_GRACE_MS + 1000)
  await store.renew(sha256)
  await store.sweep(new Set())
  assert.ok((await buffer((await store.open(sha256))!)).equals(zip))
  await assert.rejects(store.renew('0'.repeat(64)), /is not stored/)
  age(directory, SWEEP_GRACE_MS + 1000)
  await store.sweep(new Set())
  assert.deepEqual(blobNames(directory), [])
})

test('a package that is put while a sweep forgets it is there afterwards', async () => {
  const { store, directory } = await harness()
  const zip = someZip('1')
  const { sha256 } = await store.put([zip])
  for (let round = 0; round < 10; round++) {
    age(directory, SWEEP_GRACE_MS + 1000)
    await Promise.all([store.sweep(new Set()), store.put([zip])])
    assert.ok((await buffer((await store.open(sha256))!)).equals(zip))
  }
})

test('what one platform stored, another one on the same blobs unpacks', async () => {
  const directory = join(root, String(++count))
  const blobs = await openBlobs(directory)
  const open = (name: string) =>
    createPackageStore({ directory: join(directory, name), cacheBytesMax: 1024 * 1024 }, { clock: systemClock, blobs })
  const [first, second] = [await open('first'), await open('second')]
  const { sha256 } = await first.put([someZip('shared')])
  assert.equal(readFileSync(join(await second.unpack(sha256), 'index.js'), 'utf8'), 'shared')
})

test('zips of version 0.1.0 become blobs', async () => {
  const directory = join(root, String(++count))
  const zip = someZip('old')
  const sha256 = createHash('sha256').update(zip).digest('hex')
  mkdirSync(join(directory, 'zips'), { recursive: true })
  writeFileSync(join(directory, 'zips', `${sha256}.zip`), zip)
  const store = await openStore(directory, systemClock)
  assert.equal(readFileSync(join(await store.unpack(sha256), 'index.js'), 'utf8'), 'old')
  assert.equal(readdirSync(directory).includes('zips'), false)
})
