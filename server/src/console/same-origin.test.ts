import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSameOrigin, type Purpose } from './same-origin.ts'

const host = 'localhost:7800'
const origin = `http://${host}`
const site = (value: string) => ({ 'sec-fetch-site': value })
const marked = { 'x-sluice-console': '1' }

const accepted: [string, Purpose, Record<string, string>][] = [
  ['a script of the console reads', 'read', { host, ...site('same-origin') }],
  ['a browser that tells nothing reads', 'read', { host }],
  ['a script of the console acts', 'act', { host, origin, ...site('same-origin'), ...marked }],
  ['behind a proxy with TLS', 'act', { host: 'console.example.com', origin: 'https://console.example.com', ...marked }],
  ['a host name in capitals', 'act', { host: 'LocalHost:7800', origin, ...marked }],
  ['a socket of the console', 'upgrade', { host, origin }],
]
const refused: [string, Purpose, Record<string, string>][] = [
  ['a page of the object service, which is of the same site', 'read', { host, ...site('same-site') }],
  ['a page of another site reads', 'read', { host, ...site('cross-site') }],
  ['an address that somebody typed, or a link in a mail', 'read', { host, ...site('none') }],
  ['a page of another port', 'read', { host, origin: 'http://localhost:7801' }],
  ['a page of a function by its host', 'act', { host, origin: 'http://f-0123456789.localhost:7800', ...marked }],
  ['a sandboxed page', 'act', { host, origin: 'null', ...marked }],
  ['a form of another site', 'act', { host, origin: 'https://evil.example' }],
  ['no Origin', 'act', { host, ...marked }],
  ['without the header', 'act', { host, origin }],
  ['with another value of it', 'act', { host, origin, 'x-sluice-console': 'true' }],
  ['a socket of another page', 'upgrade', { host, origin: 'http://localhost:7801' }],
  ['a socket without Origin', 'upgrade', { host }],
]

const methodFor = (purpose: Purpose) => (purpose === 'act' ? 'POST' : 'GET')

for (const [name, purpose, headers] of accepted) {
  test(`is of the same origin: ${name}`, () =>
    assert.doesNotThrow(() => checkSameOrigin({ method: methodFor(purpose), headers }, purpose)))
}
for (const [name, purpose, headers] of refused) {
  test(`is refused: ${name}`, () => {
    assert.throws(() => checkSameOrigin({ method: methodFor(purpose), headers }, purpose), { code: 'AccessDenied' })
  })
}

test('a GET that acts, as one to a trigger does, comes without Origin and needs the header', () => {
  assert.doesNotThrow(() => checkSameOrigin({ method: 'GET', headers: { host, ...marked } }, 'act'))
  assert.throws(() => checkSameOrigin({ method: 'GET', headers: { host } }, 'act'), { code: 'AccessDenied' })
})
