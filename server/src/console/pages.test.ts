import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { FcError } from '../errors.ts'
import { createPages } from './pages.ts'

interface Got {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

async function serve(t: TestContext, files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-pages-'))
  await mkdir(join(folder, 'assets'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const pages = createPages(folder)
  const server = createServer((request, response) => {
    pages(request.url!.slice(1), request, response).catch((error: FcError) => {
      response.writeHead(error.status, { 'x-code': error.code }).end(error.message)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  return async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> => {
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`, { method, headers })
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() }
  }
}

const BUILT = {
  'index.html': '<!doctype html>whole',
  'assets/index-abc.js': 'script()',
  'favicon.svg': '<svg/>',
  '.stamp': 'secret of the setup',
}

test('every path of the page gets the first page, with a policy that lets only our files run', async (t) => {
  const get = await serve(t, BUILT)
  for (const path of ['', 'functions/f', 'buckets/b/photo.png', 'no-such.json', '.stamp', 'index.html.br']) {
    const { status, headers, text } = await get(path)
    assert.equal(status, 200)
    assert.equal(text, BUILT['index.html'], path)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-cache')
    const policy = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assert.ok(policy.includes(part), part)
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
  }
})

test('assets are kept for ever, others are asked for again and not sent when known', async (t) => {
  const get = await serve(t, BUILT)
  const asset = await get('assets/index-abc.js')
  assert.equal(asset.text, 'script()')
  assert.equal(asset.headers['content-type'], 'text/javascript; charset=utf-8')
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal((await get('favicon.svg')).headers['content-type'], 'image/svg+xml')
  const first = await get('')
  const again = await get('functions', { 'if-none-match': `"other", W/${first.headers['etag']}` })
  assert.deepEqual([again.status, again.text], [304, ''])
  assert.ok(again.headers['content-security-policy'])
  assert.equal((await get('', {}, 'HEAD')).headers['content-length'], String(BUILT['index.html'].length))
})

test('what was compressed at the build is sent to whoever takes it, each form under its own tag', async (t) => {
  const get = await serve(t, { ...BUILT, 'assets/index-abc.js.br': 'brotli', 'assets/index-abc.js.gz': 'gzip' })
  // The client of the test does not decode what it asked for by hand, since it is not compressed at all.
  const encodingFor = async (accepted: string) => {
    const { headers } = await get('assets/index-abc.js', { 'accept-encoding': accepted }, 'HEAD')
    assert.equal(headers['vary'], 'Accept-Encoding')
    return [headers['content-encoding'], headers['etag']]
  }
  const [[br, brTag], [gzip, gzipTag], [none, tag]] = [
    await encodingFor('gzip, deflate, br;q=0.9'),
    await encodingFor('gzip'),
    await encodingFor('br;q=0, identity'),
  ] as const
  assert.deepEqual([br, gzip, none], ['br', 'gzip', undefined])
  assert.equal(new Set([brTag, gzipTag, tag]).size, 3)
})

test('a file that is not there is not taken for a page when it is an asset, and paths do not lead out', async (t) => {
  const get = await serve(t, BUILT)
  for (const path of ['assets/gone.js', 'assets/..%2f..%2fetc', 'assets/..', 'assets/../../package.json']) {
    const { text } = await get(path)
    assert.doesNotMatch(text, /dependencies/)
  }
  assert.equal((await get('assets/gone.js')).headers['x-code'], 'PathNotSupported')
  const posted = await get('', {}, 'POST')
  assert.deepEqual([posted.status, posted.headers['x-code']], [405, 'MethodNotAllowed'])
})

test('without a build the answer says what makes one', async (t) => {
  const { status, text } = await (await serve(t, {}))('')
  assert.equal(status, 503)
  assert.match(text, /npm start/)
})
