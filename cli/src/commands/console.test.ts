import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { failure, fakePlatform, fakeTerminal, sluice, temporaryFolder, type Answer } from '../../test/support.ts'
import { OPENER } from '../open-browser.ts'

const BODY = { ticket: 'o-nce_', url: 'http://faas.test:7800/console#ticket=o-nce_', expiresAtMs: 1_900_000_000_000 }

async function run(t: TestContext, argv: string[], more: Record<string, string> = {}, answer: Answer = { body: BODY }) {
  const asked: string[] = []
  const { port, environment } = await fakePlatform(t, ({ method, path, headers }) => {
    asked.push(`${method} ${path} ${headers.authorization === undefined ? 'unsigned' : 'signed'}`)
    return answer
  })
  const got = await sluice(['console', ...argv], fakeTerminal({ environment: { ...environment, ...more } }))
  return { ...got, asked, given: `http://127.0.0.1:${port}/console#ticket=o-nce_` }
}

test('the link is at the address that was given, alone on stdout', async (t) => {
  const { out, err, asked, given, code } = await run(t, [])
  assert.deepEqual(asked, ['POST /sluice/v1/console/tickets signed'])
  assert.deepEqual([code, out], [0, `${given}\n`])
  assert.match(err, /once/)
  const json = await run(t, ['--json'])
  assert.deepEqual(JSON.parse(json.out), { ...BODY, url: json.given })
})

test('without an address it is where the platform says that it is', async (t) => {
  const { port, environment } = await fakePlatform(t, () => ({ body: BODY }))
  const { SLUICE_ENDPOINT: _, ...rest } = environment
  const { out } = await sluice(['console'], fakeTerminal({ environment: { ...rest, SLUICE_PORT: String(port) } }))
  assert.equal(out, `${BODY.url}\n`)
})

test('--open hands the link to the desktop, and is told where there is none', async (t) => {
  const folder = temporaryFolder(t)
  const pipe = join(folder, 'opened')
  execFileSync('mkfifo', [pipe])
  await writeFile(join(folder, OPENER), `#!/bin/sh\nprintf %s "$1" > '${pipe}'\n`, { mode: 0o755 })
  const [opened, { out, given, code }] = await Promise.all([
    readFile(pipe, 'utf8'),
    run(t, ['--open'], { PATH: folder }),
  ])
  assert.deepEqual([code, opened, out], [0, given, `${given}\n`])
  const nobody = await run(t, ['--open'], { PATH: temporaryFolder(t) })
  assert.deepEqual([nobody.code, nobody.out], [0, `${nobody.given}\n`])
  assert.match(nobody.err, /^warning no browser was opened: .*ENOENT$/m)
})

test('who may not have a ticket hears why', async (t) => {
  const { code, out, err } = await run(t, [], {}, failure(403, 'AccessDenied', 'tickets are for the key pair'))
  assert.deepEqual([code, out], [4, ''])
  assert.match(err, /AccessDenied: tickets are for the key pair/)
})
