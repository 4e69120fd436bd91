/** What is read from the heads of pictures without decoding them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { exifFields } from './exif.ts'
import { jpegQuality } from './jpeg-quality.ts'

const plain = () => sharp({ create: { width: 16, height: 16, channels: 3, background: '#204080' } })

test('the quality of a JPEG is that which it was written with', async () => {
  for (const quality of [25, 49, 50, 75, 90, 99, 100]) {
    const found = jpegQuality(await plain().jpeg({ quality }).toBuffer())
    assert.ok(found !== undefined && Math.abs(found - quality) <= 1, `${quality}: ${found}`)
  }
})

test('no quality is told of what is no whole JPEG', async () => {
  const jpeg = await plain().jpeg().toBuffer()
  for (let length = 0; length < 60; length++) assert.equal(jpegQuality(jpeg.subarray(0, length)), undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => jpegQuality(bytes) === undefined || bytes.length > 64),
  )
})

test('EXIF is told by the names of the standard, rationals as they are written', async () => {
  const withExif = plain().withExif({
    IFD0: { Make: 'Sluice', Model: 'Gate 1', Orientation: '6', XResolution: '96/1' },
    IFD2: { ExposureTime: '1/250', ISOSpeedRatings: '200', DateTimeOriginal: '2026:01:02 03:04:05' },
    IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '30/1 15/1 0/1' },
  })
  const { exif } = await sharp(await withExif.jpeg().toBuffer()).metadata()
  const fields = exifFields(exif!)
  assert.equal(fields['Make'], 'Sluice')
  assert.equal(fields['Model'], 'Gate 1')
  assert.equal(fields['ExposureTime'], '1/250')
  assert.equal(fields['ISOSpeedRatings'], '200')
  assert.equal(fields['DateTimeOriginal'], '2026:01:02 03:04:05')
  assert.equal(fields['GPSLatitudeRef'], 'North')
  assert.equal(fields['GPSLatitude'], "30deg 15' ")
})

test('whatever the bytes, EXIF is text by name', () => {
  const header = fc.constantFrom('Exif\0\0II*\0\b\0\0\0', 'MM\0*\0\0\0\b', 'II')
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 400 }), (head, rest) => {
      const fields = exifFields(Buffer.concat([Buffer.from(head, 'latin1'), rest]))
      assert.ok(Object.values(fields).every((value) => typeof value === 'string'))
    }),
  )
})
