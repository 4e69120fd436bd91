import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import yazl from 'yazl'
import { removeTree } from './folder-cache.ts'
import { PackageError, packageLimits } from './limits.ts'
import { FIXTURE_TIME_MS, link, makeZip } from './zip-fixtures.ts'
import type { ZipEntry } from './zip-fixtures.ts'
import { planPackage } from './zip-plan.ts'
import { writePackage } from './zip-unpack.ts'

const root = mkdtempSync(join(tmpdir(), 'packages-'))
after(() => removeTree(root))
let count = 0

async function unpack(zip: Buffer): Promise<string> {
  const folder = join(root, String(++count))
  await writePackage(zip, await planPackage(zip, packageLimits), folder)
  return folder
}

function mode(...path: string[]): string {
  return (lstatSync(join(...path)).mode & 0o7777).toString(8)
}

test('files and folders are readable by everybody and writable by nobody; only the executable bits are kept', async () => {
  const folder = await unpack(
    makeZip([
      { name: 'bin/', mode: 0o040700 },
      { name: 'bin/bootstrap', mode: 0o104711, content: '#!' },
      { name: 'private.js', mode: 0o100600 },
      { name: 'from-windows.exe', madeBy: 0, mode: 0 },
    ]),
  )
  assert.equal(mode(folder), '555')
  assert.equal(mode(folder, 'bin'), '555')
  assert.equal(mode(folder, 'bin', 'bootstrap'), '555')
  assert.equal(mode(folder, 'private.js'), '444')
  assert.equal(mode(folder, 'from-windows.exe'), '444')
})

test('the time of a file is kept and does not depend on the time zone of the host', async () => {
  const folder = await unpack(makeZip([{ name: 'a' }]))
  assert.equal(lstatSync(join(folder, 'a')).mtimeMs, FIXTURE_TIME_MS)
})

test('links are links', async () => {
  const folder = await unpack(makeZip([{ name: 'lib/a', content: 'A' }, link('bin/a', '../lib/a')]))
  assert.equal(readlinkSync(join(folder, 'bin/a')), '../lib/a')
  assert.equal(readFileSync(join(folder, 'bin/a'), 'utf8'), 'A')
})

test('zips of a common library are read: streamed sizes, zip64, large and empty files', async () => {
  const big = Buffer.alloc(3 * 1024 * 1024, 'sluice')
  const zip = new yazl.ZipFile()
  const mtime = new Date('2020-02-02T02:02:02Z')
  zip.addBuffer(big, 'big', { mtime, mode: 0o100755 })
  zip.addBuffer(Buffer.alloc(0), 'empty', { compress: false, forceZip64Format: true })
  zip.addBuffer(Buffer.from('x'), 'src/函数.js', { forceZip64Format: true })
  zip.addEmptyDirectory('none')
  zip.end({ forceZip64Format: true, comment: 'made by a library' })
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  const folder = await unpack(Buffer.concat(chunks))
  assert.ok(readFileSync(join(folder, 'big')).equals(big))
  assert.equal(lstatSync(join(folder, 'big')).mtimeMs, mtime.getTime())
  assert.equal(mode(folder, 'big'), '555')
  assert.equal(lstatSync(join(folder, 'empty')).size, 0)
  assert.equal(readFileSync(join(folder, 'src/函数.js'), 'utf8'), 'x')
  assert.deepEqual(readdirSync(join(folder, 'none')), [])
})

const names = fc.stringMatching(/^[a-zA-Z0-9 _.é函-]{1,12}$/).filter((name) => name !== '.' && name !== '..')
const trees = fc.dictionary(
  fc.array(names, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
  fc.record({ content: fc.uint8Array({ maxLength: 300 }), deflate: fc.boolean() }),
  { minKeys: 1, maxKeys: 12 },
)

function entriesOf(tree: Record<string, { content: Uint8Array; deflate: boolean }>): ZipEntry[] {
  return Object.entries(tree).map(([name, { content, deflate }]) => ({ name, content: Buffer.from(content), deflate }))
}

test('every tree of files comes out as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(trees, async (tree) => {
      const paths = Object.keys(tree)
      fc.pre(!paths.some((path) => paths.some((other) => other.startsWith(`${path}/`))))
      const folder = await unpack(makeZip(entriesOf(tree)))
      for (const [path, { content }] of Object.entries(tree)) {
        assert.ok(readFileSync(join(folder, path)).equals(content))
      }
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      assert.equal(files.length, paths.length)
    }),
    { numRuns: 50 },
  )
})

test('a zip with any bytes changed is unpacked inside its folder or refused, nothing else', async () => {
  const zip = makeZip([
    { name: 'index.js', content: 'exports.handler = 1'.repeat(20), deflate: true },
    { name: 'lib/', mode: 0o040755 },
    { name: 'lib/a.js', content: 'stored' },
    link('lib/b.js', 'a.js'),
  ])
  const changes = fc.array(fc.record({ at: fc.nat({ max: zip.length - 1 }), byte: fc.nat({ max: 255 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  const parent = mkdtempSync(join(root, 'mutations-'))
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const changed = Buffer.from(zip)
      for (const { at, byte } of list) changed[at] = byte
      const folder = join(parent, 'target')
      try {
        await writePackage(changed, await planPackage(changed, packageLimits), folder)
      } catch (error) {
        assert.ok(error instanceof PackageError, String(error))
      }
      const beside = readdirSync(parent)
      assert.ok(beside.length === 0 || (beside.length === 1 && beside[0] === 'target'), beside.join())
      await removeTree(folder)
    }),
    { numRuns: 500 },
  )
})
