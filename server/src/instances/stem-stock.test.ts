import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STEM_MEMORY_MB, createStemStock, type StemStockOptions } from './stem-stock.ts'
import { kindOf, stemsWaiting, StemWorld, turns } from './stem-test-support.ts'

const kind = kindOf('nodejs')

function world(options: Partial<StemStockOptions> = {}) {
  const scene = new StemWorld()
  const problems: (string | null)[] = []
  const stock = createStemStock(
    { stems: 2, hostMemoryMB: 100_000, ...options },
    { ...scene.stemDeps, onRefill: (_, problem) => problems.push(problem?.message ?? null) },
  )
  const close = async () => {
    await stock.close()
    scene.remove()
  }
  return { scene, stock, problems, clock: scene.clock, close }
}

test('the kinds in use are kept ready, and end when they are used no more', async () => {
  const { scene, stock, close } = world()
  stock.use([kind, kindOf('python')])
  await stemsWaiting(stock, kind, 2)
  await stemsWaiting(stock, kindOf('python'), 2)
  stock.use([kind])
  await turns(() => scene.created.filter(({ events }) => events.includes('stop 0')).length === 2)
  assert.deepEqual(stock.list(), [{ kind: 'nodejs', waiting: 2, booting: 0 }])
  await close()
})

test('what is taken is replaced', async () => {
  const { stock, clock, close } = world()
  stock.use([kind])
  await stemsWaiting(stock, kind, 2)
  const stem = stock.take(kind)!
  assert.ok(stem.isWaiting)
  clock.advance(25)
  await stemsWaiting(stock, kind, 2)
  await stem.stop(0)
  await close()
})

test('no stems are kept when the setting is 0', async () => {
  const { scene, stock, clock, close } = world({ stems: 0 })
  stock.use([kind])
  const stem = stock.boot(kind)
  await stem.connected
  clock.advance(60_000)
  assert.equal(scene.created.length, 1)
  assert.equal(stock.take(kind), null)
  await stem.stop(0)
  await close()
})

test('a share of the memory bounds all kinds together', async () => {
  const { stock, close } = world({ stems: 8, hostMemoryMB: 10 * 3 * STEM_MEMORY_MB })
  stock.use([kind, kindOf('python')])
  await stemsWaiting(stock, kind, 2)
  await stemsWaiting(stock, kindOf('python'), 1)
  assert.equal(stock.memoryMBMax, 3 * STEM_MEMORY_MB)
  const count = stock.list().reduce((sum, { waiting, booting }) => sum + waiting + booting, 0)
  assert.equal(count, 3)
  await close()
})

test('a kind that is asked for gets a stem though others, which are not, had filled the memory first', async () => {
  const { stock, clock, close } = world({ hostMemoryMB: 10 * 2 * STEM_MEMORY_MB })
  const [first, second, third] = [kindOf('nodejs 18'), kindOf('nodejs 20'), kindOf('nodejs 26')]
  stock.use([first, second, third])
  await stemsWaiting(stock, first, 1)
  await stemsWaiting(stock, second, 1)
  const stem = stock.boot(third)
  await stem.connected
  clock.advance(25)
  await stemsWaiting(stock, third, 1)
  const counts = stock.list().map(({ waiting, booting }) => waiting + booting)
  assert.deepEqual(counts, [1, 0, 1])
  await stem.stop(0)
  await close()
})

test('a stem that died while it waited is never handed out, and replaced after a pause', async () => {
  const { scene, stock, clock, problems, close } = world({ stems: 1 })
  stock.use([kind])
  await stemsWaiting(stock, kind, 1)
  scene.created[0]!.print('a last word\n')
  scene.created[0]!.end({ signal: 'SIGKILL' })
  await stemsWaiting(stock, kind, 0)
  assert.equal(stock.take(kind), null)
  assert.deepEqual(problems, ['a prepared sandbox ended while it waited: signal SIGKILL; it said: a last word'])
  clock.advance(1000)
  await stemsWaiting(stock, kind, 1)
  assert.equal(scene.created.length, 2)
  await close()
})

