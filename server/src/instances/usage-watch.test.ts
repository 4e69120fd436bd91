import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionVersion } from '../model.ts'
import type { ProvisionPolicy } from '../scheduler/port.ts'
import { fakeVersion, FleetWorld } from './test-support.ts'

const policy = (target: number, alwaysAllocateCpu = false): ProvisionPolicy => ({
  ...{ target, alwaysAllocateCpu, scheduled: [], tracking: [] },
})

/** A fleet that keeps one instance of a function ready. */
async function provisioned(target = 1, concurrency = 1) {
  const world = new FleetWorld()
  const version = fakeVersion('f', { instanceConcurrency: concurrency })
  const provide = (given: ProvisionPolicy | null, of: FunctionVersion = version) =>
    world.rules({ provisions: () => (given === null ? [] : [{ version: of, qualifier: 'LATEST', policy: given }]) })
  provide(policy(target))
  await world.allReady()
  /** Told since the last time: how long, and whether the vCPU counted as active. */
  const told = () => world.idle.splice(0).map(({ fromMs, toMs, isCpuAllocated }) => [toMs - fromMs, isCpuAllocated])
  return { world, version, provide, told }
}

test('a provisioned instance is idle from its start to its request, and again from its end', async () => {
  const { world, version, told } = await provisioned()
  world.clock.advance(400)
  const asked = world.acquire(version)
  assert.deepEqual(told(), [[400, false]])
  assert.equal(world.busyCount, 1)
  world.clock.advance(5000)
  asked.slot!.release()
  assert.equal(world.busyCount, 0)
  world.clock.advance(250)
  world.acquire(version)
  assert.deepEqual(told(), [[250, false]])
})

test('one that is given the next request at once was not idle', async () => {
  const { world, version, told } = await provisioned()
  const first = world.acquire(version)
  told()
  world.acquire(version)
  first.slot!.release()
  assert.deepEqual(told(), [])
  assert.equal(world.busyCount, 1)
})

test('an instance with several requests is at work once, until the last has ended', async () => {
  const { world, version, told } = await provisioned(1, 2)
  const [one, other] = [world.acquire(version), world.acquire(version)]
  told()
  assert.equal(world.busyCount, 1)
  one.slot!.release()
  world.clock.advance(100)
  assert.deepEqual([world.busyCount, told()], [1, []])
  other.slot!.release()
  world.clock.advance(100)
  world.acquire(version)
  assert.deepEqual(told(), [[100, false]])
})

test('idleness is told each minute, frozen or not, and adds up', async () => {
  const { world, provide, told } = await provisioned()
  world.clock.advance(200_000)
  const spans = told()
  assert.ok(spans.length >= 3, `${spans.length} spans`)
  provide(null)
  const all = [...spans, ...told()].reduce((sum, [ms]) => sum + Number(ms), 0)
  assert.equal(all, 200_000)
})

test('with its vCPU always allocated, idle time counts as active for the vCPU, from the change on', async () => {
  const { world, provide, told } = await provisioned()
  world.clock.advance(1000)
  provide(policy(1, true))
  assert.deepEqual(told(), [[1000, false]])
  world.clock.advance(700)
  provide(null)
  assert.deepEqual(told(), [[700, true]])
})

test('an instance that ends is idle no more', async () => {
  const { world, told } = await provisioned()
  world.clock.advance(500)
  world.starts[0]!.instance.end()
  assert.deepEqual(told(), [[500, false]])
})

test('one that ends with requests on it is at work no more', async () => {
  const { world, version } = await provisioned()
  world.acquire(version)
  world.starts[0]!.instance.end()
  assert.equal(world.busyCount, 0)
})

test('while its preFreeze hook runs, which is paid as work, an instance is not idle', async () => {
  const { world, told } = await provisioned()
  const { instance } = world.starts[0]!
  instance.hooks = { preFreeze: true, preStop: false }
  world.clock.advance(1500)
  assert.equal(instance.state, 'freezing')
  const before = told().reduce((sum, [ms]) => sum + Number(ms), 0)
  world.clock.advance(3000)
  assert.deepEqual(told(), [])
  instance.endPreFreeze()
  world.clock.advance(100)
  instance.end()
  assert.deepEqual(told(), [[100, false]])
  assert.ok(before >= 1000 && before <= 1500)
})

test('on demand, an instance is never idle for the meter: not before it is provisioned, and not after', async () => {
  const { world, version, provide, told } = await provisioned(0)
  const asked = world.acquire(version)
  await world.allReady()
  asked.slot!.release()
  world.clock.advance(120_000)
  assert.deepEqual(told(), [])
  // What is there becomes the one that is kept ready.
  provide(policy(1))
  world.clock.advance(30_000)
  provide(null)
  assert.deepEqual(told(), [[30_000, false]])
})

test('a fleet that closes tells what was idle', async () => {
  const { world, told } = await provisioned(2)
  world.clock.advance(800)
  await world.fleet.close(0)
  assert.deepEqual(told(), [
    [800, false],
    [800, false],
  ])
})
