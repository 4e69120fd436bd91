import assert from 'node:assert/strict'
import { test } from 'node:test'
import { starterFor, starterPackage } from './starters.ts'
import { PROGRAM_MODE } from './zip.ts'

test('languages that need no compiler have a starter whose handler names its file', () => {
  for (const runtime of ['nodejs20', 'python3.12', 'php8.1']) {
    for (const kind of ['event', 'http'] as const) {
      const { handler, files } = starterFor(runtime, kind)!
      assert.equal(Object.keys(files)[0]!.replace(/\.\w+$/, ''), handler.split('.')[0])
    }
  }
})

test('a custom runtime starts with a program, and compiled languages with an upload', () => {
  assert.equal(starterPackage(starterFor('custom.debian12', 'http')!)[0]!.mode, PROGRAM_MODE)
  for (const runtime of ['java11', 'go1', 'custom-container']) assert.equal(starterFor(runtime, 'event'), undefined)
})
