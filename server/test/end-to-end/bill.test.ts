/** Meter and bill from outside: what is charged, what is not, and what it comes to. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Bill, UsageRow } from '../../src/meter/port.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const HANDLERS = {
  'index.js': `
    exports.handler = async (event) => {
      const ms = Number(event.toString() || '0')
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
      return 'x'.repeat(100)
    }
    exports.fail = async () => { throw new Error('no') }
    exports.start = async () => { await new Promise((resolve) => setTimeout(resolve, 50)) }`,
}
const SIZE = { memorySize: 512, cpu: 0.5 }

const folder = mkdtempSync(join(tmpdir(), 'sluice-prices-'))
const prices = join(folder, 'prices.yaml')
const book = (price: string) => `currency: EUR\nmeters:\n  invocations:\n    tiers:\n      - price: ${price}\n`

let platform: TestPlatform

before(async () => {
  writeFileSync(prices, book('2'))
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0', SLUICE_PRICE_BOOK: prices })
})
after(async () => {
  await platform.stop()
  rmSync(folder, { recursive: true })
})

async function usage(functionKey: string): Promise<UsageRow | undefined> {
  const path = `/sluice/v1/usage?function=${encodeURIComponent(functionKey)}`
  const answer = await platform.call('GET', path)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ rows: UsageRow[] }>().rows[0]
}

async function bill(query = ''): Promise<Bill> {
  const answer = await platform.call('GET', `/sluice/v1/bill${query}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<Bill>()
}

/** Milliseconds of an invocation of this size that the row stands for. */
const chargedMs = (row: UsageRow) => row.activeVcpuSeconds * 1000 * 2

test('an invocation is charged for its time, by the size of its function, and for what it answers', async () => {
  await platform.deploy('worker', HANDLERS, SIZE)
  for (const ms of ['30', '30', '']) assert.equal((await platform.invoke('worker', ms)).status, 200)
  const row = (await usage('worker'))!
  assert.equal(row.invocations, 3)
  assert.equal(row.internetOutBytes, 300)
  assert.ok(chargedMs(row) >= 61, JSON.stringify(row))
  assert.equal(chargedMs(row), Math.round(chargedMs(row)))
  assert.equal(row.activeMemoryGigabyteSeconds, row.activeVcpuSeconds)
  assert.deepEqual([row.idleVcpuSeconds, row.idleMemoryGigabyteSeconds, row.diskGigabyteSeconds], [0, 0, 0])
})

test('nothing is charged when no code runs', async () => {
  // Deployed and never called.
  await platform.deploy('asleep', HANDLERS, SIZE)
  // Refused: by its state, its size, its caller, and a version that is not there.
  await platform.deploy('refused', HANDLERS, { ...SIZE })
  await platform.call('POST', '/2023-03-30/functions/refused/invoke/disable', { reason: 'test' })
  assert.equal((await platform.invoke('refused')).status, 403)
  await platform.call('POST', '/2023-03-30/functions/refused/invoke/enable', {})
  assert.equal((await platform.invoke('refused', '', {}, '?qualifier=7')).status, 404)
  assert.equal((await platform.send('POST', '/2023-03-30/functions/refused/invocations')).status, 403)
  // Throttled: nothing may run.
  await platform.deploy('throttled', HANDLERS, SIZE)
  const none = await platform.call('PUT', '/2023-03-30/functions/throttled/concurrency', { reservedConcurrency: 0 })
  assert.equal(none.status, 200, none.text)
  assert.equal((await platform.invoke('throttled')).status, 429)
  // A fault of the platform: there is no interpreter to run it with.
  await platform.deploy('nowhere', HANDLERS, {
    ...SIZE,
    runtime: 'custom',
    handler: 'x',
    customRuntimeConfig: { command: ['/no/such/program'] },
  })
  assert.ok((await platform.invoke('nowhere')).status >= 400)
  for (const name of ['asleep', 'refused', 'throttled', 'nowhere']) assert.equal(await usage(name), undefined, name)
})

test('an on-demand instance costs nothing while it idles and while it is frozen', async () => {
  await platform.deploy('idler', HANDLERS, SIZE)
  await platform.invoke('idler')
  const before = await usage('idler')
  const deadlineMs = Date.now() + 10_000
  for (;;) {
    const { text } = await platform.send('GET', '/metrics')
    if (/^sluice_instances\{[^}]*function="idler"[^}]*state="frozen"[^}]*\} 1$/m.test(text)) break
    assert.ok(Date.now() < deadlineMs, 'it was to be frozen')
  }
  assert.deepEqual(await usage('idler'), before)
})

