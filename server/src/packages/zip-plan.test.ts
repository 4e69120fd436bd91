import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PackageError, packageLimits } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { link, makeZip } from './zip-fixtures.ts'
import type { ZipEntry, ZipOptions } from './zip-fixtures.ts'
import { planPackage } from './zip-plan.ts'
import { checkContents } from './zip-unpack.ts'

const code: ZipEntry = { name: 'index.js', content: 'exports.handler = 1' }

async function check(zip: Buffer, limits: Partial<PackageLimits> = {}): Promise<void> {
  await checkContents(zip, await planPackage(zip, { ...packageLimits, ...limits }))
}

async function paths(zip: Buffer): Promise<string[]> {
  const plan = await planPackage(zip, packageLimits)
  return [...plan.folders.map((folder) => `${folder}/`), ...plan.files.map((file) => file.path), ...plan.links.keys()]
}

interface Refusal {
  why: string
  message: RegExp
  entries: ZipEntry[]
  options?: ZipOptions
  limits?: Partial<PackageLimits>
}

const zeros = Buffer.alloc(4 * 1024 * 1024)

const refusals: Refusal[] = [
  { why: 'a path that climbs out', message: /"\.\.\/evil": "\.\." is not/, entries: [code, { name: '../evil' }] },
  { why: 'a path that climbs out later', message: /"\.\." is not/, entries: [code, { name: 'a/../../evil' }] },
  { why: 'an absolute path', message: /absolute paths/, entries: [code, { name: '/etc/cron.d/evil' }] },
  { why: 'a drive letter', message: /drive letters/, entries: [code, { name: 'C:evil' }] },
  { why: 'backslashes', message: /backslashes/, entries: [code, { name: 'a\\..\\evil' }] },
  { why: 'NUL in a name', message: /control characters/, entries: [code, { name: 'a\0b' }] },
  { why: 'a line break in a name', message: /"a\\nb": control characters/, entries: [code, { name: 'a\nb' }] },
  { why: 'a name that is not UTF-8', message: /valid UTF-8/, entries: [{ name: Buffer.from([0x61, 0xff]) }] },
  { why: 'an empty name', message: /no name/, entries: [code, { name: '' }] },
  { why: 'two files of one name', message: /another entry is a file/, entries: [code, code] },
  { why: 'two files of one name, spelled apart', message: /another entry/, entries: [code, { name: './index.js' }] },
  { why: 'a file below a file', message: /as a folder, but that is a file/, entries: [code, { name: 'index.js/x' }] },
  { why: 'a file where a folder is', message: /is a folder of the same/, entries: [{ name: 'a/b' }, { name: 'a' }] },
  { why: 'a file through a link', message: /that is a link/, entries: [code, link('a', '.'), { name: 'a/b' }] },
  { why: 'a link over a file', message: /another entry is a file/, entries: [code, link('index.js', 'x')] },
  { why: 'a link that leaves', message: /"a": the link to "\.\.\/x" leaves/, entries: [code, link('a', '../x')] },
  { why: 'an absolute link', message: /is absolute/, entries: [code, link('a', '/etc/passwd')] },
  {
    why: 'a link that leaves through another',
    message: /"b": the link to "d\/s\/\.\.\/\.\." leaves/,
    entries: [code, { name: 'd/e/x' }, link('d/s', '..'), link('b', 'd/s/../..')],
  },
  { why: 'links in a ring', message: /more than 40 other links/, entries: [code, link('a', 'b'), link('b', 'a')] },
  { why: 'a link with an empty target', message: /is not a path/, entries: [code, link('a', '')] },
  {
    why: 'a link with an endless target',
    message: /longer than 1024 bytes/,
    entries: [code, link('a', 'x/'.repeat(600))],
  },
  { why: 'a device', message: /a device/, entries: [code, { name: 'tty', mode: 0o020666 }] },
  { why: 'a named pipe', message: /a named pipe/, entries: [code, { name: 'pipe', mode: 0o010666 }] },
  { why: 'a socket', message: /a socket/, entries: [code, { name: 'socket', mode: 0o140666 }] },
  { why: 'an encrypted entry', message: /encrypted/, entries: [{ ...code, flags: 0x801 }] },
  { why: 'strong encryption', message: /encryption/, entries: [{ ...code, flags: 0x841 }] },
  { why: 'an unknown compression', message: /method 93; 0 \(stored\) and 8/, entries: [{ ...code, method: 93 }] },
  { why: 'a wrong checksum', message: /CRC-32/, entries: [{ ...code, claims: { crc32: 1 } }] },
  {
    why: 'more content than declared',
    message: /more than the 3 bytes it declares/,
    entries: [{ ...code, deflate: true, claims: { sizeBytes: 3 } }],
  },
  {
    why: 'more content than declared, in a stream',
    message: /more than the 2097152 bytes it declares/,
    entries: [{ name: 'big', content: zeros, deflate: true, claims: { sizeBytes: 2 * 1024 * 1024 } }],
  },
  {
    why: 'less content than declared',
    message: /declares 99 bytes and holds 19/,
    entries: [{ ...code, deflate: true, claims: { sizeBytes: 99 } }],
  },
  {
    why: 'bytes after compressed content',
    message: /bytes follow/,
    entries: [{ ...code, deflate: true, tail: Buffer.from('hidden') }],
  },
  {
    why: 'compressed content that is none',
    message: /"index\.js": the zip is damaged/,
    entries: [{ ...code, method: 8 }],
  },
  { why: 'another name beside the content', message: /disagree/, entries: [{ ...code, localName: 'other.js' }] },
  {
    why: 'entries that share their bytes',
    message: /overlap/,
    entries: [
      { name: 'quoting', content: withoutDirectory(makeZip([code])) },
      { ...code, claims: { offset: 37 } },
    ],
  },
  { why: 'content in the directory', message: /overlap|damaged/, entries: [{ ...code, claims: { packedBytes: 60 } }] },
  {
    why: 'more entries than declared',
    message: /after the number of entries/,
    entries: [code, { name: 'b' }],
    options: { entryCount: 1 },
  },
  { why: 'fewer entries than declared', message: /damaged/, entries: [code], options: { entryCount: 2 } },
  { why: 'bytes after the archive', message: /damaged/, entries: [code], options: { suffix: Buffer.from('more') } },
  { why: 'no entries', message: /holds no files/, entries: [] },
  { why: 'folders only', message: /holds no files/, entries: [{ name: 'a/', mode: 0o040755 }] },
  { why: 'a folder with content', message: /but has 1 bytes/, entries: [code, { name: 'a/', content: 'x', mode: 0 }] },
  { why: 'a folder named as a file', message: /disagree on whether/, entries: [code, { name: 'a', mode: 0o040755 }] },
  { why: 'a name that no disk takes', message: /longer than 255 bytes/, entries: [{ name: 'é'.repeat(128) }] },
  {
    why: 'a path too long',
    message: /longer than 1024 bytes/,
    entries: [{ name: `${'a/'.repeat(20)}${'b'.repeat(250)}/`.repeat(4) + 'c' }],
    limits: { depthMax: 100 },
  },
  { why: 'a path too deep', message: /deeper than 64/, entries: [{ name: `${'a/'.repeat(64)}b` }] },
  {
    why: 'too much content',
    message: /more than 1 MB/,
    entries: [{ name: 'a', content: zeros, deflate: true }],
    limits: { unpackedBytesMax: 1024 * 1024 },
  },
  {
    why: 'too high a ratio',
    message: /100 times its own size/,
    entries: [{ name: 'a', content: zeros, deflate: true }],
    limits: { ratioFreeBytes: 1024 },
  },
  {
    why: 'a size of 4 GB that is a lie',
    message: /more than 1024 MB/,
    entries: [{ ...code, deflate: true, claims: { sizeBytes: 0xfffffffe } }],
  },
  {
    why: 'a zip64 size that is a lie',
    message: /more than 1024 MB/,
    entries: [{ ...code, deflate: true, claims: { sizeBytes: 0xffffffff }, extra: zip64Extra(2n ** 52n) }],
  },
  {
    why: 'a zip64 offset beyond the file',
    message: /damaged/,
    entries: [{ ...code, claims: { offset: 0xffffffff }, extra: zip64Extra(2n ** 63n) }],
  },
  {
    why: 'more entries than accepted',
    message: /at most 3 are/,
    entries: ['a', 'b', 'c', 'd'].map((name) => ({ name })),
    limits: { entriesMax: 3 },
  },
  {
    why: 'more folders inside names than accepted',
    message: /more than 3 files/,
    entries: [{ name: 'a/b/c/d' }],
    limits: { entriesMax: 3 },
  },
]

