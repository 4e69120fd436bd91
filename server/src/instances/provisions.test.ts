import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionVersion } from '../model.ts'
import type { ProvisionPolicy } from '../scheduler/port.ts'
import { StartFailure } from './failure.ts'
import { fakeVersion, FleetWorld } from './test-support.ts'

const one = fakeVersion('f', { versionId: '1' })
const two = fakeVersion('f', { versionId: '2' })

function keep(world: FleetWorld, version: FunctionVersion, target: number, more: Partial<ProvisionPolicy> = {}): void {
  const policy = { target, scheduled: [], tracking: [], alwaysAllocateCpu: false, ...more }
  world.rules({ provisions: () => [{ version, qualifier: 'prod', policy }] })
}
const status = (world: FleetWorld) => world.fleet.provisionStatus('f', 'prod')!
const ofVersion = (world: FleetWorld, { versionId }: FunctionVersion) =>
  world.fleet.list().filter((each) => each.versionId === versionId)

test('provisioned instances are started ahead of any request, and told apart', async () => {
  const world = new FleetWorld()
  keep(world, one, 2)
  assert.deepEqual(status(world), { current: 0, target: 2, currentError: null })
  await world.allReady()
  assert.deepEqual(status(world), { current: 2, target: 2, currentError: null })
  assert.deepEqual(
    world.fleet.list().map(({ isProvisioned, qualifier }) => [isProvisioned, qualifier]),
    [
      [true, 'prod'],
      [true, 'prod'],
    ],
  )
})

test('after a schedule that cannot be read the next policy counts, for instances that are known', async () => {
  const world = new FleetWorld()
  const unreadable = { startMs: -Infinity, endMs: Infinity, timeZone: 'UTC', name: 'n', target: 1 }
  keep(world, one, 1, { scheduled: [{ ...unreadable, schedule: { kind: 'cron', expression: 'soon' } }] })
  assert.equal(world.failures.length, 1)
  keep(world, one, 2)
  await world.allReady()
  assert.equal(world.fleet.list().length, 2)
  assert.match(world.acquire(one).told, /^c-/)
  assert.equal(world.starts.length, 2, 'its requests go to what is kept ready')
})

test('requests go to provisioned instances while these have room, and beyond to others', async () => {
  const world = new FleetWorld()
  const onDemand = world.acquire(one)
  const overflow = world.acquire(one)
  await world.allReady()
  onDemand.slot!.release()
  keep(world, one, 1)
  await world.allReady()
  overflow.slot!.release()
  const [provisioned] = world.fleet.list().filter(({ isProvisioned }) => isProvisioned)
  assert.equal(world.acquire(one).told, provisioned!.instanceId)
  assert.notEqual(world.acquire(one).told, provisioned!.instanceId)
})

test('an instance that is there is made provisioned rather than started a second time', async () => {
  const world = new FleetWorld()
  world.acquire(one)
  await world.allReady()
  keep(world, one, 1)
  assert.equal(world.starts.length, 1)
  assert.equal(status(world).current, 1)
})

test('provisioned instances do not leave for being idle, nor to make room', async () => {
  const world = new FleetWorld({ instancesMax: 2, queueMsMax: 1000 })
  keep(world, one, 2)
  await world.allReady()
  world.clock.advance(24 * 3_600_000)
  assert.equal(status(world).current, 2)
  const asked = world.acquire(fakeVersion('g'))
  world.clock.advance(1000)
  assert.equal(asked.told, 'ResourceExhausted')
  assert.equal(status(world).current, 2)
})

test('they are frozen between requests, unless their CPU is paid for all the time', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  await world.allReady()
  world.clock.advance(2000)
  assert.deepEqual(world.states(), ['frozen'])
  keep(world, one, 1, { alwaysAllocateCpu: true })
  world.clock.advance(1000)
  assert.deepEqual(world.states(), ['ready'])
  world.clock.advance(3_600_000)
  assert.deepEqual(world.states(), ['ready'])
  assert.ok(world.starts[0]!.instance.renewals > 0, 'and their credentials are renewed meanwhile')
})

test('a provisioned instance that dies is replaced', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  await world.allReady()
  world.clock.advance(120_000)
  world.starts[0]!.instance.end()
  await world.allReady()
  assert.deepEqual(status(world), { current: 1, target: 1, currentError: null })
})

