import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
import { ATTEMPT_MS_MAX, ATTEMPTS_MAX, Deliverer } from './deliverer.ts'
import type { AlertAsks, StoredDelivery } from './messages.ts'
import type { AlertRoute } from './port.ts'
import { FakeCarriers, hook, noticeFor } from './test-support.ts'

type Settled = AlertAsks['settle']['ask']

function scene(routes: AlertRoute[] = [hook]) {
  const clock = new SimulatedClock()
  const carriers = new FakeCarriers()
  const settled: Settled[] = []
  const waiters: { count: number; resolve: () => void }[] = []
  let isFailing = false
  const book = {
    async settle(ask: Settled) {
      settled.push(ask)
      for (const { count, resolve } of waiters) if (settled.length >= count) resolve()
      if (isFailing) throw new Error('the disk is full')
    },
  }
  const known = new Map(routes.map((route) => [route.name, route]))
  const deliverer = new Deliverer({ clock, book, carriers: carriers.all, routeOf: (name) => known.get(name) })
  return {
    ...{ clock, carriers, settled, deliverer, known },
    failWrites: () => (isFailing = true),
    settledCount: async (count: number) => {
      if (settled.length < count) {
        await new Promise<void>((resolve) => void waiters.push({ count, resolve }))
      }
      // The deliverer goes on when it has heard.
      await turn()
    },
  }
}

let ids = 0
const delivery = (route = 'hook', rule = 'errors', more: Partial<StoredDelivery> = {}): StoredDelivery => ({
  id: `d-${++ids}`,
  route,
  notice: noticeFor({ rule }),
  attempts: 0,
  dueMs: 0,
  ...more,
})

test('what is taken is done with, and the history says so', async () => {
  const { deliverer, settled, settledCount } = scene()
  const first = delivery()
  deliverer.add([first])
  await settledCount(1)
  const [{ id, retry, event }] = settled as [Settled]
  assert.deepEqual([id, retry, event?.kind, event?.route, event?.rule], [first.id, null, 'delivered', 'hook', 'errors'])
  assert.deepEqual([...deliverer.counts()], [{ kind: 'webhook', outcome: 'delivered', count: 1 }])
})

test('what fails is tried again after growing pauses, and given up in the end, with the reason in the history', async () => {
  const { clock, carriers, deliverer, settled, settledCount } = scene()
  carriers.outcomes.set('hook', Array(ATTEMPTS_MAX).fill('it answered with status 500'))
  const pauses: number[] = []
  deliverer.add([delivery()])
  for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt++) {
    await settledCount(attempt)
    const { retry } = settled[attempt - 1]!
    assert.ok(retry !== null)
    assert.equal(retry.attempts, attempt)
    pauses.push((retry.dueMs - clock.nowMs()) / 1000)
    clock.advance(retry.dueMs - clock.nowMs())
  }
  await settledCount(ATTEMPTS_MAX)
  assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 320])
  const { retry, event } = settled.at(-1)!
  assert.deepEqual([retry, event?.kind], [null, 'deliveryFailed'])
  assert.equal(event?.message, `given up, attempt ${ATTEMPTS_MAX}: it answered with status 500`)
  assert.equal(new Set(carriers.taken.map(({ id }) => id)).size, 1)
  assert.deepEqual([...deliverer.counts()], [{ kind: 'webhook', outcome: 'failed', count: 1 }])
  assert.equal(deliverer.room, scene().deliverer.room)
})

test('a route that hangs is given up for this time, and holds up no other route and no other rule', async () => {
  const other: AlertRoute = { ...hook, name: 'other' }
  const { clock, carriers, deliverer, settled, settledCount } = scene([hook, other])
  carriers.outcomes.set('hook', ['hang'])
  deliverer.add([delivery('hook', 'slow'), delivery('other', 'slow'), delivery('hook', 'quick')])
  await settledCount(2)
  assert.deepEqual(
    settled.map(({ event }) => [event?.rule, event?.route]),
    [
      ['slow', 'other'],
      ['quick', 'hook'],
    ],
  )
  clock.advance(ATTEMPT_MS_MAX)
  await settledCount(3)
  assert.deepEqual([settled[2]!.retry?.attempts, settled[2]!.event], [1, null])
})

test('the notices of one rule keep their order on a route, also when the first has to be tried again', async () => {
  const { clock, carriers, deliverer, settledCount } = scene()
  carriers.outcomes.set('hook', ['connect ECONNREFUSED'])
  const [fired, resolved] = [delivery(), delivery('hook', 'errors', { notice: noticeFor({ state: 'resolved' }) })]
  deliverer.add([fired, resolved])
  await settledCount(1)
  assert.equal(carriers.taken.length, 1)
  clock.advance(5000)
  await settledCount(3)
  assert.deepEqual(
    carriers.taken.map(({ notice }) => notice.state),
    ['firing', 'firing', 'resolved'],
  )
})

test('few attempts are under way on one route, however many rules have something to say', async () => {
  const { carriers, deliverer, clock, settledCount } = scene()
  carriers.outcomes.set('hook', Array(4).fill('hang'))
  deliverer.add(Array.from({ length: 10 }, (_, i) => delivery('hook', `rule-${i}`)))
  await turn()
  assert.equal(carriers.taken.length, 4)
  clock.advance(ATTEMPT_MS_MAX)
  await settledCount(10)
  assert.equal(carriers.taken.length, 10)
})

test('a route that was mended meanwhile is used as it became; one that is gone ends what waited for it', async () => {
  const { clock, carriers, deliverer, known, settled, settledCount } = scene()
  carriers.outcomes.set('hook', ['no', 'no'])
  deliverer.add([delivery('hook', 'a'), delivery('hook', 'b')])
  await settledCount(2)
  known.delete('hook')
  clock.advance(5000)
  await settledCount(4)
  assert.match(settled[2]!.event!.message, /the route does not exist any more/)
  assert.equal(carriers.taken.length, 2)
})

test('a pause of before the wall clock was set back does not last longer for it', async () => {
  const { clock, carriers, deliverer, settledCount } = scene()
  deliverer.add([delivery('hook', 'errors', { attempts: 2, dueMs: clock.nowMs() + 86_400_000 })])
  assert.equal(carriers.taken.length, 0)
  clock.advance(320_000)
  await settledCount(1)
  assert.equal(carriers.taken.length, 1)
})

test('a disk that cannot be written does not keep notices from going out', async () => {
  const { deliverer, carriers, failWrites, settledCount } = scene()
  failWrites()
  deliverer.add([delivery(), delivery()])
  await settledCount(2)
  assert.equal(carriers.taken.length, 2)
})

test('a test is one attempt, whose outcome is answered', async () => {
  const { clock, carriers, deliverer, settled } = scene()
  carriers.outcomes.set('hook', ['it answered with status 404', 'hang'])
  assert.deepEqual(await deliverer.test(hook, noticeFor()), {
    ...{ route: 'hook', ok: false, message: 'it answered with status 404', durationMs: 0 },
  })
  const hanging = deliverer.test(hook, noticeFor())
  clock.advance(ATTEMPT_MS_MAX)
  assert.deepEqual(await hanging, {
    ...{ route: 'hook', ok: false, message: 'it was not taken within 20 s', durationMs: ATTEMPT_MS_MAX },
  })
  assert.equal((await deliverer.test(hook, noticeFor())).ok, true)
  assert.equal(settled.length, 0)
})
