/** Promises of a sandbox about what a program cannot see or reach. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Promises } from './contract-scene.ts'

export const isolation: Promises = {
  'code cannot be changed from inside': async ({ agent, scratch }) => {
    const codeFolder = join(scratch, 'code')
    mkdirSync(codeFolder)
    const { code, evaluate } = await agent({ codeFolder })
    await assert.rejects(evaluate(`fs.writeFileSync('${code}/new.js', '')`))
  },

  'sandboxes do not share their temporary folders': async ({ agent }) => {
    const [a, b] = [await agent(), await agent()]
    await a.evaluate(`fs.writeFileSync('${a.sandbox.paths.temporary}/secret', 'a')`)
    assert.deepEqual(await b.evaluate(`fs.readdirSync('${b.sandbox.paths.temporary}')`), [])
  },

  'the host and its files are out of sight': async ({ agent, scratch }) => {
    const secret = join(scratch, 'secret')
    writeFileSync(secret, 'secret')
    const { evaluate } = await agent()
    assert.equal(existsSync(secret), true)
    assert.equal(await evaluate(`fs.existsSync('${secret}')`), false)
    assert.equal(await evaluate(`fs.existsSync('/etc/shadow')`), false)
  },

  'services of the host cannot be reached': async ({ agent }) => {
    const server = createServer((_, response) => response.end('reached')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const { evaluate } = await agent()
      await assert.rejects(evaluate(`fetch('http://127.0.0.1:${port}').then((response) => response.text())`))
    } finally {
      server.close()
    }
  },

  'other sandboxes are out of sight and out of reach': async ({ agent }) => {
    await agent({ environment: { SECRET: 'of a' } })
    const { evaluate } = await agent()
    const environments = `fs.readdirSync('/proc').filter(Number).map((pid) => {
        try { return fs.readFileSync('/proc/' + pid + '/environ', 'utf8') } catch { return '' }
      }).join()`
    assert.doesNotMatch(String(await evaluate(environments)), /of a/)
  },
}
