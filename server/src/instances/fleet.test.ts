import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StartFailure } from './failure.ts'
import { Asked, fakeVersion, fixedKeepAlive, FleetWorld, type FakeStart } from './test-support.ts'

const [f, g, h] = ['f', 'g', 'h'].map((key) => fakeVersion(key)) as [
  ReturnType<typeof fakeVersion>,
  ReturnType<typeof fakeVersion>,
  ReturnType<typeof fakeVersion>,
]

/** Brings up an instance of the version that is idle. */
async function idleInstance(world: FleetWorld, version = f): Promise<string> {
  const asked = world.acquire(version)
  await world.allReady()
  asked.slot!.release()
  return asked.told
}

test('an instance idle for a second is frozen, and thawed with fresh credentials when it is used', async () => {
  const world = new FleetWorld()
  const id = await idleInstance(world)
  const { instance } = world.starts[0]!
  world.clock.advance(900)
  assert.deepEqual(world.states(), ['ready'])
  world.clock.advance(500)
  assert.deepEqual(world.states(), ['frozen'])
  const renewals = instance.renewals
  assert.equal(world.acquire(f).told, id)
  assert.deepEqual(world.states(), ['busy'])
  assert.equal(instance.renewals, renewals + 1)
})

test('a function that is not called any more goes to zero, and then nothing ticks', async () => {
  const world = new FleetWorld({ keepAlive: fixedKeepAlive(60_000) })
  await idleInstance(world, f)
  await idleInstance(world, g)
  world.clock.advance(61_000)
  assert.deepEqual(world.states(), [])
  assert.equal(world.clock.step(), false, 'a timer is left')
})

for (const [jump, jumpMs] of [
  ['forward', 86_400_000],
  ['back', -86_400_000],
] as const) {
  test(`when the wall clock jumps ${jump} by a day, requests wait and instances live as long as before`, async () => {
    const world = new FleetWorld({ keepAlive: fixedKeepAlive(60_000), queueMsMax: 30_000, instancesMax: 1 })
    const idle = await idleInstance(world)
    world.clock.jump(jumpMs)
    world.clock.advance(59_000)
    const busy = world.acquire(f)
    assert.equal(busy.told, idle, 'it is still there')
    const waiting = world.acquire(f)
    world.clock.jump(jumpMs)
    world.clock.advance(29_000)
    assert.equal(waiting.told, 'nothing')
    world.clock.advance(1000)
    assert.equal(waiting.told, 'ResourceExhausted')
    busy.slot!.release()
    world.clock.jump(jumpMs)
    world.clock.advance(61_000)
    assert.deepEqual(world.states(), [])
  })
}

test('while its instances are frozen, a host with many functions has one timer', async () => {
  const world = new FleetWorld({ instancesMax: 1000 })
  for (let i = 0; i < 500; i++) await idleInstance(world, fakeVersion(`f-${i}`))
  world.clock.advance(5000)
  assert.ok(world.states().every((state) => state === 'frozen'))
  let steps = 0
  const untilMs = world.clock.monotonicMs() + 240_000
  while (world.clock.stepUntil(untilMs)) steps++
  assert.ok(steps <= 2, `${steps} timers in four minutes`)
})

test('a busy instance is not reaped, however long its request takes', async () => {
  const world = new FleetWorld({ keepAlive: fixedKeepAlive(1000) })
  const slow = world.acquire(f)
  await world.allReady()
  world.clock.advance(3_600_000)
  assert.deepEqual(world.states(), ['busy'])
  slow.slot!.release()
  world.clock.advance(900)
  assert.equal(world.acquire(f).told, slow.told)
})

test('an instance with room for several is not reaped for the sake of one that is done', async () => {
  const world = new FleetWorld({ keepAlive: fixedKeepAlive(1000) })
  const version = fakeVersion('c', { instanceConcurrency: 2 })
  const [quick, slow] = [world.acquire(version), world.acquire(version)]
  await world.allReady()
  quick.slot!.release()
  world.clock.advance(10_000)
  assert.deepEqual(world.states(), ['busy'])
  assert.equal(slow.isInstanceGone, false)
})