test('starts that keep failing are tried ever more seldom, with the reason told, and in the end succeed', async () => {
  const world = new FleetWorld()
  keep(world, one, 2)
  const failure = new StartFailure({ errorType: 'ImportModuleError', errorMessage: 'no module pandas', handled: false })
  for (let second = 0; second < 3600; second++) {
    for (const start of world.pending()) await start.fail(failure)
    world.clock.advance(1000)
  }
  assert.ok(world.starts.length < 50, `${world.starts.length} starts in an hour`)
  assert.deepEqual(status(world), { current: 0, target: 2, currentError: 'no module pandas' })
  world.clock.advance(300_000)
  await world.allReady()
  assert.deepEqual(status(world), { current: 2, target: 2, currentError: null })
})

test('instances that start well and end at once do not spin either', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  for (let second = 0; second < 3600; second++) {
    await world.allReady()
    for (const { instance } of world.starts) instance.end()
    world.clock.advance(1000)
  }
  assert.ok(world.starts.length < 50, `${world.starts.length} starts in an hour`)
  assert.match(status(world).currentError!, /ended by itself 0 seconds after its start/)
})

test('a target beyond the limits is told with the limit', async () => {
  const world = new FleetWorld({ instancesMax: 2 })
  keep(world, one, 3)
  await world.allReady()
  assert.equal(status(world).current, 2)
  assert.match(status(world).currentError!, /the account's 2 instances are in use/)
})

test('a lower target ends the surplus, idle ones first, and busy ones when they are done', async () => {
  const world = new FleetWorld()
  keep(world, one, 3)
  await world.allReady()
  const [first, second] = [world.acquire(one), world.acquire(one)]
  keep(world, one, 1)
  assert.equal(world.states().filter((state) => state === 'busy').length, 1)
  assert.equal(world.states().filter((state) => state === 'draining').length, 1)
  first.slot!.release()
  second.slot!.release()
  assert.equal(status(world).current, 1)
  assert.equal(first.isInstanceGone || second.isInstanceGone, false)
  world.rules({})
  assert.deepEqual(world.states(), [])
  assert.equal(status(world), undefined)
})

test('when an alias moves, the new version is ready before the old one leaves, and no request fails', async () => {
  const world = new FleetWorld()
  keep(world, one, 2)
  await world.allReady()
  const running = world.acquire(one, 'old', 'prod')
  keep(world, two, 2)
  const states = ofVersion(world, one).map(({ state }) => state)
  assert.deepEqual(states.toSorted(), ['busy', 'ready'])
  const meanwhile = world.acquire(one, 'late', 'prod')
  const next = world.acquire(two, 'new', 'prod')
  await world.allReady()
  assert.match(next.told, /^c-/)
  assert.match(meanwhile.told, /^c-/)
  assert.deepEqual(
    ofVersion(world, one).map(({ state }) => state),
    ['draining', 'draining'],
  )
  running.slot!.release()
  meanwhile.slot!.release()
  assert.deepEqual(ofVersion(world, one), [])
  assert.equal(running.isInstanceGone || meanwhile.isInstanceGone, false)
  assert.deepEqual(status(world), { current: 2, target: 2, currentError: null })
})

test('where there is no room for both, the old version gives way to the new one', async () => {
  const world = new FleetWorld()
  world.rules({ reservations: () => new Map([['f', 1]]) })
  const rules = (version: FunctionVersion) =>
    world.rules({
      reservations: () => new Map([['f', 1]]),
      provisions: () => [
        { version, qualifier: 'prod', policy: { target: 1, scheduled: [], tracking: [], alwaysAllocateCpu: false } },
      ],
    })
  rules(one)
  await world.allReady()
  world.clock.advance(5000)
  rules(two)
  await world.allReady()
  assert.deepEqual([ofVersion(world, one).length, ofVersion(world, two).length], [0, 1])
})

test('a move that is taken back finds the instances of before', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  await world.allReady()
  keep(world, two, 1)
  keep(world, one, 1)
  await world.allReady()
  assert.equal(ofVersion(world, one).length, 1)
  assert.equal(world.starts.filter(({ version }) => version === one).length, 1)
  assert.deepEqual(ofVersion(world, two), [])
})

