import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMIT_BYTES_MAX, DOCUMENT_BYTES_MAX, prepareWrites } from './commit.ts'
import { tagWrite } from './contract/support.ts'

test('a commit has a greatest size, all its documents together', () => {
  const half = 'x'.repeat(DOCUMENT_BYTES_MAX / 2)
  const writes = Array.from({ length: (2 * COMMIT_BYTES_MAX) / DOCUMENT_BYTES_MAX }, (_, n) => tagWrite(`t${n}`, half))
  assert.throws(() => prepareWrites(writes), { code: 'EntityTooLarge', message: /at most 67108864 bytes/ })
  assert.equal(prepareWrites(writes.slice(1)).length, writes.length - 1)
})
