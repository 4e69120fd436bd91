/** What functions did, from outside: by name, level and time, of instances, followed, and after a restart. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { follow } from '../support/follow.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

interface Summary {
  functionKey: string
  invocations: number
  functionErrors: number
  throttles: number
  coldStarts: number
  p99Ms: number | null
  billedMs: number
}
interface Instance {
  instanceId: string
  functionKey: string
  memoryMB: number
  usedMemoryMB: number | null
  cpuCores: number | null
}

const HOUR_MS = 60 * 60_000
let platform: TestPlatform

before(async () => {
  platform = await startPlatform()
  const files = {
    'index.js': `exports.handler = async (event) => {
      const until = Date.now() + 20
      while (Date.now() < until);
      if (String(event) === 'fail') throw new RangeError('as asked')
      return 'done'
    }`,
  }
  await platform.deploy('worker', files, { logConfig: { enableInstanceMetrics: true } })
  await platform.deploy('order', files, { service: 'shop' })
  for (const [name, event] of [
    ['worker', ''],
    ['worker', ''],
    ['worker', 'fail'],
    ['shop$order', ''],
  ] as const) {
    assert.equal((await platform.invoke(name, event)).status, 200)
  }
})
after(() => platform.stop())

async function get<Body>(path: string): Promise<Body> {
  const answer = await platform.call('GET', `/sluice/v1${path}`)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<Body>()
}

/** The one value of the last hour. */
async function valueOf(metric: string, more = ''): Promise<number | null> {
  const toMs = Math.ceil(Date.now() / 60_000) * 60_000
  const period = `from=${toMs - HOUR_MS}&to=${toMs}&step=${HOUR_MS}`
  const { series } = await get<{ series: { points: [number, number | null][] }[] }>(
    `/metrics/query?metric=${metric}&${period}${more}`,
  )
  assert.equal(series[0]!.points.length, 1)
  return series[0]!.points[0]![1]
}

async function summaries(): Promise<[string, number, number][]> {
  const { functions } = await get<{ functions: Summary[] }>(`/metrics/summary?from=${Date.now() - HOUR_MS}`)
  return functions.map(({ functionKey, invocations, functionErrors }) => [functionKey, invocations, functionErrors])
}

test('invocations are counted by function, service and altogether', async () => {
  assert.deepEqual(await summaries(), [
    ['worker', 3, 1],
    ['shop$order', 1, 0],
  ])
  assert.equal(await valueOf('RegionTotalInvocations'), 4)
  assert.equal(await valueOf('ServiceTotalInvocations', '&service=shop'), 1)
  assert.equal(await valueOf('FunctionFunctionErrors', '&function=worker'), 1)
  assert.equal(await valueOf('FunctionColdStarts', '&function=shop%24order'), 1)
  const p50Ms = await valueOf('FunctionP50Duration', '&function=worker')
  assert.ok(p50Ms! > 18 && p50Ms! < 2000, `${p50Ms} ms`)
})

test('instances that run are shown with what they use, and have metrics of their own where that is set', async () => {
  const { host, instances } = await get<{ host: { usedMB: number; memoryMB: number }; instances: Instance[] }>(
    '/instances',
  )
  const of = (functionKey: string) => instances.find((one) => one.functionKey === functionKey)!
  const [worker, order] = [of('worker'), of('shop$order')]
  assert.equal(host.usedMB, worker.memoryMB + order.memoryMB)
  assert.ok(worker.usedMemoryMB! > 1 && worker.cpuCores! > 0)
  const usedMB = await valueOf('MaxMemoryUsageMB', `&instance=${worker.instanceId}`)
  assert.ok(usedMB! > 1 && usedMB! < 1000, `${usedMB} MB`)
  assert.ok((await valueOf('MaxvCPUCores', `&instance=${worker.instanceId}`))! >= 0)
  assert.equal(await valueOf('MaxMemoryUsageMB', `&instance=${order.instanceId}`), null)
  assert.ok((await valueOf('RegionOndemandActiveInstance'))! >= 2)
})

test('who follows sees calls of the second in which they ended', async () => {
  const followed = await follow(
    platform,
    '/sluice/v1/metrics/follow?metric=FunctionTotalInvocations,RegionConcurrencyLimit&function=worker',
  )
  // The second in which it began may have calls of the tests before.
  await followed.next()
  await platform.invoke('worker')
  let seen = 0
  while (seen === 0) {
    const { values } = (await followed.next()) as { values: Record<string, number> }
    assert.equal(values['RegionConcurrencyLimit'], 100)
    seen += values['FunctionTotalInvocations']!
  }
  followed.close()
  assert.equal(seen, 1)
})

test('a stop loses nothing of what was counted', async () => {
  const before = await summaries()
  await platform.terminate()
  await platform.start()
  assert.deepEqual(await summaries(), before)
  assert.equal(await valueOf('RegionTotalInvocations'), 5)
})
