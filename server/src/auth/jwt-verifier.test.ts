import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SignJWT } from 'jose'
import { FcError } from '../errors.ts'
import { createJwtVerifier } from './jwt-verifier.ts'
import { NOW_MS, assertRejected, handClock } from './test-support.ts'
import type { KeyObject } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { JsonObject } from '../model.ts'
import type { JwtRequest } from './port.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const jwk = (key: KeyObject, parts: JsonObject = {}) => ({ ...(key.export({ format: 'jwk' }) as JsonObject), ...parts })

const rsaKey = jwk(rsa.publicKey, { alg: 'RS256', kid: 'rsa-1', use: 'sig' })
const nowSeconds = NOW_MS / 1000

function verifier(parts: JsonObject = {}, clock = handClock()) {
  const config = { jwks: { keys: [rsaKey] }, tokenLookup: 'header:Authorization:Bearer', ...parts }
  const made = createJwtVerifier(config, { clock })
  return { usesForm: made.usesForm, verify: (request: JwtRequest) => made.verify(request) }
}

function token(claims: JWTPayload, key: KeyObject = rsa.privateKey, header: { alg?: string; kid?: string } = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(key)
}

const request = (parts: Partial<JwtRequest> = {}): JwtRequest => ({
  path: '/',
  query: '',
  headers: {},
  form: null,
  ...parts,
})
const bearer = (jwt: string) => request({ headers: { authorization: `Bearer ${jwt}` } })

test('a valid token passes the request as it is', async () => {
  const jwt = await token({ sub: 'u1', exp: nowSeconds + 60 }, rsa.privateKey, { kid: 'rsa-1' })
  const passed = await verifier().verify({ ...bearer(jwt), query: 'a=1&b=%zz', form: null })
  assert.deepEqual(passed, { headers: {}, query: 'a=1&b=%zz', form: null })
})

test('keys of every kind verify, with and without a key id', async () => {
  const secret = Buffer.alloc(32, 3)
  const keys = [
    rsaKey,
    jwk(ec.publicKey),
    jwk(ed.publicKey),
    { kty: 'oct', k: secret.toString('base64url'), alg: 'HS256', kid: 'h' },
  ]
  const { verify } = verifier({ jwks: { keys } })
  await verify(bearer(await token({})))
  await verify(bearer(await token({}, ec.privateKey, { alg: 'ES256', kid: 'anything' })))
  await verify(bearer(await token({}, ed.privateKey, { alg: 'EdDSA' })))
  const hs256 = await new SignJWT({}).setProtectedHeader({ alg: 'HS256', kid: 'h' }).sign(secret)
  await verify(bearer(hs256))
})

test('among several keys of one algorithm the one that fits is found', async () => {
  const { verify } = verifier({ jwks: { keys: [jwk(otherEc.publicKey), jwk(ec.publicKey)] } })
  await verify(bearer(await token({}, ec.privateKey, { alg: 'ES256' })))
})

test('a token of another key, or with the id of another key, is refused', async () => {
  const { verify } = verifier({ jwks: { keys: [jwk(ec.publicKey, { kid: 'a' })] } })
  const foreign = await token({}, otherEc.privateKey, { alg: 'ES256' })
  await assertRejected(verify(bearer(foreign)), 'AccessDenied', 'matches none of the configured keys')
  const misnamed = await token({}, ec.privateKey, { alg: 'ES256', kid: 'b' })
  await assertRejected(verify(bearer(misnamed)), 'AccessDenied', 'matches none of the configured keys')
})

test('alg none, and a public key used as a shared secret, are refused', async () => {
  const { verify } = verifier()
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = encode({ sub: 'admin' })
  await assertRejected(verify(bearer(`${encode({ alg: 'none' })}.${claims}.`)), 'AccessDenied', 'the jwt is not valid')
  const signed = `${encode({ alg: 'HS256' })}.${claims}`
  const pem = rsa.publicKey.export({ format: 'pem', type: 'spki' })
  for (const secret of [pem, JSON.stringify(rsaKey)]) {
    const signature = createHmac('sha256', secret).update(signed).digest('base64url')
    await assertRejected(verify(bearer(`${signed}.${signature}`)), 'AccessDenied', 'the jwt is not valid')
  }
  const otherHash = await token({}, rsa.privateKey, { alg: 'PS256' })
  await assertRejected(verify(bearer(otherHash)), 'AccessDenied', 'the jwt is not valid')
})

