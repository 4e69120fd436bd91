import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbackBody, callbackStringToSign, readCallback, readCallbackVariables } from './callback-request.ts'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const callback = (more: object, variables = new Map<string, string>()) =>
  readCallback(encoded({ callbackUrl: 'app.example', callbackBody: 'b=${bucket}', ...more }), variables)!

test('the example of the documentation is filled in', () => {
  const body =
    'bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&mimeType=${mimeType}&imageInfo.height=${imageInfo.height}&x:var1=${x:var1}'
  const request = callback({ callbackBody: body }, readCallbackVariables(encoded({ 'x:var1': 'for-callback-test' })))
  const values = { bucket: 'callback-test', object: 'test.txt', etag: 'D8E8', size: 5, mimeType: 'text/plain' }
  assert.equal(
    callbackBody(request, values),
    'bucket=callback-test&object=test.txt&etag=D8E8&size=5&mimeType=text%2Fplain&imageInfo.height=&x:var1=for-callback-test',
  )
})

test('values are encoded for the type of the body, so that none of them ends its place', () => {
  const variables = new Map([['x:v', 'a&b="c"']])
  const body = '{"o":${object},"s":${size},"v":${x:v},"none":${x:none}}'
  const json = callback({ callbackBody: body, callbackBodyType: 'application/json' }, variables)
  assert.deepEqual(JSON.parse(callbackBody(json, { object: '"}', size: 3 })), { o: '"}', s: 3, v: 'a&b="c"', none: '' })
  const form = callback({ callbackBody: 'v=${x:v}&o=${object}' }, variables)
  assert.equal(callbackBody(form, { object: '${bucket}' }), 'v=a%26b%3D%22c%22&o=%24%7Bbucket%7D')
})

test('URLs may leave out their protocol, and there may be five of them', () => {
  const { urls } = callback({ callbackUrl: 'app.example:8080/a;https://b.example' })
  assert.deepEqual(urls.map(String), ['http://app.example:8080/a', 'https://b.example/'])
  assert.equal(readCallback(encoded({ callbackUrl: '' }), new Map()), null)
})

test('what is signed has the path decoded and the query as it is', () => {
  assert.equal(callbackStringToSign(new URL('http://a/b%20c?d=%20e'), 'body'), '/b c?d=%20e\nbody')
})

test('what could not be sent is refused before anything is stored', () => {
  for (const more of [
    { callbackUrl: 'a;b;c;d;e;f' },
    { callbackUrl: '10.101.166.30:test' },
    { callbackUrl: 'a/%zz' },
    { callbackBody: '' },
    { callbackBody: '${unknown}' },
    { callbackBodyType: 'text/plain' },
    { callbackHost: 'a b' },
  ]) {
    assert.throws(() => callback(more), /callback configuration is not valid/, JSON.stringify(more))
  }
  assert.throws(() => readCallback('%%%', new Map()), /Base64 of a JSON object/)
  assert.throws(() => readCallback('A'.repeat(6000), new Map()), /larger than/)
  for (const variables of [{ v: '1' }, { 'x:V': '1' }, { 'x:v': 1 }]) {
    assert.throws(() => readCallbackVariables(encoded(variables)), /callback-var configuration is not valid/)
  }
})
