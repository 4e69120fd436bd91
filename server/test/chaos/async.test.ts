/** The platform is killed with asynchronous invocations in every state: each that was accepted is run. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { startInbox, type Inbox } from '../support/inbox.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { KNOCKING, startGate, type Gate } from './gate.ts'

let platform: TestPlatform
let gate: Gate
let inbox: Inbox
let shop: Server
/** What the shop answers, and who hears of its being asked. */
let isShopOpen = false
let onAsked = () => {}

before(async () => {
  gate = await startGate()
  inbox = await startInbox()
  shop = createServer((_request, response) => {
    response.writeHead(isShopOpen ? 200 : 503).end()
    onAsked()
  }).listen(0, '127.0.0.1')
  await once(shop, 'listening')
  const environmentVariables = {
    GATE: gate.url,
    SHOP: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`,
  }
  // Functions knock at the host's loopback.
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  const shopping = `
    exports.handler = async () => {
      if (!(await fetch(process.env.SHOP)).ok) throw new Error('the shop is closed')
      return 'bought'
    }`
  const functions = { knocking: KNOCKING, shopping, echo: 'exports.handler = async (event) => event' }
  for (const [name, code] of Object.entries(functions)) {
    await platform.deploy(name, { 'index.js': code }, { timeout: 30, memorySize: 128, environmentVariables })
    const destinationConfig = { onSuccess: { destination: `${inbox.url}/done` } }
    await platform.call('PUT', `/2023-03-30/functions/${name}/async-invoke-config`, { destinationConfig })
  }
})
after(async () => {
  await platform.stop()
  gate.close()
  inbox.close()
  shop.close()
})

/** The payload names the invocation; resolves to it when it is accepted. */
async function accept(name: string, payload: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, text } = await platform.invoke(name, payload, { 'x-fc-invocation-type': 'Async', ...headers })
  assert.equal(status, 202, text)
  return payload
}

const BURST = 200

test(
  'what runs, waits, is put off or is to be tried again when the platform is killed is run after it',
  { timeout: 60_000 },
  async () => {
    gate.shut()
    const accepted = new Set<string>()
    for (const payload of ['runs-1', 'runs-2']) accepted.add(await accept('knocking', payload))
    await gate.waiting(2)
    const { promise: asked, resolve } = Promise.withResolvers<void>()
    onAsked = resolve
    accepted.add(await accept('shopping', 'retries'))
    await asked
    accepted.add(await accept('echo', 'delayed', { 'x-fc-async-delay': '2', 'x-fc-async-task-id': 'delayed' }))
    // The answer to the retrying one is on its way; the burst outlasts it.
    let kill: Promise<void> | null = null
    const burst = Array.from({ length: BURST }, async (_, n) => {
      accepted.add(await accept('echo', `burst-${n}`))
      if (accepted.size > BURST / 4) kill ??= platform.kill()
    })
    const outcomes = await Promise.allSettled(burst)
    assert.ok(kill, 'the platform was to be killed in the middle')
    await (kill as Promise<void>)
    assert.ok(
      outcomes.some(({ status }) => status === 'rejected'),
      'the kill came after the last was accepted',
    )

    isShopOpen = true
    await platform.start()
    gate.open()
    const missing = new Set(accepted)
    while (missing.size > 0) missing.delete((await inbox.next('/done')).requestPayload)
    const task = await platform.call('GET', '/2023-03-30/functions/echo/async-tasks/delayed')
    assert.match(task.text, /"taskPayload":"delayed"/)
  },
)