function withoutDirectory(zip: Buffer): Buffer {
  return zip.subarray(0, zip.readUInt32LE(zip.length - 6))
}

function zip64Extra(value: bigint): Buffer {
  const extra = Buffer.alloc(12)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(8, 2)
  extra.writeBigUInt64LE(value, 4)
  return extra
}

for (const { why, message, entries, options, limits } of refusals) {
  test(`a zip is refused for ${why}`, async () => {
    await assert.rejects(check(makeZip(entries, options), limits), (error: unknown) => {
      assert.ok(error instanceof PackageError, String(error))
      assert.match(error.message, message)
      return true
    })
  })
}

test('bytes that are no zip are refused', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('PK'), Buffer.from('#!/bin/sh\n'), Buffer.alloc(100, 0xff)]) {
    await assert.rejects(check(bytes), { name: 'PackageError', message: /not a zip/ })
  }
})

test('a zip that was cut anywhere is refused', async () => {
  const zip = makeZip([code, { name: 'lib/a.js', content: 'x'.repeat(200), deflate: true }])
  for (let length = 0; length < zip.length; length++) {
    await assert.rejects(check(zip.subarray(0, length)), { name: 'PackageError' })
  }
})

test('a million entries are refused before they are read', async () => {
  const zip = makeZip([code])
  const end = zip.length - 22
  const directoryOffset = zip.readUInt32LE(end + 16)
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(1_000_000n, 32)
  record.writeBigUInt64LE(BigInt(directoryOffset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(end), 8)
  const bomb = Buffer.concat([zip.subarray(0, end), record, locator, zip.subarray(end)])
  await assert.rejects(check(bomb), /1000000 files and folders; at most 100000/)
})

test('the message stays short and printable however long and strange the name is', async () => {
  const name = `\u001b[31m${'x'.repeat(5000)}`
  await assert.rejects(check(makeZip([{ name }])), ({ message }: Error) => {
    assert.ok(message.length < 400)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(message, /[\u0000-\u001f]/)
    return true
  })
})

test('"." and doubled separators in names mean nothing', async () => {
  const zip = makeZip([
    { name: './', mode: 0o040755 },
    { name: './a//./b.js', content: 'x' },
  ])
  assert.deepEqual(await paths(zip), ['a/', 'a/b.js'])
})

test('a folder may be listed after what it holds, and twice', async () => {
  const folder: ZipEntry = { name: 'a/', mode: 0o040755 }
  assert.deepEqual(await paths(makeZip([{ name: 'a/b' }, folder, folder])), ['a/', 'a/b'])
})

test('links that stay inside are kept, also through other links, also to nothing', async () => {
  const entries = [
    { name: 'lib/x/a' },
    link('bin/a', '../lib/x/a'),
    link('now', 'lib//x'),
    link('up', 'now/..'),
    link('nowhere', 'b/c'),
  ]
  const plan = await planPackage(makeZip(entries), packageLimits)
  assert.deepEqual([...plan.links.keys()], ['bin/a', 'now', 'up', 'nowhere'])
})

test('names in code page 437 and unflagged UTF-8 are read', async () => {
  const zip = makeZip([
    { name: Buffer.from([0x82]), flags: 0 },
    { name: '函数.js', flags: 0 },
  ])
  assert.deepEqual(await paths(zip), ['é', '函数.js'])
})

test('names that differ in case or normalisation only are different files', async () => {
  const zip = makeZip([{ name: 'A' }, { name: 'a' }, { name: '\u00e9' }, { name: 'e\u0301' }])
  assert.equal((await paths(zip)).length, 4)
})

test('a comment and bytes before the archive are accepted', async () => {
  const zip = makeZip([{ name: '__main__.py', content: 'print(1)' }], {
    prefix: Buffer.from('#!/usr/bin/env python3\n'),
    comment: 'hello',
  })
  assert.deepEqual(await paths(zip), ['__main__.py'])
})

test('a small package may unpack to much more than its own size', async () => {
  await check(makeZip([{ name: 'zeros', content: zeros, deflate: true }]))
})