test('when the host is full, the idle instance that is cheapest to lose makes room', async () => {
  const world = new FleetWorld({ memoryMBMax: 256 })
  await idleInstance(world, f)
  for (let use = 0; use < 5; use++) {
    const again = world.acquire(f)
    again.slot!.release()
  }
  await idleInstance(world, g)
  world.clock.advance(2000)
  const asked = world.acquire(h)
  await world.allReady()
  assert.match(asked.told, /^c-/)
  assert.deepEqual([world.states('f').length, world.states('g').length], [1, 0])
})

test('busy instances and those that were used a moment ago are spared', async () => {
  const world = new FleetWorld({ memoryMBMax: 256 })
  const busy = world.acquire(f)
  await world.allReady()
  await idleInstance(world, g)
  const asked = world.acquire(h)
  assert.equal(world.states('g').length, 1, 'it was used just now')
  world.clock.advance(1500)
  await world.allReady()
  assert.match(asked.told, /^c-/)
  assert.equal(world.states('g').length, 0)
  const another = world.acquire(g)
  world.clock.advance(10_000)
  assert.equal(another.told, 'nothing')
  assert.equal(busy.isInstanceGone, false)
})

test('under overload a function’s own instances are not ended to start them again', async () => {
  const world = new FleetWorld({ memoryMBMax: 256, instancesMax: 2 })
  const asked = Array.from({ length: 20 }, () => world.acquire(f))
  for (let served = 0; served < 20;) {
    await world.allReady()
    for (const each of asked.splice(0)) {
      if (each.slot === null) asked.push(each)
      else {
        world.clock.advance(1500)
        each.slot.release()
        served++
      }
    }
  }
  assert.equal(world.starts.length, 2)
})

test('what another function waits for is freed when an instance falls idle', async () => {
  const world = new FleetWorld({ instancesMax: 1 })
  const first = world.acquire(f)
  await world.allReady()
  const second = world.acquire(g)
  world.clock.advance(5000)
  assert.equal(second.told, 'nothing')
  first.slot!.release()
  world.clock.advance(400)
  await world.allReady()
  assert.match(second.told, /^c-/)
})

