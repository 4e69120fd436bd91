import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, imageTypeOf, previewOf } from './previews.ts'

test('what could carry a script is shown as text, if at all', () => {
  assert.equal(previewOf('image/svg+xml', 'a.svg'), 'text')
  assert.equal(previewOf('text/html; charset=utf-8', 'a.png'), 'text')
  assert.equal(previewOf('application/xhtml+xml', 'a'), 'text')
  assert.equal(previewOf('', 'a.svg'), 'text')
})

test('an object that does not say what it is is tried by its name', () => {
  assert.equal(previewOf('application/octet-stream', 'a/b.JPEG'), 'image')
  assert.equal(previewOf('', 'server.log'), 'text')
  assert.equal(previewOf('', 'backup'), 'none')
})

test('archives, films and programs are not shown', () => {
  for (const type of ['application/zip', 'video/mp4', 'application/pdf']) assert.equal(previewOf(type, 'a.txt'), 'none')
})

test('a picture is what its first bytes say', () => {
  const typeOf = (text: string) => imageTypeOf(Buffer.from(text, 'latin1'))
  assert.equal(typeOf('\x89PNG\r\n\x1a\n....'), 'image/png')
  assert.equal(typeOf('RIFF....WEBPVP8 '), 'image/webp')
  assert.equal(typeOf('....ftypavif....'), 'image/avif')
  assert.equal(typeOf('<svg xmlns="x" onload="alert(1)">'), null)
  assert.equal(typeOf('<html><script>'), null)
  assert.equal(typeOf(''), null)
})

test('bytes are shown as text only when they are text, also when the last character is torn', () => {
  assert.equal(decodeText(Buffer.from('grüße')), 'grüße')
  assert.equal(decodeText(Buffer.from('aü').subarray(0, 2)), 'a')
  assert.equal(decodeText(Buffer.from([0xff, 0xfe, 0x00])), null)
  assert.equal(decodeText(Buffer.from('a\0b')), null)
})
