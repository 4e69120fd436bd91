'use strict'

const assert = require('node:assert/strict')
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { test } = require('node:test')
const { isInstalled } = require('./npm-packages.cjs')

function lock(version) {
  const packages = {
    '': { name: 'root' },
    member: { name: 'member', version: '1.0.0' },
    'node_modules/member': { resolved: 'member', link: true },
    'node_modules/left': { version },
    'node_modules/left/node_modules/deep': { version: '2.0.0' },
    'node_modules/elsewhere': { version: '1.0.0', optional: true },
  }
  return JSON.stringify({ lockfileVersion: 3, packages })
}

function folderWith(t, version) {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-setup-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'package-lock.json'), lock(version))
  return folder
}

function recordInstalled(folder, packages) {
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
  writeFileSync(path.join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

const installed = (version) => ({
  'node_modules/member': { resolved: 'member', link: true },
  'node_modules/left': { version },
  'node_modules/left/node_modules/deep': { version: '2.0.0' },
})

test('a folder without node_modules is not installed', (t) => {
  assert.equal(isInstalled(folderWith(t, '1.0.0')), false)
})

test('an installation by hand that agrees with the lock file is taken over, optional packages aside', (t) => {
  const folder = folderWith(t, '1.0.0')
  recordInstalled(folder, installed('1.0.0'))
  assert.equal(isInstalled(folder), true)
})

test('an installation by hand of another version, or without a package, is done again', (t) => {
  const folder = folderWith(t, '1.0.0')
  recordInstalled(folder, installed('1.0.1'))
  assert.equal(isInstalled(folder), false)
  recordInstalled(folder, { 'node_modules/left': { version: '1.0.0' } })
  assert.equal(isInstalled(folder), false)
})

test('a changed lock file asks for a new installation', (t) => {
  const folder = folderWith(t, '1.0.0')
  recordInstalled(folder, installed('1.0.0'))
  assert.equal(isInstalled(folder), true)
  writeFileSync(path.join(folder, 'package-lock.json'), lock('1.0.1'))
  assert.equal(isInstalled(folder), false)
})