test('a reservation holds instances back from the others, and holds its function to them', async () => {
  const world = new FleetWorld({ instancesMax: 4, queueMsMax: 1000 })
  world.rules({ reservations: () => new Map([['f', 2]]) })
  const others = [1, 2, 3].map(() => world.acquire(g))
  const own = [1, 2, 3].map(() => world.acquire(f))
  await world.allReady()
  assert.deepEqual([world.states('g').length, world.states('f').length], [2, 2])
  world.clock.advance(1000)
  const refusals = [...others, ...own].flatMap(({ refusal }) => refusal?.message ?? [])
  assert.equal(refusals.length, 2)
  assert.match(refusals[0]!, /the account's 4 instances are in use or reserved for other functions/)
  assert.match(refusals[1]!, /all 2 instances of its reserved concurrency are in use/)
})

test('a reservation of 0 stops all invocations, also where an instance is warm', async () => {
  const world = new FleetWorld()
  await idleInstance(world, f)
  world.rules({ reservations: () => new Map([['f', 0]]) })
  const asked = world.acquire(f)
  assert.equal(asked.told, 'ResourceExhausted')
  assert.match(asked.refusal!.message, /reserved concurrency is 0/)
  assert.deepEqual(world.states(), [], 'and its idle instances leave')
})

test('on-demand instances have a limit of their own, beside what is provisioned', async () => {
  const world = new FleetWorld({ queueMsMax: 1000 })
  const policy = { target: 1, scheduled: [], tracking: [], alwaysAllocateCpu: false }
  world.rules({ onDemandMax: () => 1, provisions: () => [{ version: f, qualifier: 'LATEST', policy }] })
  await world.allReady()
  const asked = [1, 2, 3].map(() => world.acquire(f))
  await world.allReady()
  assert.equal(world.states().length, 2)
  world.clock.advance(1000)
  assert.equal(asked[2]!.told, 'ResourceExhausted')
  assert.match(asked[2]!.refusal!.message, /limit of 1 on-demand instances/)
})

test('a request that no wait can help is refused at once', () => {
  const world = new FleetWorld({ memoryMBMax: 1000 })
  world.rules({ onDemandMax: ({ key }) => (key === 'f' ? 0 : null) })
  assert.match(world.acquire(f).refusal!.message, /limit of 0 on-demand instances/)
  assert.match(
    world.acquire(fakeVersion('big', { memoryMB: 2048 })).refusal!.message,
    /needs 2048 MB, and the host has 1000 MB/,
  )
})

test('a large function gets the memory that comes free before the small ones behind it', async () => {
  const world = new FleetWorld({ memoryMBMax: 512 })
  const small = [1, 2, 3, 4].map((n) => fakeVersion(`s${n}`))
  const busy = small.map((version) => world.acquire(version))
  await world.allReady()
  const large = world.acquire(fakeVersion('large', { memoryMB: 512 }))
  const late = world.acquire(fakeVersion('late'))
  for (const each of busy) {
    each.slot!.release()
    world.clock.advance(2000)
    await world.allReady()
  }
  assert.match(large.told, /^c-/)
  assert.equal(late.told, 'nothing')
  large.slot!.release()
  world.clock.advance(2000)
  await world.allReady()
  assert.match(late.told, /^c-/)
})

test('a large function that has instances does not hold up small ones while it waits for memory', async () => {
  const world = new FleetWorld({ memoryMBMax: 640 })
  const large = fakeVersion('large', { memoryMB: 512 })
  world.acquire(large)
  await world.allReady()
  assert.equal(world.acquire(large).told, 'nothing')
  const small = world.acquire(g)
  await world.allReady()
  assert.match(small.told, /^c-/)
})

test('starts are given in turn, so that a burst on one function does not hold up another', async () => {
  const world = new FleetWorld({ startsMax: 2 })
  for (let i = 0; i < 50; i++) world.acquire(f)
  const asked = world.acquire(g)
  await world.pending()[0]!.ready()
  await world.pending()[0]!.ready()
  assert.equal(
    world.pending().some(({ version }) => version === g),
    true,
  )
  await world.allReady()
  assert.match(asked.told, /^c-/)
})

test('a host on which nothing can be started is tried ever more seldom, and recovers', async () => {
  const world = new FleetWorld({ queueMsMax: 600_000, startsMax: 1 })
  for (let i = 0; i < 100; i++) world.acquire(f)
  for (let second = 0; second < 20; second++) {
    for (const start of world.pending()) await start.fail(new Error('disk full'))
    world.clock.advance(1000)
  }
  assert.ok(world.starts.length <= 10, `${world.starts.length} starts in 20 seconds`)
  assert.equal(world.failures.length, world.starts.length - world.pending().length)
  world.clock.advance(10_000)
  await world.allReady()
  assert.ok(world.states().includes('busy'))
})

test('an instance in which a program is run is not frozen until that has ended', async () => {
  const world = new FleetWorld()
  const id = await idleInstance(world)
  const { instance } = world.starts[0]!
  world.clock.advance(5000)
  assert.equal(instance.state, 'frozen')
  const process = await world.fleet.exec(id, { command: ['sh'], terminal: false })
  world.clock.advance(60_000)
  assert.equal(instance.state, 'ready')
  await instance.endExec!()
  await process.exited
  await Promise.resolve()
  world.clock.advance(2000)
  assert.equal(instance.state, 'frozen')
  await assert.rejects(world.fleet.exec('c-none', { command: ['sh'], terminal: false }), /no such instance/)
})

test('a program is not run in an instance that is on its way in or out', async () => {
  const world = new FleetWorld()
  world.acquire(f)
  await assert.rejects(world.fleet.exec('c-0', { command: ['sh'], terminal: false }), /the instance is starting/)
})

test('closing ends what is idle, lets the busy finish, and refuses what comes', async () => {
  const world = new FleetWorld()
  await idleInstance(world, g)
  const running = world.acquire(f)
  await world.allReady()
  const closed = world.fleet.close(1000)
  assert.equal(world.acquire(f).told, 'ServiceUnavailable')
  assert.deepEqual(world.states(), ['draining'])
  running.slot!.release()
  await closed
  assert.deepEqual(world.states(), [])
})

test('closing ends what does not finish in time', async () => {
  const world = new FleetWorld()
  const running = world.acquire(f)
  await world.allReady()
  const closed = world.fleet.close(1000)
  world.clock.advance(1000)
  await closed
  assert.equal(running.isInstanceGone, true)
})

test('a function that went to zero and came back is not forgotten when timers of its first time run out', async () => {
  const world = new FleetWorld({ keepAlive: fixedKeepAlive(5000), queueMsMax: 30_000 })
  await idleInstance(world, f)
  world.clock.advance(10_000)
  assert.deepEqual(world.states(), [])
  const running = world.acquire(f)
  await world.allReady()
  world.clock.advance(25_000)
  assert.deepEqual(world.states(), ['busy'])
  running.slot!.release()
  assert.equal(world.acquire(f).told, running.told)
})

/** What a random history of a fleet does next. */
const step = fc.record({
  what: fc.constantFrom(
    'acquire',
    'acquire',
    'release',
    'ready',
    'fail',
    'die',
    'wait',
    'reserve',
    'limit',
    'provide',
    'retire',
  ),
  n: fc.nat(1000),
})

test('whatever happens, limits hold, nobody is told twice, and all are served or refused in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const options = { instancesMax: 6, memoryMBMax: 1024, startsMax: 3, queueMsMax: 5000, queueLengthMax: 20 }
      const world = new FleetWorld({ ...options, keepAlive: fixedKeepAlive(5000) })
      const versions = [
        fakeVersion('f', { instanceConcurrency: 2 }),
        fakeVersion('g', { memoryMB: 512 }),
        fakeVersion('h', { memoryMB: 256 }),
        fakeVersion('h', { memoryMB: 256, versionId: '1' }),
      ]
      const asked: Asked[] = []
      const released = new Set<Asked>()
      let reservations = new Map<string, number>()
      let onDemandMax = new Map<string, number>()
      let targets = new Map<string, number>()
      const apply = () =>
        world.rules({
          reservations: () => reservations,
          onDemandMax: ({ id }) => onDemandMax.get(id) ?? null,
          provisions: () =>
            versions
              .filter(({ id }) => targets.has(id))
              .map((version) => ({
                version,
                qualifier: version.versionId,
                policy: { target: targets.get(version.id)!, scheduled: [], tracking: [], alwaysAllocateCpu: false },
              })),
        })
      const holding = () => asked.filter((each) => each.slot && !released.has(each) && !each.isInstanceGone)
      const release = (each: Asked) => {
        released.add(each)
        each.slot!.release()
      }
      for (const { what, n } of steps) {
        const version = versions[n % versions.length]!
        const before = new Map(versions.map(({ key }) => [key, world.states(key).length]))
        if (what === 'acquire') asked.push(world.acquire(version, String(asked.length), version.versionId))
        else if (what === 'release' && holding().length > 0) release(holding()[n % holding().length]!)
        else if (what === 'ready') await world.pending()[n % Math.max(1, world.pending().length)]?.ready()
        else if (what === 'fail') {
          const error =
            n % 2 ? new Error('x') : new StartFailure({ errorType: 'E', errorMessage: 'no', handled: false })
          await world.pending()[n % Math.max(1, world.pending().length)]?.fail(error)
        } else if (what === 'die') {
          const live = world.starts.filter(({ instance }) => !['starting', 'gone'].includes(instance.state))
          live[n % Math.max(1, live.length)]?.instance.end()
        } else if (what === 'wait') world.clock.advance(n * 3)
        else if (what === 'reserve') {
          reservations = n % 3 === 0 ? new Map() : new Map([['f', n % 4]])
          apply()
        } else if (what === 'limit') {
          onDemandMax = n % 3 === 0 ? new Map() : new Map([[version.id, n % 4]])
          apply()
        } else if (what === 'provide') {
          targets = new Map([...targets, [version.id, n % 4]])
          apply()
        } else if (what === 'retire') {
          targets.delete(version.id)
          apply()
          world.fleet.retire(version.id)
        }

        const list = world.fleet.list()
        const memoryMB = list.reduce((sum, each) => {
          const found = versions.find(({ key, versionId }) => key === each.functionKey && versionId === each.versionId)!
          return sum + found.function.config.memoryMB
        }, 0)
        assert.ok(list.length <= options.instancesMax && memoryMB <= options.memoryMBMax)
        assert.ok(world.pending().length <= options.startsMax)
        // A limit that was lowered ends nobody who is busy, but from then on there are only fewer.
        for (const [key, reserved] of reservations) {
          const used = world.states(key).length
          assert.ok(used <= Math.max(reserved, before.get(key)!), `${used} instances of ${key}, ${reserved} reserved`)
        }
        const unused = [...reservations].reduce(
          (sum, [key, reserved]) => sum + Math.max(0, reserved - world.states(key).length),
          0,
        )
        const grown = versions.some(({ key }) => !reservations.has(key) && world.states(key).length > before.get(key)!)
        if (grown) assert.ok(list.length + unused <= options.instancesMax, 'reserved instances were taken by others')
        for (const { slot, refusal, startFailure } of asked) {
          assert.ok([slot, refusal, startFailure].filter((told) => told !== null).length <= 1)
        }
      }

      reservations = new Map()
      onDemandMax = new Map()
      targets = new Map()
      apply()
      for (let round = 0; round < 60; round++) {
        await world.allReady()
        for (const each of holding()) release(each)
        world.clock.advance(500)
      }
      assert.deepEqual(
        asked.filter(({ told }) => told === 'nothing'),
        [],
      )
      world.clock.advance(20_000)
      assert.deepEqual(world.states(), [])
    }),
    { numRuns: 300 },
  )
})