test('a function that fails is charged, and so is an initializer, which is no invocation', async () => {
  await platform.deploy('failing', HANDLERS, { ...SIZE, handler: 'index.fail' })
  await platform.invoke('failing')
  assert.equal((await usage('failing'))?.invocations, 1)
  const instanceLifecycleConfig = { initializer: { handler: 'index.start', timeout: 10 } }
  await platform.deploy('prepared', HANDLERS, { ...SIZE, instanceLifecycleConfig })
  await platform.invoke('prepared')
  const row = (await usage('prepared'))!
  assert.equal(row.invocations, 1)
  assert.ok(chargedMs(row) >= 50, JSON.stringify(row))
})

test('a provisioned instance is charged at the idle rate while it waits, and not after it is gone', async () => {
  await platform.deploy('ready', HANDLERS, { ...SIZE, diskSize: 10240 })
  const path = '/2023-03-30/functions/ready/provision-config?qualifier=LATEST'
  assert.equal((await platform.call('PUT', path, { defaultTarget: 1 })).status, 200)
  const deadlineMs = Date.now() + 20_000
  while ((await platform.call('GET', path)).json<{ current: number }>().current < 1) {
    assert.ok(Date.now() < deadlineMs, 'it was to be started')
  }
  const sinceMs = Date.now()
  await platform.invoke('ready', '100')
  assert.ok([200, 204].includes((await platform.call('DELETE', path)).status))
  const elapsedMs = Date.now() - sinceMs
  const row = (await usage('ready'))!
  assert.ok(row.idleVcpuSeconds > 0, JSON.stringify(row))
  assert.ok(chargedMs(row) >= 100)
  const idleMs = row.idleMemoryGigabyteSeconds * 1000 * 2
  assert.ok(idleMs <= elapsedMs + 2000, `${idleMs} ms idle in ${elapsedMs} ms`)
  assert.ok(row.diskGigabyteSeconds > 0)
  assert.deepEqual(await usage('ready'), row)
})

test('the bill: what is metered at the prices of the book, by function and tag, and of functions that are gone', async () => {
  const tagged = { ...SIZE, tags: [{ key: 'team', value: 'mail' }] }
  await platform.deploy('billed', HANDLERS, tagged)
  await platform.invoke('billed', '20')
  const byFunction = await bill('?by=function')
  assert.ok(byFunction.groups.some(({ name, usage: { invocations } }) => name === 'billed' && invocations === 1))
  assert.equal(byFunction.currency, 'EUR')
  assert.equal(byFunction.total, 2 * byFunction.lines[0]!.quantity)
  const byTag = await bill('?by=tag&tag=team')
  assert.equal(byTag.groups.find(({ name }) => name === 'mail')?.usage.invocations, 1)
  assert.equal((await platform.call('DELETE', '/2023-03-30/functions/billed')).status, 204)
  const later = await bill('?by=function')
  assert.ok(later.groups.some(({ name }) => name === 'billed'))
})

test('the cost of the month is a metric, for budgets', async () => {
  const deadlineMs = Date.now() + 20_000
  for (;;) {
    const { text } = await platform.send('GET', '/metrics')
    const cost = Number(/^sluice_month_cost (\S+)$/m.exec(text)?.[1] ?? 0)
    if (cost > 0) {
      assert.ok(cost <= (await bill()).total)
      return
    }
    assert.ok(Date.now() < deadlineMs, 'it was to be known')
  }
})

test('a price book that changes is followed; one that cannot be read is not, and stops a start', async () => {
  const price = async () => {
    const { amount, quantity } = (await bill()).lines[0]!
    return amount / quantity
  }
  assert.equal(await price(), 2)
  writeFileSync(prices, book('0.25'))
  assert.equal(await price(), 0.25)
  writeFileSync(prices, book('-1'))
  assert.equal(await price(), 0.25)
  assert.match(platform.output, /prices\.yaml:5:9: meters\.invocations\.tiers\.0\.price must be a price/)
  assert.equal(await platform.terminate(), 0)
  await assert.rejects(platform.start(), /ended with 2 before it was ready:\n.*prices\.yaml:5:9/s)
})
