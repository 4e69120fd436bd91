import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, sluice, type Received } from '../../test/support.ts'
import type { Json } from '../json.ts'

const BILL = {
  month: '2030-01',
  currency: 'CNY',
  lines: [
    { meter: 'invocations', quantity: 1_500_000, unit: 'invocation', freeQuantity: 1_000_000, amount: 0.65, tiers: [] },
    {
      meter: 'activeVcpuSeconds',
      quantity: 0.0442,
      unit: 'vCPU-second',
      freeQuantity: 0,
      amount: 0.00000398,
      tiers: [],
    },
  ],
  groups: [
    { name: 'shop$web', amount: 0.65, usage: { invocations: 1_499_990 } },
    { name: '', amount: 0.00000398, usage: { invocations: 10 } },
  ],
  total: 0.65000398,
  days: [
    { day: '2030-01-01', amount: 0.05 },
    { day: '2030-01-02', amount: 0.6 },
  ],
  forecast: { amount: 10.08, method: 'mean' },
  servers: { name: 'small', count: 2, amount: 210.5, hours: 48 },
}

async function run(t: TestContext, body: Json | string, ...argv: string[]) {
  const asked: Received[] = []
  const { environment } = await fakePlatform(t, (request) => {
    asked.push(request)
    return { body }
  })
  return { ...(await sluice(['bill', ...argv], fakeTerminal({ environment }))), asked }
}

test('a bill tells meters, shares, the total, and what else it would have cost', async (t) => {
  const { out, asked } = await run(t, BILL, '--month', '2030-01')
  assert.deepEqual(Object.fromEntries(asked[0]!.query), { month: '2030-01', by: 'function' })
  assert.equal(
    out,
    [
      'bill of 2030-01 (UTC)',
      'invocations\t1,500,000 invocation\t1,000,000 free\t0.65 CNY',
      'activeVcpuSeconds\t0.0442 vCPU-second\t-\t0.000004 CNY',
      '',
      'by function',
      'shop/web\t1,499,990 calls\t\t0.65 CNY',
      '(no function)\t10 calls\t\t0.000004 CNY',
      '',
      'total\t\t\t0.65 CNY',
      'days      ▁█  0.60 CNY on the last',
      'forecast  10.08 CNY at the end of the month',
      'servers   210.50 CNY for 2 × small, sized for the peak, in the same 48 h',
      '',
    ].join('\n'),
  )
})

test('a bill is shared by tag, and comes as JSON or CSV as the platform has it', async (t) => {
  const tagged = await run(t, BILL, '--tag', 'team')
  assert.deepEqual(Object.fromEntries(tagged.asked[0]!.query), { by: 'tag', tag: 'team' })
  assert.match(tagged.out, /^by tag$/m)
  assert.deepEqual(JSON.parse((await run(t, BILL, '--json')).out), BILL)
  const csv = await run(t, 'of,name\r\ntotal,2030-01\r\n', '--csv')
  assert.equal(csv.out, 'of,name\r\ntotal,2030-01\r\n')
  assert.equal(csv.asked[0]!.query.get('format'), 'csv')
})

test('a month or a share that is none is wrong usage', async (t) => {
  for (const argv of [
    ['--month', '2030-13'],
    ['--by', 'day'],
    ['--by', 'tag'],
    ['--by', 'service', '--tag', 'a'],
    ['--csv', '--json'],
  ]) {
    assert.equal((await run(t, BILL, ...argv)).code, 2, argv.join(' '))
  }
})