test('with more functions than the host has room for, all are served again and again', async () => {
  const sizes = fc.array(fc.constantFrom(128, 256, 512), { minLength: 2, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), async (memories, startsMax) => {
      const world = new FleetWorld({ memoryMBMax: 512, startsMax, queueMsMax: 600_000 })
      const versions = memories.map((memoryMB, i) => fakeVersion(`f-${i}`, { memoryMB }))
      const served = new Map(versions.map((version) => [version, 0]))
      const open = new Map<(typeof versions)[number], Asked>()
      for (let round = 0; round < memories.length * 30; round++) {
        for (const version of versions) if (!open.has(version)) open.set(version, world.acquire(version))
        await world.allReady()
        for (const [version, asked] of [...open]) {
          if (asked.slot === null) continue
          served.set(version, served.get(version)! + 1)
          asked.slot.release()
          open.delete(version)
        }
        world.clock.advance(300)
      }
      for (const [{ key }, count] of served) assert.ok(count >= 3, `${key} was served ${count} times`)
    }),
    { numRuns: 50 },
  )
})

test('a request that comes during preFreeze is served when the hook has ended, by the same instance', async () => {
  const world = new FleetWorld()
  const id = await idleInstance(world)
  const { instance } = world.starts[0]!
  instance.hooks.preFreeze = true
  world.clock.advance(1500)
  assert.deepEqual(world.states(), ['freezing'])
  const asked = world.acquire(f)
  assert.equal(asked.told, 'nothing')
  instance.endPreFreeze()
  assert.equal(asked.told, id)
  assert.equal(instance.state, 'busy')
})