test('expiry and not-before follow the clock', async () => {
  const clock = handClock()
  const { verify } = verifier({}, clock)
  const jwt = await token({ nbf: nowSeconds + 10, exp: nowSeconds + 20 })
  await assertRejected(verify(bearer(jwt)), 'AccessDenied', 'its time has not come yet')
  clock.advance(10_000)
  await verify(bearer(jwt))
  clock.advance(10_000)
  await assertRejected(verify(bearer(jwt)), 'AccessDenied', 'it has expired')
})

test('missing, malformed and oversized tokens are refused', async () => {
  const { verify } = verifier({ tokenLookup: 'header:Authorization:Bearer,cookie:token' })
  await assertRejected(verify(request()), 'AccessDenied', `send it in header 'authorization', cookie 'token'`)
  const basic = request({ headers: { authorization: 'Basic abc' } })
  await assertRejected(verify(basic), 'AccessDenied', 'the jwt is missing')
  await assertRejected(verify(bearer('abc')), 'AccessDenied', 'it is malformed')
  await assertRejected(verify(bearer('a'.repeat(8193))), 'AccessDenied', 'longer than 8192 characters')
  const jwt = await token({})
  await assertRejected(verify(bearer(jwt.slice(0, -4))), 'AccessDenied', 'the jwt is not valid')
})

test('no text ends in anything but an FcError', async () => {
  const { verify } = verifier()
  const parts = fc.array(fc.oneof(fc.base64String(), fc.constant('e30'), fc.string()), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(parts, async (texts) => {
      await assert.rejects(verify(bearer(texts.join('.'))), FcError)
    }),
    { numRuns: 100 },
  )
})

test('tokens are found in header, cookie, query and form, the first place that holds one counts', async () => {
  const { verify, usesForm } = verifier({ tokenLookup: 'header:X-Token,cookie:t,query:token,form:token' })
  assert.equal(usesForm, true)
  const jwt = await token({})
  await verify(request({ headers: { 'x-token': jwt } }))
  await verify(request({ headers: { cookie: `a=1; t=${jwt}; b=2` } }))
  await verify(request({ query: `a=1&token=${jwt}` }))
  await verify(request({ form: `token=${jwt}&a=1` }))
  const wrongFirst = request({ headers: { 'x-token': 'wrong' }, query: `token=${jwt}` })
  await assertRejected(verify(wrongFirst), 'AccessDenied', 'it is malformed')
  const twice = request({ query: `token=${jwt}&token=${jwt}` })
  await assertRejected(verify(twice), 'AccessDenied', `the query parameter 'token' holds more than one jwt`)
})

test('claims replace what the client sent under their names', async () => {
  const claimPassBy =
    'header:name:X-Name,header:none:X-None,query:uid:uid,query:none:gone,cookie:role:role,form:uid:uid'
  const { verify, usesForm } = verifier({ claimPassBy })
  assert.equal(usesForm, true)
  const jwt = await token({ name: 'Zoë', uid: 7, role: 'a;b' })
  const passed = await verify({
    path: '/',
    query: 'uid=1&%75id=2&gone=3&x=%20y',
    headers: { authorization: `Bearer ${jwt}`, 'x-name': 'admin', 'x-none': 'admin', cookie: 'role=admin; c=1' },
    form: 'a=b&uid=9',
  })
  assert.deepEqual(passed, {
    headers: { 'x-name': Buffer.from('Zoë').toString('latin1'), 'x-none': null, cookie: 'c=1; role=a%3Bb' },
    query: 'x=%20y&uid=7',
    form: 'a=b&uid=7',
  })
})

test('a claim cannot break out of its header', async () => {
  const { verify } = verifier({ claimPassBy: 'header:name:x-name' })
  const jwt = await token({ name: 'a\r\nx-admin: 1' })
  await assertRejected(verify(bearer(jwt)), 'AccessDenied', `the claim 'name' of the jwt has control characters`)
})

test('only own claims are passed', async () => {
  const { verify } = verifier({ claimPassBy: 'header:constructor:x-a,header:roles:x-roles' })
  const passed = await verify(bearer(await token({ roles: ['a', 'b'] })))
  assert.deepEqual(passed.headers, { 'x-a': null, 'x-roles': '["a","b"]' })
})

test('exempt paths pass without a token', async () => {
  const { verify } = verifier({ whitelist: ['/login'] })
  await verify(request({ path: '/login', query: 'a' }))
  await assertRejected(verify(request({ path: '/' })), 'AccessDenied', 'the jwt is missing')
})