test('boots that fail are tried again later and later, and told once per reason', async () => {
  const { scene, stock, clock, problems, close } = world({ stems: 1 })
  let tries = 0
  let reason = 'node does not exist'
  scene.beforeCreate = () => {
    tries++
    return Promise.reject(new Error(reason))
  }
  const settled = () => turns(() => stock.list()[0]!.booting === 0)
  stock.use([kind])
  await settled()
  // An hour of failures: seconds at first, then one a minute.
  for (let second = 0; second < 3600; second++) {
    clock.advance(1000)
    await settled()
  }
  assert.ok(tries > 50 && tries < 70, `${tries} tries`)
  assert.deepEqual(problems, ['node does not exist'])
  reason = 'no memory left'
  clock.advance(60_000)
  await turns(() => problems.length === 2)
  assert.deepEqual(problems.slice(1), ['no memory left'])
  scene.beforeCreate = async () => {}
  clock.advance(60_000)
  await stemsWaiting(stock, kind, 1)
  clock.advance(60_000)
  assert.deepEqual(problems.slice(2), [null])
  await close()
})

test('a boot for a start fails with the true reason, whatever the stock is doing', async () => {
  const { scene, stock, close } = world({ stems: 0 })
  scene.inside = (sandbox) => {
    sandbox.print('Cannot find module bootstrap.cjs\n')
    sandbox.end({ code: 1 })
  }
  await assert.rejects(
    stock.boot(kind).connected,
    /the runtime ended before it connected: exit code 1; it said: Cannot find module bootstrap.cjs/,
  )
  await close()
})

test('a creation that hangs is given up in time, holds up no other, and is ended when it comes after all', async () => {
  const { scene, stock, clock, close } = world({ stems: 0 })
  const late = Promise.withResolvers<void>()
  scene.beforeCreate = () => late.promise
  const hanging = stock.boot(kind)
  await turns(() => scene.creating === 1)
  scene.beforeCreate = async () => {}
  const other = stock.boot(kind)
  await other.connected
  clock.advance(20_000)
  await assert.rejects(hanging.connected, /the sandbox was not created within 20 seconds/)
  late.resolve()
  await turns(() => scene.created.length === 2 && scene.created[1]!.events.includes('stop 0'))
  await other.stop(0)
  await close()
})

test('creations for the stock that hang do not keep it from being filled for ever', async () => {
  const { scene, stock, clock, problems, close } = world()
  scene.beforeCreate = () => new Promise(() => {})
  stock.use([kind])
  await turns(() => scene.creating === 2)
  scene.beforeCreate = async () => {}
  clock.advance(20_000)
  await turns(() => problems.length === 1)
  clock.advance(60_000)
  await stemsWaiting(stock, kind, 2)
  await close()
})

test('a runtime that never connects is given up', async () => {
  const { scene, stock, clock, close } = world({ stems: 0 })
  scene.inside = () => {}
  const stem = stock.boot(kind)
  await stem.created
  await turns(() => scene.created.length === 1)
  await new Promise(setImmediate)
  clock.advance(20_000)
  await assert.rejects(stem.connected, /the runtime did not connect within 20 seconds/)
  assert.deepEqual(scene.created[0]!.events, ['stop 0'])
  await close()
})

test('what a runtime prints without end before it has a function is not kept', async () => {
  const { scene, stock, close } = world({ stems: 0 })
  scene.inside = (sandbox) => {
    for (let i = 0; i < 1000; i++) sandbox.print(`${'x'.repeat(1000)}${i}\n`)
    sandbox.end({ code: 1 })
  }
  await assert.rejects(stock.boot(kind).connected, (error: Error) => error.message.length < 3000)
  await close()
})

test('a burst of starts is answered by a larger stock, cold starts before it', async () => {
  const { stock, clock, close } = world({ stems: 1 })
  const stems = Array.from({ length: 8 }, () => stock.boot(kind))
  await Promise.all(stems.map(({ connected }) => connected))
  clock.advance(25)
  await stemsWaiting(stock, kind, 8)
  await Promise.all(stems.map((stem) => stem.stop(0)))
  await close()
})

test('closing ends what waits and what boots', async () => {
  const { scene, stock, close } = world()
  stock.use([kind])
  await stemsWaiting(stock, kind, 2)
  await close()
  assert.ok(scene.created.every(({ events }) => events.includes('stop 0')))
  assert.equal(stock.list()[0]!.booting, 0)
})