test('a preFreeze that takes longer than a cold start does not hold up requests: another instance is started', async () => {
  const world = new FleetWorld()
  const id = await idleInstance(world)
  const [{ instance }] = world.starts as [FakeStart]
  instance.hooks.preFreeze = true
  world.clock.advance(1500)
  const asked = world.acquire(f)
  world.clock.advance(1000)
  await world.allReady()
  assert.notEqual(asked.told, 'nothing')
  assert.notEqual(asked.told, id)
  instance.endPreFreeze()
  assert.deepEqual(world.states().toSorted(), ['busy', 'frozen'])
})

test('an instance that was prepared for the freezer is used after those that were used since', async () => {
  const world = new FleetWorld()
  const [first, second] = [world.acquire(f), world.acquire(f)]
  await world.allReady()
  const old = world.starts.find(({ instance }) => instance.id === first.told)!.instance
  old.hooks.preFreeze = true
  first.slot!.release()
  world.clock.advance(900)
  second.slot!.release()
  world.clock.advance(400)
  assert.equal(old.state, 'freezing')
  const third = world.acquire(f)
  assert.equal(third.told, second.told)
  third.slot!.release()
  old.endPreFreeze()
  assert.equal(world.acquire(f).told, second.told)
  assert.equal(world.acquire(f).told, first.told)
})

