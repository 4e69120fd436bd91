import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FileStream } from './file-stream.ts'

const content = Buffer.alloc(1_000_000)
for (let i = 0; i < content.length; i += 4) content.writeUInt32BE(i, i)

async function contentFile(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-file-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'content')
  writeFileSync(path, content)
  return open(path, 'r')
}

test('a file stream gives its stretch, piece by piece or written to a sink, and closes the file', async (t) => {
  for (const [start, end] of [
    [0, content.length],
    [1, 1],
    [7, 8],
    [262_143, 786_433],
  ] as const) {
    const expected = content.subarray(start, end)
    const read = new FileStream(await contentFile(t), start, end)
    assert.ok((await buffer(read)).equals(expected))

    const file = await contentFile(t)
    const written = new FileStream(file, start, end)
    const closed = once(written, 'close')
    const pieces: Buffer[] = []
    await written.writeTo(
      new Writable({
        write(piece: Buffer, _encoding, done) {
          // Read late, as a slow connection does.
          setImmediate(() => {
            pieces.push(Buffer.from(piece))
            done()
          })
        },
      }),
    )
    assert.ok(Buffer.concat(pieces).equals(expected), `${start}-${end}`)
    await closed
    assert.equal(file.fd, -1)
  }
})

test('a file that ends too early is an error', async (t) => {
  const sink = new Writable({ write: (_piece, _encoding, done) => done() })
  const written = new FileStream(await contentFile(t), 0, content.length + 1)
  await assert.rejects(written.writeTo(sink), /the file ended at byte 1000000; 1000001 were to come/)
  written.destroy()
  await once(written, 'close')
  await assert.rejects(buffer(new FileStream(await contentFile(t), 0, content.length + 1)), /the file ended/)
})

test('a sink that goes away ends the writing, and is not written to any more', async (t) => {
  const written = new FileStream(await contentFile(t), 0, content.length)
  let pieces = 0
  const sink: Writable = new Writable({
    write(_piece, _encoding, done) {
      pieces += 1
      sink.destroy()
      done()
    },
  })
  await assert.rejects(written.writeTo(sink), /the reader has gone/)
  assert.equal(pieces, 1)
  written.destroy()
  await once(written, 'close')
})

test('a stream that is destroyed while it reads closes the file afterwards', async (t) => {
  const file = await contentFile(t)
  const stream = new FileStream(file, 0, content.length)
  const writing = stream.writeTo(new Writable({ write: (_piece, _encoding, done) => done() }))
  stream.destroy()
  await assert.rejects(writing, /the reader has gone/)
  if (!stream.closed) await once(stream, 'close')
  assert.equal(file.fd, -1)
})
