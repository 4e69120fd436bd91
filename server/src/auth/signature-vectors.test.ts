/** The published test vectors of the four signatures: key id `testak`, secret `testsk`. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { readAcs3 } from './acs3-signature.ts'
import { readSignedUrl } from './fc-signature.ts'
import { readTarget } from './request-target.ts'
import { signAcs3 } from './sign-acs3.ts'
import { ACCOUNT_ID, HOST, KEY, NOW_HTTP, NOW_MS, makeAuthenticator } from './test-support.ts'
import type { SignedRequest } from './port.ts'

const ACCOUNT = { principal: { kind: 'account', accountId: ACCOUNT_ID }, bodySha256: null }

test('V1: an FC signature over a management call', () => {
  const body = '{"serviceName":"svc","description":"d"}'
  const md5 = Buffer.from(hash('md5', body)).toString('base64')
  assert.equal(md5, 'NzE4NmFlMjgzOGJhZmFjNjczODY5NzBhNDFiNDU3ZmI=')
  const request = {
    method: 'POST',
    url: '/2016-08-15/services',
    headers: {
      authorization: 'FC testak:dqFoEp5lJMDnjb3QnLGb9LUwvp9b+BxFjJiZg8sPaTU=',
      date: NOW_HTTP,
      'content-type': 'application/json',
      'content-md5': md5,
      'x-fc-account-id': ACCOUNT_ID,
    },
  }
  assert.deepEqual(makeAuthenticator().authenticate(request), ACCOUNT)
})

const triggerHeaders = { date: NOW_HTTP, 'x-fc-account-id': ACCOUNT_ID, 'x-fc-trace-id': 't-1' }

test('V2: an FC signature over an HTTP trigger, repeated and empty parameters included', () => {
  const request = {
    method: 'GET',
    url: '/2016-08-15/proxy/svc.LATEST/fn/a%20b/c?a=2&a=1&b=x%20y&empty=',
    headers: { ...triggerHeaders, authorization: 'FC testak:lbmKO5CFWwouC600lYDcf7HggkcGk/xtcLXVxLvLVz8=' },
  }
  assert.deepEqual(makeAuthenticator().authenticate(request), ACCOUNT)
})

test('V2b: an FC signature over an HTTP trigger without a query', () => {
  const request = {
    method: 'GET',
    url: '/2016-08-15/proxy/svc/fn/',
    headers: { ...triggerHeaders, authorization: 'FC testak:s5JKmj/Tx2r2QzSv1CtY6HGRWBP+ieIvGquafXsoHFg=' },
  }
  assert.deepEqual(makeAuthenticator().authenticate(request), ACCOUNT)
})

test('V3: an ACS3 signature with a body', () => {
  const body = '{"code":{"zipFile":"UEs="},"functionName":"fn","handler":"index.handler","runtime":"nodejs20"}'
  const bodySha256 = hash('sha256', body)
  assert.equal(bodySha256, '916f87c19f655af261b4389c115e6e2cc206c1f6cb36e26bcb5e08500acf9492')
  const signed = {
    method: 'POST',
    url: '/2023-03-30/functions',
    host: HOST,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-acs-action': 'CreateFunction',
      'x-acs-version': '2023-03-30',
      'x-acs-credentials-provider': 'static_ak',
    },
    bodySha256,
  }
  const headers = signAcs3(signed, KEY, 'nonce-1', NOW_MS)
  assert.equal(
    headers['authorization'],
    'ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=content-type;host;x-acs-action;x-acs-content-sha256;' +
      'x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,' +
      'Signature=9e56bd51f91a572832a121c698395088a9d16bfb0518b7b0ee5aca4dae4825d9',
  )
  const accepted = makeAuthenticator().authenticate({ method: signed.method, url: signed.url, headers })
  assert.deepEqual(accepted, { ...ACCOUNT, bodySha256 })
})

test('V4: an ACS3 signature with a query and a security token', () => {
  const request: SignedRequest = {
    method: 'GET',
    url: '/2023-03-30/functions?prefix=a%20b%2A&limit=2',
    headers: {
      host: HOST,
      'x-acs-action': 'ListFunctions',
      'x-acs-version': '2023-03-30',
      'x-acs-date': '2030-01-01T00:00:00Z',
      'x-acs-signature-nonce': 'nonce-2',
      'x-acs-accesskey-id': 'STS.ak',
      'x-acs-security-token': 'tok',
      'x-acs-content-sha256': hash('sha256', ''),
    },
  }
  const authorization =
    'ACS3-HMAC-SHA256 Credential=STS.ak,SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;' +
    'x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,' +
    'Signature=3d7aaa223af927eb0abf84b83e8b0e4c8cbdf381b298a80aa5237003bf44cd86'
  const proof = readAcs3(request, readTarget(request.url), authorization, NOW_MS)
  assert.equal(proof.securityToken, 'tok')
  assert.equal(proof.matches('testsk'), true)
  assert.equal(proof.matches('testsl'), false)
})

test('V5: a ROA signature', () => {
  const request = {
    method: 'GET',
    url: '/a/b?z=1&a=x%20y',
    headers: {
      authorization: 'acs testak:ZWkECPSM0fSV9VCVusVN1u+p5Kk=',
      accept: 'application/json',
      'content-type': 'application/json',
      date: NOW_HTTP,
      'x-acs-foo': 'bar',
    },
  }
  assert.deepEqual(makeAuthenticator().authenticate(request), ACCOUNT)
})

test('the signed URL of the Go client: its parameters take part, a security token among them', () => {
  const request = {
    method: 'GET',
    url:
      '/2016-08-15/proxy/service.LATEST/func/abc%20123?x=xyz&x=456&a=123+45&x-fc-expires=1583221068' +
      '&x-fc-access-key-id=akID&x-fc-security-token=stsToken' +
      '&x-fc-signature=QFdNhz0Dl%2BonUM%2FMvpX940WFH3H8OHayZHbby1c01aI%3D',
    headers: {
      'x-fc-trace-id': 'trace-id',
      'content-type': 'text/json',
      'content-md5': 'ef5b43a0fe1d5b401b62c3ba33a7a3d6',
    },
  }
  const proof = readSignedUrl(request, readTarget(request.url), 1583221068 * 1000)
  assert.equal(proof?.accessKeyId, 'akID')
  assert.equal(proof.securityToken, 'stsToken')
  assert.equal(proof.matches('S9MWOBG0AOWHSO9HPASP216QOPHT5YR4NLH3A'), true)
})
