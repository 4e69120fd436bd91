import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearCookie, cookieName, readTokens, setCookie } from './cookie.ts'
import { COOKIES_MAX } from './limits.ts'

const name = cookieName(7800)

test('scripts, other sites and other paths do not get the cookie', () => {
  assert.equal(setCookie(name, 'abc', false), `${name}=abc; Path=/console; HttpOnly; SameSite=Strict`)
  assert.equal(setCookie(name, 'abc', true), `${name}=abc; Path=/console; HttpOnly; SameSite=Strict; Secure`)
  assert.equal(clearCookie(name, false), `${name}=; Max-Age=0; Path=/console; HttpOnly; SameSite=Strict`)
})

test('platforms on two ports of a host have cookies of their own', () => {
  assert.deepEqual(readTokens(`${cookieName(7900)}=other; ${name}=ours`, name), ['ours'])
})

test('all values of the name are read, up to a bound', () => {
  assert.deepEqual(readTokens(undefined, name), [])
  assert.deepEqual(readTokens(`a=b;${name}=1;  ${name}=2; x${name}=3`, name), ['1', '2'])
  assert.equal(readTokens(`${name}=x; `.repeat(100), name).length, COOKIES_MAX)
})
