/** The platform is killed under load: what was answered is metered, and nothing is metered twice. */
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, before, test } from 'node:test'
import type { UsageRow } from '../../src/meter/port.ts'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'

const CLIENTS = 32
/** A kill after so many answers each; while some are on their way to be added up, and at once. */
const ANSWERS = [400, 40, 200]
const MEMORY_MB = 128

let platform: TestPlatform
let host: string

before(async () => {
  platform = await startPlatform({ SLUICE_SANDBOX: 'process' })
  const handler = 'exports.handler = async () => "done"'
  const options = { http: true, memorySize: MEMORY_MB, cpu: 0.1, instanceConcurrency: 20 }
  ;({ host } = await platform.deploy('counted', { 'index.js': handler }, options))
})
after(() => platform.stop())

type Metered = Pick<UsageRow, 'invocations' | 'activeMemoryGigabyteSeconds'>

async function usage(): Promise<Metered> {
  const answer = await platform.call('GET', '/sluice/v1/usage?function=counted')
  assert.equal(answer.status, 200, answer.text)
  // More than one row when midnight is in the middle.
  return answer.json<{ rows: UsageRow[] }>().rows.reduce(
    (sum: Metered, row) => ({
      invocations: sum.invocations + row.invocations,
      activeMemoryGigabyteSeconds: sum.activeMemoryGigabyteSeconds + row.activeMemoryGigabyteSeconds,
    }),
    { invocations: 0, activeMemoryGigabyteSeconds: 0 },
  )
}

/** Calls until the platform is gone, which it is after so many answers; returns how many came. */
async function callUntilKilled(answersMax: number): Promise<number> {
  let answered = 0
  const kill: { done: Promise<void> | null } = { done: null }
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const client = async () => {
    for (;;) {
      const path = { host: '127.0.0.1', port: platform.port, method: 'GET', path: '/', headers: { host }, agent }
      const answer = await exchange(path).catch(() => null)
      if (answer === null) return
      assert.equal(answer.text, 'done')
      answered++
      if (answered >= answersMax) kill.done ??= platform.kill()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  agent.destroy()
  assert.ok(kill.done !== null, 'the platform was to be killed in the middle')
  await kill.done
  return answered
}

test('kill -9 under load: every answered invocation is metered once, and none twice', async (t) => {
  let answered = 0
  for (const [round, answersMax] of ANSWERS.entries()) {
    const asking = round === 0 ? usage().catch(() => null) : null
    answered += await callUntilKilled(answersMax)
    await asking
    await platform.start()
    const { invocations, activeMemoryGigabyteSeconds } = await usage()
    t.diagnostic(`${answered} answered, ${invocations} metered after ${round + 1} kills`)
    assert.ok(invocations >= answered, `${answered} were answered, ${invocations} are metered`)
    // Beyond the answered: those that a kill cut short, each client's last.
    const cutMax = CLIENTS * (round + 1)
    assert.ok(invocations <= answered + cutMax, `${answered} were answered, ${invocations} are metered`)
    const leastMs = (activeMemoryGigabyteSeconds * 1000 * 1024) / MEMORY_MB
    assert.ok(leastMs >= invocations - 0.001, `${invocations} invocations of 1 ms or more took ${leastMs} ms`)
  }
  // What is added up once stays so.
  const before = await usage()
  await platform.terminate()
  await platform.start()
  assert.deepEqual(await usage(), before)
})
