import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsToken } from './jwt-paths.ts'

const whitelist = { kind: 'allBut', patterns: ['/login', '/public/*'] } as const
const blacklist = { kind: 'only', patterns: ['/admin', '/api/*'] } as const
const needs = (paths: typeof whitelist | typeof blacklist, path: string) =>
  needsToken({ kind: paths.kind, patterns: [...paths.patterns] }, path)

test('without lists every path needs a token', () => {
  assert.equal(needsToken({ kind: 'all' }, '/'), true)
})

test('a whitelist exempts exactly its paths, and what follows a star', () => {
  for (const path of ['/login', '/public/', '/public/a', '/public/a/b%20c/'])
    assert.equal(needs(whitelist, path), false)
  for (const path of ['/', '/login/', '/Login', '/loginx', '/public', '/publicx'])
    assert.equal(needs(whitelist, path), true)
})

test('a path that may be read as another one is not exempt', () => {
  const tricks = [
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/..%2fadmin',
    '/public/%2e%2e%5cadmin',
    '/public/..\\admin',
    '/public/./../admin',
    '/public/..;/admin',
    '//public/a',
    '/public/%zz',
    '/x/../login/',
  ]
  for (const path of tricks) assert.equal(needs(whitelist, path), true, path)
})

test('a blacklist asks for a token on its paths, however they are written', () => {
  const asked = [
    '/admin',
    '/api/',
    '/api/x',
    '/%61dmin',
    '//admin',
    '/x/../admin',
    '/./admin',
    '/api%2fx',
    '/admin;a=1',
    '/%zz',
  ]
  for (const path of asked) assert.equal(needs(blacklist, path), true, path)
  for (const path of ['/', '/admin/', '/adminx', '/api', '/other']) assert.equal(needs(blacklist, path), false, path)
})
