import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseXml } from '../xml.ts'
import { corsHeaders, readCors } from './cors-rules.ts'

const rule = (content: string) => `<CORSRule>${content}</CORSRule>`
const configuration = (content: string) =>
  readCors(parseXml(`<CORSConfiguration>${content}</CORSConfiguration>`, 'CORSConfiguration'))
const anyone = rule('<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>')
const known = rule(
  '<AllowedOrigin>http://a.example</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader>' +
    '<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>10</MaxAgeSeconds>',
)

test('the first rule that lets a request through gives its headers', () => {
  const rules = configuration(anyone + known)
  assert.deepEqual(corsHeaders(rules, { origin: 'http://a.example', method: 'PUT', headers: ['X-Oss-Meta-A'] }), {
    'access-control-allow-origin': 'http://a.example',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'X-Oss-Meta-A',
    'access-control-expose-headers': 'ETag',
    'access-control-max-age': '10',
    vary: 'Origin',
  })
  assert.deepEqual(corsHeaders(rules, { origin: 'http://b.example', method: 'GET', headers: [] }), {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
  })
})

test('another origin, method or header is not let through', () => {
  const rules = configuration(known)
  for (const request of [
    { origin: 'http://b.example', method: 'PUT', headers: [] },
    { origin: 'http://a.example', method: 'GET', headers: [] },
    { origin: 'http://a.example', method: 'PUT', headers: ['authorization'] },
    { origin: 'http://a.example.evil', method: 'PUT', headers: [] },
  ]) {
    assert.equal(corsHeaders(rules, request), null)
  }
})

test('rules that could not be meant are refused', () => {
  const cases: [string, RegExp][] = [
    ['', /1 to 20 CORSRules/],
    [anyone.repeat(21), /1 to 20 CORSRules/],
    [rule('<AllowedMethod>GET</AllowedMethod>'), /needs an AllowedOrigin/],
    [rule('<AllowedOrigin>*</AllowedOrigin>'), /needs an AllowedMethod/],
    [rule('<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>'), /not 'PATCH'/],
    [rule('<AllowedOrigin>*.*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>'), /more than one \*/],
    [anyone.replace('</CORSRule>', '<ExposeHeader>*</ExposeHeader></CORSRule>'), /ExposeHeader/],
    [anyone.replace('</CORSRule>', '<MaxAgeSeconds>-1</MaxAgeSeconds></CORSRule>'), /MaxAgeSeconds/],
  ]
  for (const [content, message] of cases) assert.throws(() => configuration(content), message)
})
