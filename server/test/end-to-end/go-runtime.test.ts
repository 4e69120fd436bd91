/** `go1` through the whole platform, in both kinds of sandboxes. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buildGo } from '../runtimes/go-build.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeOf, linesOf } from './http-support.ts'

const built = buildGo(join(import.meta.dirname, '../runtimes/handlers/go'))
const program = 'program' in built ? readFileSync(built.program) : Buffer.alloc(0)
if ('program' in built) after(() => rmSync(dirname(built.program), { recursive: true }))
const config = { runtime: 'go1', handler: 'main', instanceConcurrency: 5, memorySize: 512 }
const canIsolate = process.platform === 'linux' && process.getuid?.() === 0

/** Tries addresses of the runtime API, as a function that would like to be another one. */
const PROWLER = `
  const http = require('http')
  exports.handler = (event) => new Promise((resolve) => {
    const request = http.get(event.toString(), (response) => resolve(String(response.statusCode)))
    request.on('error', (error) => resolve(error.code))
    request.setTimeout(1500, () => { request.destroy(); resolve('silence') })
  })`

for (const sandbox of ['process', 'oci']) {
  const lacking = sandbox === 'oci' && !canIsolate ? 'containers need Linux and root' : false
  const skip = 'reason' in built ? built.reason : lacking
  describe(`go1, sandbox ${sandbox}`, { skip }, () => {
    let platform: TestPlatform
    before(async () => {
      platform = await startPlatform({ SLUICE_SANDBOX: sandbox })
      await platform.deploy('program', { main: program }, config)
    })
    after(() => platform.stop())

    test('events, errors and the context', async () => {
      assert.equal((await platform.invoke('program', 'hello')).text, 'hello')
      const failed = await platform.invoke('program', 'error')
      assert.equal(failed.headers['x-fc-error-type'], 'HandledInvocationError')
      assert.deepEqual(failed.json(), { errorMessage: 'no such order', errorType: 'OrderRefused' })
      const context = (await platform.invoke('program', 'context')).json()
      assert.equal(context['function'], 'program')
      assert.match(String(context['key']), /^STS\./)
      assert.ok((await linesOf(platform, 'program')).some(({ text }) => text === 'booting'))
    })

    test('HTTP requests of 2.0 and of 3.0', async () => {
      const recent = await platform.deploy('recent', { main: program }, { ...config, http: true })
      const answer = await platform.send('POST', '/', { host: recent.host, body: 'body' })
      assert.deepEqual([answer.status, answer.headers['x-name'], answer.text], [201, 'a', 'hello body'])
      await platform.deploy('old', { main: program }, { ...config, service: 's', http: true })
      const old = await platform.send('POST', '/2016-08-15/proxy/s/old/a%20b', { body: 'body' })
      assert.deepEqual([old.status, old.headers['x-name'], old.text], [201, 'a', 'hello /a b body'])
    })

    test('a binary that is missing, or exits, is told', async () => {
      await platform.deploy('missing', { main: program }, { ...config, handler: 'other' })
      assert.deepEqual(codeOf(await platform.invoke('missing')), [412, 'CAFileNotFound'])
      const exited = await platform.invoke('program', 'exit')
      assert.equal(exited.json()['cause'], 'exit code 7')
      assert.equal((await platform.invoke('program', 'again')).text, 'again')
    })

    if (sandbox === 'oci') {
      test('the runtime API is no way to the calls of another function', async () => {
        await platform.deploy('prowler', { 'index.js': PROWLER }, { timeout: 10 })
        const at = (path: string) =>
          platform.invoke('prowler', `http://sluice.internal:${platform.port + 6}${path}`).then(({ text }) => text)
        assert.equal(await at('/2020-11-11/runtime/invocation/next'), '404')
        assert.equal(await at(`/${'a'.repeat(32)}/2020-11-11/runtime/invocation/next`), '404')
      })
    }
  })
}
