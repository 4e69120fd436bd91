import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeTar, paxRecords, type TarEntry } from './image-fixtures.ts'
import { ImageError } from './limits.ts'
import { TarReader, type TarHeader } from './tar-reader.ts'

/** The entries of a tar file that comes in pieces of `pieceBytes`. */
function read(tar: Buffer, pieceBytes = tar.length): TarHeader[] {
  const found: TarHeader[] = []
  const reader = new TarReader((header) => found.push(header))
  for (let at = 0; at < tar.length; at += pieceBytes) reader.push(tar.subarray(at, at + pieceBytes))
  reader.end()
  return found
}

const names = (tar: Buffer) => read(tar).map(({ name }) => name)

test('entries are told with their owner, size and target, however the bytes come', () => {
  const tar = makeTar([
    { name: 'a/', type: '5', owner: 3 },
    { name: 'a/b', content: 'x'.repeat(1000), owner: 33 },
    { name: 'a/c', type: '2', linkName: '../etc' },
  ])
  const expected = [
    { name: 'a/', type: '5', sizeBytes: 0, uid: 3, gid: 3, linkName: '' },
    { name: 'a/b', type: '0', sizeBytes: 1000, uid: 33, gid: 33, linkName: '' },
    { name: 'a/c', type: '2', sizeBytes: 0, uid: 0, gid: 0, linkName: '../etc' },
  ]
  for (const pieceBytes of [1, 7, 511, 512, 513, 100_000]) assert.deepEqual(read(tar, pieceBytes), expected)
})

test('extra records and long names hold for the next entry alone', () => {
  const records = { path: 'long/'.repeat(40), size: '3', uid: '70000' }
  const tar = makeTar([
    { name: 'PaxHeaders', type: 'x', content: paxRecords(records) },
    { name: 'short', content: 'abc', claims: { sizeBytes: 0 } },
    { name: '././@LongLink', type: 'L', content: `${'n'.repeat(200)}\0` },
    { name: 'cut' },
    { name: 'plain' },
  ])
  assert.deepEqual(names(tar), ['long/'.repeat(40), 'n'.repeat(200), 'plain'])
  assert.equal(read(tar)[0]!.uid, 70_000)
})

test('what is no tar file, is cut off, or claims more than it may is refused', () => {
  const entry: TarEntry = { name: 'a', content: 'abc' }
  const damaged = makeTar([entry])
  damaged[0] = 0x62
  const refused: [string, Buffer][] = [
    ['damaged', damaged],
    ['text', Buffer.from('no tar file at all'.repeat(100))],
    ['cut in the content', makeTar([{ name: 'a', content: 'x'.repeat(5000) }]).subarray(0, 2000)],
    ['cut in a header', makeTar([entry]).subarray(0, 1024 + 100)],
    ['sparse', makeTar([{ name: 'x', type: 'x', content: paxRecords({ 'GNU.sparse.major': '1' }) }, entry])],
    ['bad record', makeTar([{ name: 'x', type: 'x', content: '99 path=a\n' }, entry])],
    ['bad size', makeTar([{ name: 'x', type: 'x', content: paxRecords({ size: '-1' }) }, entry])],
    ['huge header', makeTar([{ name: 'x', type: 'x', claims: { sizeBytes: 2 ** 30 } }])],
  ]
  for (const [what, tar] of refused) assert.throws(() => read(tar), ImageError, what)
})

test('after the end nothing is read', () => {
  const tar = Buffer.concat([makeTar([{ name: 'a' }]), Buffer.from('garbage'.repeat(500))])
  assert.deepEqual(names(tar), ['a'])
})

test('any bytes are read or refused', () => {
  const header = makeTar([{ name: 'a' }]).subarray(0, 512)
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 600 }),
      (bytes, led, piece) => {
        const tar = led ? Buffer.concat([header, bytes]) : Buffer.from(bytes)
        try {
          read(tar, piece)
        } catch (error) {
          assert.ok(error instanceof ImageError)
        }
      },
    ),
    { numRuns: 300 },
  )
})
