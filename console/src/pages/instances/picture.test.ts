import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillOf, groupInstances, hostShares, type InstanceView, lookOf, tileSide } from './picture.ts'

function instance(functionKey: string, instanceId: string, given: Partial<InstanceView> = {}): InstanceView {
  return {
    instanceId,
    functionKey,
    versionId: 'LATEST',
    qualifier: 'LATEST',
    state: 'ready',
    memoryMB: 128,
    usedMemoryMB: 64,
    cpuQuotaCores: 0.1,
    cpuCores: 0.1,
    inFlight: 0,
    concurrency: 1,
    provisioned: false,
    startedMs: 0,
    idleSinceMs: null,
    ...given,
  }
}

test('a tile keeps its place while others come and go', () => {
  const old = instance('resize', 'z', { startedMs: 1 })
  const places = (instances: InstanceView[]) =>
    groupInstances(instances).map(({ functionKey, instances }) => [functionKey, instances.map((one) => one.instanceId)])
  assert.deepEqual(places([old]), [['resize', ['z']]])
  assert.deepEqual(places([instance('resize', 'a', { startedMs: 2 }), instance('api', 'b'), old]), [
    ['api', ['b']],
    ['resize', ['z', 'a']],
  ])
})

test('the area of a tile is its memory', () => {
  const area = (memoryMB: number) => tileSide(memoryMB, 4096) ** 2
  assert.ok(Math.abs(area(1024) / area(512) - 2) < 0.1)
})

test('a tile can be seen and touched, however small or many they are', () => {
  assert.equal(tileSide(64, 64), 24)
  assert.equal(tileSide(128, 1_000_000), 24)
  assert.equal(tileSide(32_768, 32_768), 112)
})

test('a tile is as full as its memory is used', () => {
  assert.equal(fillOf({ usedMemoryMB: 64, memoryMB: 128 }), 0.5)
  assert.equal(fillOf({ usedMemoryMB: 300, memoryMB: 128 }), 1)
  assert.equal(fillOf({ usedMemoryMB: null, memoryMB: 128 }), null)
})

test('every state has a look, also one that is not known', () => {
  assert.deepEqual(['busy', 'initializing', 'frozen', 'toString'].map(lookOf), ['busy', 'starting', 'frozen', 'other'])
})

test('many functions share the bar of the host: the small ones together', () => {
  const groups = groupInstances([
    instance('a', '1', { memoryMB: 512 }),
    instance('b', '2', { memoryMB: 256 }),
    instance('c', '3', { memoryMB: 128 }),
    instance('d', '4', { memoryMB: 128 }),
  ])
  assert.deepEqual(hostShares(groups, 1024, 3), [
    { functionKey: 'a', share: 0.5 },
    { functionKey: 'b', share: 0.25 },
    { functionKey: '', share: 0.25 },
  ])
  assert.deepEqual(hostShares(groups, 0, 3), [])
})
