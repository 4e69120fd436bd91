'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const YAML = require('yaml')

const FOLDER = path.join(__dirname, '..', 'samples')
const names = ['hello-nodejs', 'hello-python', 'image-resizer']
const resizerFolder = path.join(FOLDER, 'image-resizer')
const resizer = require(resizerFolder)
const sharp = require(path.join(resizerFolder, 'node_modules', 'sharp'))

/** Calls a handler as an HTTP trigger does. */
function request(handler, { method = 'GET', query = {}, headers = {}, body = Buffer.alloc(0) } = {}) {
  const event = {
    version: 'v1',
    rawPath: '/',
    headers,
    queryParameters: query,
    body: body.toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'r-1', http: { method, path: '/' } },
  }
  return handler(Buffer.from(JSON.stringify(event)), { requestId: 'r-1' })
}

const resize = (options) => request(resizer.handler, options)
const imageOf = (answer) => sharp(Buffer.from(answer.body, 'base64')).metadata()

test('the s.yaml of each sample names a handler that is there and a trigger that anybody may call', () => {
  for (const name of names) {
    const { resources } = YAML.parse(readFileSync(path.join(FOLDER, name, 's.yaml'), 'utf8'))
    const [{ component, props }] = Object.values(resources)
    assert.equal(component, 'fc3')
    assert.equal(props.functionName, name)
    const [file, handler] = props.handler.split('.')
    const source = path.join(FOLDER, name, `${file}.${props.runtime.startsWith('python') ? 'py' : 'js'}`)
    assert.match(readFileSync(source, 'utf8'), new RegExp(`(exports\\.|def )${handler}\\b`))
    assert.deepEqual(
      props.triggers.map(({ triggerType, triggerConfig }) => [triggerType, triggerConfig.authType]),
      [['http', 'anonymous']],
    )
  }
})

test('hello-nodejs answers events with a value and HTTP requests with a response', async () => {
  const { handler } = require(path.join(FOLDER, 'hello-nodejs'))
  const context = { requestId: 'r-1' }
  assert.equal((await handler(Buffer.from('{"name":"Ada"}'), context)).message, 'Hello, Ada!')
  assert.equal((await handler(Buffer.alloc(0), context)).message, 'Hello, world!')
  const answer = await request(handler, { query: { name: 'Ada' } })
  assert.equal(answer.statusCode, 200)
  assert.equal(JSON.parse(answer.body).message, 'Hello, Ada!')
})

test('image-resizer resizes its photograph and converts it to every format', async () => {
  for (const [format, written] of [
    ['webp', 'webp'],
    ['jpeg', 'jpeg'],
    ['png', 'png'],
    ['avif', 'heif'],
  ]) {
    const answer = await resize({ query: { width: '160', format } })
    assert.equal(answer.headers['Content-Type'], `image/${format}`)
    const { width, format: found } = await imageOf(answer)
    assert.deepEqual({ width, found }, { width: 160, found: written })
  }
})

test('image-resizer chooses the format by the Accept header when none is asked for', async () => {
  const browser = await resize({ query: { width: '32' }, headers: { Accept: 'image/webp,*/*' } })
  assert.equal(browser.headers['Content-Type'], 'image/webp')
  assert.equal((await resize({ query: { width: '32' } })).headers['Content-Type'], 'image/jpeg')
})

test('image-resizer lets its answers be cached and answers 304 to who has them', async () => {
  const first = await resize({ query: { width: '32' } })
  assert.match(first.headers['Cache-Control'], /max-age=\d+/)
  const again = await resize({ query: { width: '32' }, headers: { 'If-None-Match': first.headers.ETag } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
  const other = await resize({ query: { width: '33' }, headers: { 'If-None-Match': first.headers.ETag } })
  assert.equal(other.statusCode, 200)
})

test('image-resizer resizes the image that is posted to it', async () => {
  const body = await sharp({ create: { width: 64, height: 32, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  const answer = await resize({ method: 'POST', body, query: { width: '16', format: 'png' } })
  const { width, height } = await imageOf(answer)
  assert.deepEqual({ width, height }, { width: 16, height: 8 })
  assert.equal(answer.headers['Cache-Control'], 'no-store')
})

test('image-resizer names what is wrong with a request', async () => {
  const wrong = [
    [{ query: { width: '0' } }, 400, /width must be a whole number from 1 to 4096/],
    [{ query: { width: '9999' } }, 400, /width/],
    [{ query: { width: '1,2' } }, 400, /width/],
    [{ query: { format: 'gif' } }, 400, /format must be one of avif, webp, jpeg, png/],
    [{ query: { quality: '101' } }, 400, /quality/],
    [{ query: { size: '1' } }, 400, /size is not a parameter/],
    [{ method: 'POST' }, 400, /body must be an image/],
    [{ method: 'POST', body: Buffer.from('not an image') }, 400, /not an image that can be read/],
    [
      { method: 'POST', body: readFileSync(path.join(resizerFolder, 'photo.jpg')).subarray(0, 9000) },
      400,
      /not an image/,
    ],
    [{ method: 'DELETE' }, 405, /GET, HEAD or POST/],
  ]
  for (const [options, status, message] of wrong) {
    const answer = await resize(options)
    assert.equal(answer.statusCode, status, JSON.stringify(options.query))
    assert.match(JSON.parse(answer.body).error, message)
  }
})
