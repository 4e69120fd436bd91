/** Every template, as a user has it: made, built, deployed and called, on a real platform. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { exchange, startPlatform, type TestPlatform } from '../../server/test/support/platform.ts'
import { templates } from '../src/templates.ts'
import { fakeTerminal, shortBuilds, sluice } from './support.ts'

const BUILD_MS_MAX = 300_000

let platform: TestPlatform
let available: Map<string, string>
const folder = mkdtempSync(join(tmpdir(), 'sluice-templates-'))

before(async () => {
  platform = await startPlatform()
  const { runtimes } = (await platform.call('GET', '/sluice/v1/info')).json<{
    runtimes: { name: string; available: boolean; reason?: string }[]
  }>()
  available = new Map(runtimes.map(({ name, available, reason }) => [name, available ? '' : reason!]))
})
after(async () => {
  await platform.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Caches of package managers are the user's own, so that only a first build is slow. */
const environment = () => ({
  ...process.env,
  ...shortBuilds,
  SLUICE_PORT: String(platform.port),
  SLUICE_DATA_DIR: platform.dataDir,
  SLUICE_ENDPOINT: `http://127.0.0.1:${platform.port}`,
})

async function run(...argv: string[]): Promise<string> {
  const { code, out, err } = await sluice(argv, fakeTerminal({ folder, environment: environment() }))
  assert.equal(code, 0, `sluice ${argv.join(' ')}: ${out}${err}`)
  return out
}

/** Not every resolver knows that names under localhost are this machine: asked by its Host header instead. */
const get = (host: string, path: string) =>
  exchange({ port: platform.port, host: '127.0.0.1', path, headers: { host } })

const onPath = (program: string) =>
  (process.env['PATH'] ?? '').split(delimiter).some((place) => existsSync(join(place, program)))

/** Null when it works; else how the connection was refused. */
async function chat(host: string): Promise<string | null> {
  const page = await get(host, '/')
  assert.match(page.text, /<title>Chat<\/title>/)
  const open = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${platform.port}/`, { headers: { host } })
    const opened = await new Promise<string | null>((resolve, reject) => {
      socket.once('open', () => resolve(null))
      socket.once('unexpected-response', (_request, { statusCode }) => resolve(`HTTP ${statusCode}`))
      socket.once('error', reject)
    })
    return { socket, opened }
  }
  const first = await open()
  if (first.opened !== null) return first.opened
  const { socket: second } = await open()
  const heard = new Promise<string>((resolve) =>
    first.socket.once('message', (data: Buffer) => resolve(data.toString())),
  )
  second.send('hello')
  assert.equal(await heard, 'hello')
  first.socket.close()
  second.close()
  return null
}

for (const { name, runtime, build } of templates) {
  test(`the template ${name} deploys and answers`, { timeout: BUILD_MS_MAX }, async (t) => {
    const reason = available.get(runtime) ?? `this platform knows no ${runtime}`
    if (reason !== '') return t.skip(`${name}: ${reason}`)
    if (build !== '' && !onPath(build)) return t.skip(`${name}: ${build} is not installed`)
    await run('init', name, name)
    const { functions } = JSON.parse(await run('deploy', name, '--json')) as {
      functions: { action: string; triggers: { url: string }[] }[]
    }
    assert.equal(functions[0]!.action, 'created')
    const url = functions[0]!.triggers[0]?.url
    if (url === undefined) {
      assert.match(await run('invoke', name, '-e', 'you'), /hello.*you/i)
      return
    }
    const { host } = new URL(url)
    if (name === 'websocket-chat') {
      const refused = await chat(host)
      if (refused !== null) t.skip(`${name}: functions answer no WebSocket here (${refused})`)
    } else if (name === 'sse') {
      const { headers, text } = await get(host, '/events?count=1')
      assert.equal(headers['content-type'], 'text/event-stream')
      assert.equal(text, 'id: 1\nevent: tick\ndata: {"tick":1,"of":1}\n\n')
    } else {
      const { status, text } = await get(host, '/?name=you')
      assert.deepEqual([status, text], [200, 'Hello, you!\n'])
    }
    // What is built again need not be the same.
    if (build !== '') return
    const again = JSON.parse(await run('deploy', name, '--json')) as { functions: { action: string }[] }
    assert.equal(again.functions[0]!.action, 'unchanged')
  })
}
