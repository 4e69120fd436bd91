import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CHUNK_LINES_MAX, createLineSplitter, cutLine, LOG_LINE_BYTES_MAX } from './line-splitter.ts'

function linesOf(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

/** Decodes all at once and splits: what the splitter must agree with, however the bytes are spread. */
function naiveLinesOf(bytes: Uint8Array): string[] {
  const lines: string[] = []
  let start = 0
  const decode = (end: number): string =>
    new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(start, end))
  for (const [at, byte] of bytes.entries()) {
    if (byte !== 10) continue
    lines.push(decode(at > start && bytes[at - 1] === 13 ? at - 1 : at))
    start = at + 1
  }
  if (start < bytes.length) lines.push(decode(bytes.length))
  return lines
}

const textBytes = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r\n', '\r', '€', '😀', '\0')))
  .map((parts) => Buffer.from(parts.join('')))
const anyBytes = fc.oneof(
  textBytes,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
)

test('however the bytes are spread over chunks, the lines are the same', () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat(20)), (bytes, sizes) => {
      const chunks: Uint8Array[] = []
      let at = 0
      for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)))
      chunks.push(bytes.subarray(at))
      assert.deepEqual(linesOf(chunks), naiveLinesOf(bytes))
    }),
  )
})

test('a character split over two chunks stays whole, and bytes that are not UTF-8 become U+FFFD', () => {
  const euro = Buffer.from('€')
  assert.deepEqual(linesOf([euro.subarray(0, 1), euro.subarray(1), Buffer.from([0xff, 10])]), ['€\ufffd'])
})

test('the end tells what had no line break, once', () => {
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line))
  splitter.push(Buffer.from('a\n\nrest\r'))
  splitter.end()
  splitter.end()
  assert.deepEqual(lines, ['a', '', 'rest\r'])
})

test('chunks that are written over later do not change what was held', () => {
  const chunk = Buffer.from('held')
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line))
  splitter.push(chunk)
  chunk.fill('x')
  splitter.push(Buffer.from('\n'))
  assert.deepEqual(lines, ['held'])
})

test('the longest line is kept whole, one more byte is cut and marked', () => {
  const longest = 'x'.repeat(LOG_LINE_BYTES_MAX)
  assert.deepEqual(linesOf([Buffer.from(`${longest}\r\n`)]), [longest])
  const [cut] = linesOf([Buffer.from(`${longest}x\nnext`)])
  assert.match(cut!, /^x+ … \[cut: /)
  assert.equal(Buffer.byteLength(cut!), LOG_LINE_BYTES_MAX)
})

test('a line without an end is never held whole', () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const before = process.memoryUsage().rss
  const lines: string[] = []
  const splitter = createLineSplitter((line) => lines.push(line))
  for (let i = 0; i < 512; i++) splitter.push(chunk)
  splitter.push(Buffer.from('\nafter\n'))
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024)
  assert.equal(lines.length, 2)
  assert.equal(Buffer.byteLength(lines[0]!), LOG_LINE_BYTES_MAX)
  assert.equal(lines[1], 'after')
})

test('a cut falls between characters and never makes a line longer than the bound', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.nat(4), (unit, shift) => {
      const text = 'x'.repeat(shift) + unit.repeat(Math.ceil(LOG_LINE_BYTES_MAX / Buffer.byteLength(unit)) + 1)
      const cut = cutLine(text)
      assert.ok(Buffer.byteLength(cut) <= LOG_LINE_BYTES_MAX)
      assert.ok(Buffer.byteLength(cut) > LOG_LINE_BYTES_MAX - 4)
      const kept = cut.slice(0, cut.lastIndexOf(' … [cut'))
      assert.ok(text.startsWith(kept))
      assert.ok(kept.isWellFormed())
    }),
    { numRuns: 20 },
  )
})

test('lone surrogates and NUL pass through a cut unharmed', () => {
  assert.equal(cutLine('a\ud800\0b'), 'a\ud800\0b')
})

test('a chunk of nothing but line breaks is told up to a bound, with a mark for the rest, and what follows is whole', () => {
  const flood = Buffer.from(`${'x\n'.repeat(CHUNK_LINES_MAX + 1000)}tail`)
  const lines = linesOf([flood, Buffer.from(' end\nnext\n')])
  assert.equal(lines.length, CHUNK_LINES_MAX + 3)
  assert.match(lines[CHUNK_LINES_MAX]!, /dropped: more than 8192 lines at once/)
  assert.deepEqual(lines.slice(-2), ['tail end', 'next'])
})
