/** What is meant to confuse, exhaust or outwit the object service: each is refused, and the next request answered. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { signV1Header, type ClientRequest } from '../../src/objects/wire/auth/test-support.ts'
import { exchange, type Answer } from '../support/platform.ts'
import { startObjects, type ObjectsForTests } from '../support/objects.ts'

const IDLE_MS = 400
const EVENT_MS_MAX = 10_000

let objects: ObjectsForTests

before(async () => {
  objects = await startObjects({ idleMs: IDLE_MS })
  assert.equal((await send('PUT', '')).status, 200)
})
after(() => objects.close())
afterEach(() => assert.deepEqual(objects.defects, [], 'the service made no mistakes of its own'))

interface Parts {
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Buffer | string
}

/** Signed; `key` decoded. */
function send(method: string, key: string, { query = {}, headers = {}, body = '' }: Parts = {}): Promise<Answer> {
  const { url, headers: signed } = signV1Header({ method, bucket: 'pictures', key, query, headers })
  return exchange({ host: '127.0.0.1', port: objects.port, method, path: url, headers: signed }, body)
}

/** Head and body as bytes; everything that comes back until the connection ends. */
async function sendRaw(...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(objects.port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => {})
  for (const piece of pieces) socket.write(piece)
  await once(socket, 'close')
  return text
}

function headOf(request: ClientRequest, more: Record<string, string> = {}): string {
  const { method, url, headers } = signV1Header(request)
  const lines = Object.entries({ host: 'oss.test', ...headers, ...more }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`
}

const put = (key: string): ClientRequest => ({ method: 'PUT', bucket: 'pictures', key, query: {}, headers: {} })
const codeIn = (text: string) => /<Code>(\w+)<\/Code>/.exec(text)?.[1]

async function eventually(holds: () => boolean): Promise<void> {
  for (const until = Date.now() + EVENT_MS_MAX; !holds(); await pause(10))
    assert.ok(Date.now() < until, 'never came true')
}

const storedFiles = () =>
  readdirSync(join(objects.folder, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())

test('a bucket that is not there is not there for readers without a key either', async () => {
  for (const path of ['/favicon.ico', '/nobody', '/nobody/page', '/pictures/nothing']) {
    const answer = await exchange({ host: '127.0.0.1', port: objects.port, method: 'GET', path }, '')
    assert.match(String(answer.status), /^40[034]$/, path)
  }
})

test('keys that look like ways out of a folder are keys', async () => {
  for (const key of [
    '../../etc/passwd',
    '..',
    './.',
    'a/../../b',
    'a//b',
    'C:\\x',
    '%2e%2e/%00',
    'nul\u007f',
    '~root',
  ]) {
    assert.equal((await send('PUT', key, { body: key })).status, 200, key)
    assert.equal((await send('GET', key)).text, key)
    assert.equal((await send('DELETE', key)).status, 204)
  }
})

test('what cannot be a key is refused', async () => {
  for (const key of ['/leading', '\\leading', 'nul\0', 'k'.repeat(1024), 'ü'.repeat(512)]) {
    const answer = await send('PUT', key, { body: 'x' })
    assert.deepEqual([answer.status, codeIn(answer.text)], [400, 'InvalidObjectName'], key)
  }
  for (const path of ['/pictures/%', '/pictures/%c0%ae', '/pictures/%ff', '*', 'x']) {
    const answer = await exchange({ host: '127.0.0.1', port: objects.port, method: 'GET', path })
    assert.equal(answer.status, 400, path)
  }
  const twice = await exchange({ host: '127.0.0.1', port: objects.port, method: 'GET', path: '/pictures/k?acl&acl' })
  assert.equal(codeIn(twice.text), 'InvalidArgument')
})

test('no value becomes a header of its own', async () => {
  const evil = 'a\r\nx-evil: 1\r\n\r\n<script>'
  const link = await send('PUT', 'link', {
    query: { symlink: '' },
    headers: { 'x-oss-symlink-target': 'a%0D%0Ax-evil%3A%201' },
  })
  assert.equal(link.status, 200)
  await send('PUT', 'header', { body: 'x' })
  for (const name of ['response-content-type', 'response-content-disposition', 'response-expires']) {
    const answer = await send('GET', 'header', { query: { [name]: evil } })
    assert.deepEqual([answer.status, answer.headers['x-evil'], answer.text], [200, undefined, 'x'], name)
  }
  const shown = await send('GET', 'link', { query: { symlink: '' } })
  assert.deepEqual(
    [shown.headers['x-evil'], shown.headers['x-oss-symlink-target']],
    [undefined, 'a%0D%0Ax-evil%3A%201'],
  )
  const text = await sendRaw(
    headOf(put('meta'), { 'x-oss-meta-a': 'b\u0001c', 'content-length': '0', connection: 'close' }),
  )
  assert.match(text, /^HTTP\/1\.1 400 /)
})

test('XML that would grow, nest or lie is refused at once', async () => {
  const remove = (body: string) => send('POST', '', { query: { delete: '' }, body })
  const laughs = `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1000)}">]><Delete>${'<Object><Key>&a;</Key></Object>'.repeat(900)}</Delete>`
  for (const body of [
    laughs,
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Delete><Object><Key>&a;</Key></Object></Delete>',
    `<Delete>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</Delete>`,
    `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>`,
    `<Delete><Object><Key>${'x'.repeat(3 * 1024 * 1024)}</Key></Object></Delete>`,
    '<Delete><Object><VersionId>v</VersionId></Object></Delete>',
    '',
  ]) {
    const answer = await remove(body)
    assert.deepEqual([answer.status, codeIn(answer.text)], [400, 'MalformedXML'], body.slice(0, 60))
  }
})

