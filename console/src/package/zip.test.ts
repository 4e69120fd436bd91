import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zipSync } from 'fflate'
import { base64Of, bytesOf, textOf } from './text.ts'
import { FILE_MODE, isLink, PROGRAM_MODE, readPackage, writePackage } from './zip.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

test('a package keeps files, programs and links through reading and writing', () => {
  const files = [
    { path: 'bootstrap', bytes: bytesOf('#!/bin/sh\n'), mode: PROGRAM_MODE },
    { path: 'lib/link', bytes: bytesOf('../bootstrap'), mode: 0o120777 },
    { path: 'lib/中文.py', bytes: bytesOf('print()\n'), mode: FILE_MODE },
  ]
  const read = readPackage(writePackage(files, NOW_MS))
  assert.deepEqual(
    read.map(({ path, mode, bytes }) => ({ path, mode, text: textOf(bytes) })),
    files.map(({ path, mode, bytes }) => ({ path, mode, text: textOf(bytes) })),
  )
  assert.deepEqual(read.map(isLink), [false, true, false])
})

test('a package that was made elsewhere than on Unix has plain files', () => {
  const zip = zipSync({ 'index.js': [bytesOf(''), { os: 0, attrs: 0x20 }] })
  assert.deepEqual(
    readPackage(zip).map(({ mode }) => mode),
    [FILE_MODE],
  )
})

test('what is no zip is refused', () => {
  assert.throws(() => readPackage(bytesOf('this is no zip file at all, though it is long enough to be one')))
})

test('text is told from other bytes, and is not changed by being read', () => {
  assert.equal(textOf(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0])), null)
  assert.equal(textOf(new Uint8Array([0xff, 0xfe])), null)
  assert.equal(textOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), '\ufeffa')
})

test('base64 of a large package is that of Node', () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, at) => (at * 7) % 256)
  assert.equal(base64Of(bytes), Buffer.from(bytes).toString('base64'))
})
