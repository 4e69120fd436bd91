'use strict'

const assert = require('node:assert/strict')
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { stateOf } = require('./console.cjs')

test('the console is built again when a source or a package changes, and for nothing else', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'sluice-console-'))
  t.after(() => rmSync(root, { recursive: true }))
  const write = (place, text) => {
    mkdirSync(path.dirname(path.join(root, place)), { recursive: true })
    writeFileSync(path.join(root, place), text)
  }
  write('package-lock.json', '{}')
  write('console/index.html', '<html>')
  write('console/src/main.tsx', 'a')
  const before = stateOf(root)
  write('console/dist/index.html', 'built')
  write('server/src/main.ts', 'b')
  assert.equal(stateOf(root), before)
  const states = [before]
  for (const [place, text] of [
    ['console/src/pages/deep.tsx', 'c'],
    ['console/src/main.tsx', 'changed'],
    ['console/index.html', '<html lang>'],
    ['package-lock.json', '{"packages":{}}'],
  ]) {
    write(place, text)
    states.push(stateOf(root))
  }
  assert.equal(new Set(states).size, states.length)
})
