import assert from 'node:assert/strict'
import { test } from 'node:test'
import { corsHeaders, corsRules, preflightHeaders } from './cors.ts'

const rulesOf = (corsConfig: Record<string, unknown>) => corsRules({ corsConfig } as never)!
const asObject = (flat: string[]) =>
  Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])))

test('a configuration without rules has none', () => {
  assert.equal(corsRules(undefined), null)
  assert.equal(corsRules({}), null)
  assert.equal(corsRules({ corsConfig: [] }), null)
})

test('an origin that is not listed gets nothing', () => {
  const rules = rulesOf({ allowOrigins: ['https://a.example', 'https://*.b.example'] })
  for (const origin of ['', 'null', 'https://a.example.org', 'http://a.example', 'https://b.example']) {
    assert.deepEqual(corsHeaders(rules, origin), [], origin)
    assert.deepEqual(preflightHeaders(rules, origin, 'x'), [])
  }
  assert.deepEqual(corsHeaders(rulesOf({}), 'https://a.example'), [])
})

test('a listed origin is told as itself, and caches are told that it matters', () => {
  const rules = rulesOf({ allowOrigins: ['https://*.b.example'] })
  assert.deepEqual(corsHeaders(rules, 'https://x.b.example'), [
    'Access-Control-Allow-Origin',
    'https://x.b.example',
    'Vary',
    'Origin',
  ])
})

test('everybody is a star, unless credentials are allowed', () => {
  assert.deepEqual(corsHeaders(rulesOf({ allowOrigins: ['*'] }), 'https://a'), ['Access-Control-Allow-Origin', '*'])
  assert.deepEqual(asObject(corsHeaders(rulesOf({ allowOrigins: ['*'], allowCredentials: true }), 'https://a')), {
    'Access-Control-Allow-Origin': 'https://a',
    Vary: 'Origin',
    'Access-Control-Allow-Credentials': 'true',
  })
})

test('a preflight is told methods, headers and for how long', () => {
  const rules = rulesOf({ allowOrigins: ['*'], allowMethods: ['PUT'], allowHeaders: ['*'], maxAge: 5 })
  const headers = asObject(preflightHeaders(rules, 'https://a', 'x-one, x-two'))
  assert.equal(headers['Access-Control-Allow-Methods'], 'PUT')
  assert.equal(headers['Access-Control-Allow-Headers'], 'x-one, x-two')
  assert.equal(headers['Access-Control-Max-Age'], '5')
})

test('what cannot stand in a header is left out', () => {
  const rules = rulesOf({
    allowOrigins: ['*', 'a\r\nb'],
    allowMethods: ['GET\nX: y'],
    allowHeaders: ['x-a\0', 'x-b'],
    exposeHeaders: ['x-c', 'x-\u010d', 7],
  })
  assert.deepEqual(
    [rules.allowOrigins, rules.allowMethods, rules.allowHeaders, rules.exposeHeaders],
    [['*'], [], ['x-b'], ['x-c']],
  )
})