test('what is evicted, retired or kept long enough has its preStop, and its place is taken until then', async () => {
  const world = new FleetWorld({ instancesMax: 1 })
  await idleInstance(world, f)
  const { instance } = world.starts[0]!
  instance.hooks.preStop = true
  world.clock.advance(2000)
  const asked = world.acquire(g)
  assert.deepEqual(world.states(), ['draining'])
  await world.allReady()
  assert.equal(asked.told, 'nothing')
  instance.end()
  await world.allReady()
  assert.match(asked.told, /^c-/)
})

test('closing waits for preStop within its limit, and then ends all', async () => {
  const world = new FleetWorld()
  await idleInstance(world, f)
  await idleInstance(world, g)
  const [quick, slow] = world.starts.map(({ instance }) => instance)
  quick!.hooks.preStop = slow!.hooks.preStop = true
  let isClosed = false
  const closed = world.fleet.close(10_000).then(() => (isClosed = true))
  quick!.end()
  world.clock.advance(9_999)
  await Promise.resolve()
  assert.deepEqual([isClosed, world.states()], [false, ['draining']])
  world.clock.advance(1)
  await closed
  assert.deepEqual(world.states(), [])
})

test('what instances use is told with how long they have had nothing to do; of some functions only when that is asked', async () => {
  const world = new FleetWorld()
  const measured = fakeVersion('measured', { memoryMB: 512 })
  Object.assign(measured.function.config, { settings: { logConfig: { enableInstanceMetrics: true } } })
  Object.assign(g.function.config, { settings: {} })
  await idleInstance(world, measured)
  await idleInstance(world, g)
  world.starts[0]!.instance.usedCpuMs = 100
  world.clock.advance(200)
  const [first, ...others] = world.fleet.usage('those with metrics of their own')
  assert.equal(others.length, 0)
  assert.equal(first!.functionKey, 'measured')
  assert.equal(first!.memoryMB, 512)
  assert.equal(first!.idleSinceMs, world.clock.nowMs() - 200)
  assert.equal(first!.cpuCores, 100 / (world.clock.nowMs() - first!.createdMs))
  world.acquire(g)
  const all = world.fleet.usage('all')
  assert.deepEqual(
    all.map(({ functionKey, inFlight, idleSinceMs }) => [functionKey, inFlight, idleSinceMs === null]),
    [
      ['measured', 0, false],
      ['g', 1, true],
    ],
  )
})
