import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { makeTar, type TarEntry } from './image-fixtures.ts'
import { checkLayers } from './layer-check.ts'
import { ImageError, imageLimits } from './limits.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-layers-'))
after(() => rmSync(scratch, { recursive: true }))
let files = 0

function layerFile(content: Buffer, isCompressed = true) {
  const path = join(scratch, String(++files))
  writeFileSync(path, content)
  return { path, isCompressed }
}

const layer = (...entries: TarEntry[]) => layerFile(gzipSync(makeTar(entries)))

test('what images hold is accepted, and its size told', async () => {
  const files = [
    { name: './bin/', type: '5' },
    { name: './bin/su', content: 'x'.repeat(10_000), mode: 0o4755 },
    { name: './bin/sh', type: '2', linkName: '/bin/busybox' },
    { name: './bin/link', type: '1', linkName: 'bin/su' },
    { name: '/absolute', content: '', owner: 65_535 },
    { name: 'dev/console', type: '3', device: { major: 5, minor: 1 } },
    { name: 'etc/.wh.gone' },
  ]
  const sizeBytes = await checkLayers([layer(...files), layerFile(makeTar(files), false)], imageLimits)
  assert.equal(sizeBytes, 2 * (10_000 + 7 * 4096))
})

test('what could do harm is refused by name', async () => {
  const refused: [RegExp, TarEntry][] = [
    [/"\.\.\/\.\.\/etc\/cron\.d\/x", a path that leaves/, { name: '../../etc/cron.d/x' }],
    [/"a\/\.\.\/\.\.\/b", a path that leaves/, { name: 'a/../../b' }],
    [/"disk" in a layer is a device/, { name: 'disk', type: '4', device: { major: 8, minor: 0 } }],
    [/"dev\/\.\.\/disk", a path/, { name: 'dev/../disk', type: '4' }],
    [/"sparse" in a layer is of type "S"/, { name: 'sparse', type: 'S' }],
    [/belongs to user 65536/, { name: 'high', owner: 65_536 }],
  ]
  for (const [reason, entry] of refused) {
    await assert.rejects(checkLayers([layer(entry)], imageLimits), (error) => {
      assert.ok(error instanceof ImageError, String(error))
      assert.match(error.message, reason)
      return true
    })
  }
})

test('a bomb is refused when it passes the limit, in one layer or in all together', async () => {
  const limits = { ...imageLimits, unpackedBytesMax: 1_000_000, entriesMax: 10 }
  const large = { name: 'zeros', content: Buffer.alloc(600_000) }
  await checkLayers([layer(large)], limits)
  await assert.rejects(checkLayers([layer(large), layer(large)], limits), /unpacks to more than/)
  const claimed = makeTar([{ name: 'a', claims: { sizeBytes: 8 ** 11 - 1 } }])
  await assert.rejects(checkLayers([layerFile(gzipSync(claimed))], limits), /unpacks to more than/)
  const many = Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` }))
  await assert.rejects(checkLayers([layer(...many)], limits), /more than 10 files/)
})

test('a layer that is not what its type says is refused', async () => {
  await assert.rejects(checkLayers([layerFile(makeTar([{ name: 'a' }]), true)], imageLimits), ImageError)
  await assert.rejects(checkLayers([layerFile(gzipSync(makeTar([{ name: 'a' }])), false)], imageLimits), ImageError)
  const cut = gzipSync(makeTar([{ name: 'a', content: Buffer.from('random'.repeat(999)) }])).subarray(0, 60)
  await assert.rejects(checkLayers([layerFile(cut)], imageLimits), ImageError)
})