test('a body that is shorter than announced, or breaks off, leaves nothing', async () => {
  const before = storedFiles().length
  const socket = connect(objects.port, '127.0.0.1')
  socket.write(headOf(put('half'), { 'content-length': '1000000' }))
  socket.write(Buffer.alloc(300_000))
  await eventually(() => storedFiles().length > before)
  socket.destroy()
  await eventually(() => storedFiles().length === before)
  const chunked = connect(objects.port, '127.0.0.1')
  chunked.write(headOf(put('half'), { 'transfer-encoding': 'chunked' }))
  chunked.write(`40000\r\n${'x'.repeat(0x40000)}\r\n`)
  await eventually(() => storedFiles().length > before)
  chunked.destroy()
  await eventually(() => storedFiles().length === before)
  assert.equal((await send('HEAD', 'half')).status, 404)
})

test('bytes beyond the announced length are no part of the object, and end the connection', async () => {
  await sendRaw(headOf(put('longer'), { 'content-length': '3' }), 'abc<beyond>\r\n\r\n')
  // Whoever sends more may not hear of what was whole.
  const { status, text } = await send('GET', 'longer')
  assert.ok(status === 404 || text === 'abc', text)
})

test('what is no HTTP, or two lengths at once, is refused in the form of all errors', async () => {
  for (const head of [
    'nonsense\r\n\r\n',
    `PUT /pictures/k HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `GET /pictures/k HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
    `PUT /pictures/k HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc`,
  ]) {
    const text = await sendRaw(head)
    assert.match(
      text,
      /^HTTP\/1\.1 400 [^]*content-type: application\/xml[^]*<Code>BadRequest<\/Code>/i,
      head.slice(0, 80),
    )
  }
})

test('a client that falls silent within its body is told, and nothing is kept', async () => {
  const before = storedFiles().length
  const text = await sendRaw(headOf(put('slow'), { 'content-length': '1000' }), 'x'.repeat(10))
  assert.match(text, /^HTTP\/1\.1 400 [^]*<Code>RequestTimeout<\/Code>/)
  await eventually(() => storedFiles().length === before)
  assert.equal((await send('HEAD', 'slow')).status, 404)
})

test('a client that asks first is answered before it sends, and refused without its body', async () => {
  const ask = { 'content-length': '5', expect: '100-continue', connection: 'close' }
  const refused = await sendRaw(headOf(put('/bad'), ask))
  assert.match(refused, /^HTTP\/1\.1 400 /)
  assert.ok(!refused.includes('100 Continue'))
  const socket = connect(objects.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (text === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write('hello')
  })
  socket.write(headOf(put('asked'), ask))
  await once(socket, 'close')
  assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
})

test('a large body that is refused is read to its end, so that the client hears why', async () => {
  const answer = await send('PUT', 'k'.repeat(1024), { body: Buffer.alloc(8 * 1024 * 1024) })
  assert.equal(codeIn(answer.text), 'InvalidObjectName')
})

test('a reader that leaves, or does not read, holds no file for long', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc to see open files')
  const body = Buffer.alloc(32 * 1024 * 1024, 'x')
  assert.equal((await send('PUT', 'large', { body })).status, 200)
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes(join(objects.folder, 'blobs'))
      } catch {
        return false
      }
    }).length
  const get = { ...put('large'), method: 'GET' }
  const leaving = connect(objects.port, '127.0.0.1')
  leaving.write(headOf(get))
  await once(leaving, 'readable')
  assert.equal(openFiles(), 1)
  leaving.destroy()
  await eventually(() => openFiles() === 0)
  const idle = connect(objects.port, '127.0.0.1')
  idle.write(headOf(get))
  await once(idle, 'readable')
  await eventually(() => openFiles() === 0)
  idle.destroy()
})

test('curl uploads and downloads by signed URLs, in parts and whole', async (context) => {
  const curl = promisify(execFile)
  const has = await curl('curl', ['--version']).then(
    () => true,
    () => false,
  )
  if (!has) return context.skip('there is no curl on this machine')
  const url = `http://127.0.0.1:${objects.port}`
  const signed = (request: ClientRequest) => {
    const { url: path, headers } = signV1Header(request)
    const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
    return ['-sS', '--fail-with-body', ...sent, `${url}${path}`]
  }
  // Larger than what curl sends without asking first.
  const file = join(import.meta.dirname, '..', '..', '..', 'package-lock.json')
  await curl('curl', ['-T', file, ...signed(put('by curl/ü'))])
  const get = { ...put('by curl/ü'), method: 'GET' }
  const { stdout } = await curl('curl', ['-r', '0-9', ...signed(get)])
  assert.equal(stdout, '{\n  "name"')
  const { stdout: head } = await curl('curl', ['-I', ...signed({ ...get, method: 'HEAD' })])
  assert.match(head, /x-oss-object-type: Normal/)
})
