import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../port.ts'
import { readRange } from './range.ts'

const lenient = (header: string | undefined, size = 1000) => readRange(header, size, false)
const standard = (header: string, size = 1000) => readRange(header, size, true)

test('a range within the object is read', () => {
  assert.deepEqual(lenient('bytes=0-0'), { first: 0, last: 0 })
  assert.deepEqual(lenient('bytes=10-99'), { first: 10, last: 99 })
  assert.deepEqual(lenient('bytes=990-'), { first: 990, last: 999 })
  assert.deepEqual(lenient('bytes=-10'), { first: 990, last: 999 })
  assert.deepEqual(lenient('bytes=0-999'), { first: 0, last: 999 })
})

test('what is no range, or several, or not within the object, is the whole object', () => {
  for (const header of [undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=a-b', 'bytes=1-2,4-5', 'lines=0-1']) {
    assert.equal(lenient(header), null)
    if (header !== undefined) assert.equal(standard(header), null, header)
  }
  for (const header of ['bytes=1000-', 'bytes=500-1000', 'bytes=5-4', 'bytes=-0', 'bytes=-1001']) {
    assert.equal(lenient(header), null, header)
  }
  assert.equal(lenient('bytes=0-', 0), null)
})

test('standard behaviour cuts a range that begins within the object, and refuses one that does not', () => {
  assert.deepEqual(standard('bytes=500-5000'), { first: 500, last: 999 })
  assert.deepEqual(standard('bytes=-5000'), { first: 0, last: 999 })
  for (const header of ['bytes=1000-', 'bytes=1000-2000', 'bytes=-0']) {
    assert.throws(
      () => standard(header),
      (error) =>
        error instanceof OssError &&
        error.code === 'InvalidRange' &&
        error.headers['content-range'] === 'bytes */1000' &&
        error.details['ActualObjectSize'] === '1000',
      header,
    )
  }
  assert.equal(standard('bytes=5-4'), null)
})