test('a version that is retired keeps nothing ready', async () => {
  const world = new FleetWorld()
  keep(world, one, 2)
  await world.allReady()
  world.fleet.retire(one.id)
  assert.deepEqual(ofVersion(world, one), [])
  keep(world, fakeVersion('f', { versionId: '1', revision: 2 }), 2)
  await world.allReady()
  assert.equal(status(world).current, 2)
})

test('a schedule is followed by the clock alone', async () => {
  const world = new FleetWorld()
  const nowMs = world.clock.nowMs()
  const window = { startMs: nowMs, endMs: nowMs + 3 * 3_600_000, timeZone: 'UTC' }
  keep(world, one, 0, {
    scheduled: [{ name: 'up', ...window, target: 3, schedule: { kind: 'cron', expression: '0 0 1 * * *' } }],
  })
  assert.deepEqual(world.states(), [])
  world.clock.advance(3_600_000 + 500)
  await world.allReady()
  assert.equal(status(world).current, 3)
  world.clock.advance(2 * 3_600_000)
  assert.deepEqual(status(world), { current: 0, target: 0, currentError: null })
  assert.equal(world.clock.step(), false, 'a timer is left')
})

test('a schedule months ahead is waited for in steps that timers can hold', async () => {
  const world = new FleetWorld()
  const startMs = world.clock.nowMs() + 90 * 86_400_000
  const schedule = { kind: 'at', atMs: startMs } as const
  keep(world, one, 0, {
    scheduled: [{ name: 'up', startMs, endMs: Infinity, timeZone: 'UTC', target: 1, schedule }],
  })
  let steps = 0
  const dayLaterMs = world.clock.monotonicMs() + 86_400_000
  while (world.clock.stepUntil(dayLaterMs)) steps++
  assert.ok(steps >= 23 && steps <= 50, `${steps} looks in a day`)
  world.clock.advance(89 * 86_400_000 + 1000)
  await world.allReady()
  assert.equal(status(world).current, 1)
})

test('a schedule that cannot be read leaves the target as it was, and is told', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  await world.allReady()
  keep(world, one, 1, {
    scheduled: [
      {
        name: 's',
        startMs: 0,
        endMs: Infinity,
        timeZone: 'UTC',
        target: 5,
        schedule: { kind: 'cron', expression: 'soon' },
      },
    ],
  })
  assert.equal(status(world).target, 1)
  assert.equal(world.failures.length, 1)
})

test('an instance that cannot be frozen for now is frozen later', async () => {
  const world = new FleetWorld()
  keep(world, one, 1)
  await world.allReady()
  const { instance } = world.starts[0]!
  instance.isHeld = true
  world.clock.advance(5000)
  assert.equal(instance.state, 'ready')
  instance.isHeld = false
  world.clock.advance(10_000)
  assert.equal(instance.state, 'frozen')
})

test('tracking follows how busy the provisioned instances are', async () => {
  const world = new FleetWorld()
  keep(world, one, 1, {
    tracking: [
      {
        name: 't',
        startMs: 0,
        endMs: Infinity,
        metric: 'ProvisionedConcurrencyUtilization',
        metricTarget: 0.5,
        min: 2,
        max: 10,
      },
    ],
  })
  await world.allReady()
  assert.equal(status(world).current, 2)
  const asked = [world.acquire(one), world.acquire(one)]
  world.clock.advance(15_000)
  await world.allReady()
  assert.equal(status(world).target, 4)
  for (const each of asked) each.slot!.release()
  world.clock.advance(50_000)
  assert.equal(status(world).target, 4, 'a lull is not the end')
  world.clock.advance(200_000)
  assert.equal(status(world).target, 2)
})

test('tracking reads the CPU time of the instances when that is its metric', async () => {
  const world = new FleetWorld()
  keep(world, one, 1, {
    alwaysAllocateCpu: true,
    tracking: [
      { name: 't', startMs: 0, endMs: Infinity, metric: 'CPUUtilization', metricTarget: 0.25, min: 1, max: 10 },
    ],
  })
  await world.allReady()
  for (let second = 0; second < 12; second++) {
    world.starts[0]!.instance.usedCpuMs += 1000
    world.clock.advance(1000)
  }
  assert.equal(status(world).target, 4)
})
