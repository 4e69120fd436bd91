import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { parseJwtConfig } from './jwt-config.ts'
import { assertRefused } from './test-support.ts'
import type { JsonObject, JsonValue } from '../model.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicJwk = pair.publicKey.export({ format: 'jwk' }) as JsonObject
const privateJwk = pair.privateKey.export({ format: 'jwk' }) as JsonObject
const config = (parts: JsonObject = {}): JsonObject => ({
  jwks: { keys: [publicJwk] },
  tokenLookup: 'header:Authorization:Bearer',
  ...parts,
})

test('text and lists of objects say the same', () => {
  const compact = parseJwtConfig(
    config({
      tokenLookup: 'header:Authorization:Bearer,cookie:AuthorizationCookie',
      claimPassBy: 'query:uid:uid,header:name:X-Name',
    }),
  )
  const listed = parseJwtConfig(
    config({
      tokenLookup: [
        { readPosition: 'header', parameterName: 'Authorization', prefix: 'Bearer' },
        { readPosition: 'cookie', parameterName: 'AuthorizationCookie' },
      ],
      claimPassBy: [
        { mappingParameterPosition: 'query', mappingParameterName: 'uid', claimName: 'uid' },
        { mappingParameterPosition: 'header', mappingParameterName: 'X-Name', claimName: 'name' },
      ],
    }),
  )
  assert.deepEqual(compact.lookups, listed.lookups)
  assert.deepEqual(compact.lookups, [
    { position: 'header', name: 'authorization', prefix: 'Bearer' },
    { position: 'cookie', name: 'AuthorizationCookie', prefix: '' },
  ])
  assert.deepEqual(compact.claims, listed.claims)
  assert.deepEqual(compact.claims, [
    { position: 'query', name: 'uid', claim: 'uid' },
    { position: 'header', name: 'x-name', claim: 'name' },
  ])
})

test('the configuration may be JSON text, and its names in any case', () => {
  const { jwks, tokenLookup } = config()
  const text = JSON.stringify({ JWKS: jwks, TokenLookup: tokenLookup, ClaimPassBy: 'query:a:b' })
  assert.deepEqual(parseJwtConfig(text).claims, [{ position: 'query', name: 'b', claim: 'a' }])
})

test('a mapping without a claim maps nothing', () => {
  for (const claimPassBy of ['', 'query::', 'header::name', [], null]) {
    assert.deepEqual(parseJwtConfig(config({ claimPassBy })).claims, [])
  }
})

test('of a private key only the public part is kept', () => {
  const { keys } = parseJwtConfig(config({ jwks: { keys: [{ ...privateJwk, kid: 'k1' }] } }))
  assert.equal(keys[0]!.key.type, 'public')
  assert.deepEqual([keys[0]!.kid, keys[0]!.algorithm], ['k1', 'ES256'])
})

test('what is wrong is named, with what is accepted', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as JsonObject
  const keyed = (key: JsonValue) => config({ jwks: { keys: [key] } })
  const wrong: [JsonValue, string][] = [
    [null, 'authConfig must be an object'],
    ['{', 'authConfig must be a JSON object'],
    [config({ jwks: {} }), 'authConfig.jwks must be a JSON Web Key Set with 1 to 100 keys'],
    [config({ jwks: { keys: [] } }), 'authConfig.jwks must be'],
    [keyed('x'), 'authConfig.jwks.keys[0] must be a JSON Web Key'],
    [keyed({ kty: 'constructor' }), 'authConfig.jwks.keys[0] must be a key of type RSA, EC P-256'],
    [keyed({ ...publicJwk, alg: 'none' }), 'authConfig.jwks.keys[0].alg must be ES256'],
    [keyed({ ...publicJwk, alg: 'HS256' }), 'authConfig.jwks.keys[0].alg must be ES256'],
    [keyed({ ...publicJwk, use: 'enc' }), `authConfig.jwks.keys[0].use must be 'sig'`],
    [keyed({ kty: 'RSA' }), 'authConfig.jwks.keys[0] must be a complete public key'],
    [keyed(weak), 'authConfig.jwks.keys[0].n must be a modulus of at least 2048 bits'],
    [keyed({ kty: 'oct', k: '' }), 'authConfig.jwks.keys[0].k must be'],
    [config({ tokenLookup: '' }), `authConfig.tokenLookup must be 'position:name'`],
    [config({ tokenLookup: 'body:token' }), 'authConfig.tokenLookup must be'],
    [config({ tokenLookup: 'header' }), 'authConfig.tokenLookup must be'],
    [config({ tokenLookup: [{ readPosition: 'header', parameterName: 1 }] }), 'authConfig.tokenLookup must be'],
    [config({ tokenLookup: 'query:a,'.repeat(101) }), 'authConfig.tokenLookup must be at most 100 entries'],
    [config({ claimPassBy: 'header:sub:Content-Length' }), `'Content-Length' is not one`],
    [config({ claimPassBy: 'header:sub:a b' }), `'a b' is not one`],
    [config({ claimPassBy: 'cookie:sub:a;b' }), `'a;b' is not one`],
    [config({ whitelist: ['login'] }), 'authConfig.whitelist must be a list'],
    [config({ blacklist: ['/a/*/b'] }), 'where only the last character may be *'],
    [config({ whitelist: ['/a'], blacklist: ['/b'] }), 'authConfig.whitelist must be left out'],
  ]
  for (const [value, message] of wrong) assertRefused(() => parseJwtConfig(value), 'InvalidArgument', message)
})
