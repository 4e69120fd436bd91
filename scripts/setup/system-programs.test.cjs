'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { missingPackages, programs } = require('./system-programs.cjs')

const there = { debianPackage: 'there', present: () => true }
const absent = { debianPackage: 'absent', present: () => false }

test('only the parts that are not there are installed', () => {
  assert.deepEqual(missingPackages({ parts: [there, absent] }), ['absent'])
  assert.deepEqual(missingPackages({ parts: [there] }), [])
})

test('nothing is missing where it could not be used', () => {
  assert.deepEqual(missingPackages({ parts: [absent], isWanted: () => false }), [])
})

test('every part of a program is looked for', () => {
  for (const { parts } of Object.values(programs)) {
    for (const { debianPackage, present } of parts) assert.equal(typeof present(), 'boolean', debianPackage)
  }
})
