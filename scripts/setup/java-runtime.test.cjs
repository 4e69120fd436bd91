'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { checkLibraries, manifestOf } = require('./java-runtime.cjs')

test('libraries are accepted only as the list has them, all of them and no other', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-jars-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const line = (name, content) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`
  writeFileSync(path.join(folder, 'a.jar'), 'a')
  checkLibraries(line('a.jar', 'a'), folder)
  assert.throws(() => checkLibraries(line('a.jar', 'changed'), folder), /a\.jar has the SHA-256/)
  assert.throws(() => checkLibraries(line('b.jar', 'b'), folder), /a\.jar .* says nothing/)
  assert.throws(() => checkLibraries(line('a.jar', 'a') + line('b.jar', 'b'), folder), /did not bring b\.jar/)
})

test('no line of a manifest is longer than the format allows, and none is lost', () => {
  const manifest = manifestOf({ Short: 'a', Long: 'x'.repeat(200) })
  assert.ok(manifest.split('\n').every((text) => text.length <= 72))
  assert.equal(manifest.replaceAll('\n ', ''), `Short: a\nLong: ${'x'.repeat(200)}\n`)
})
