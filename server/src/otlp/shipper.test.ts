import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { seededRandom, SimulatedClock } from '../simulated-clock.ts'
import type { ExportAnswer } from './retry.ts'
import { BATCH_ITEMS_MAX, BATCH_WAIT_MS, Shipper, WAITING_BYTES_MAX } from './shipper.ts'

const TAKEN: ExportAnswer = { status: 200, retryAfter: undefined, rejected: 0, message: '' }
const answered = (status: number, more: Partial<ExportAnswer> = {}): ExportAnswer => ({ ...TAKEN, status, ...more })
const BYTES = 1000

/** A collector that answers one after the other what it is told to, and then takes everything. */
function scene(answers: (ExportAnswer | Promise<ExportAnswer>)[] = []) {
  const clock = new SimulatedClock()
  const batches: number[][] = []
  const notices: string[] = []
  const shipper = new Shipper<number>(
    { name: 'logs', encode: (items) => JSON.stringify(items), bytesOf: () => BYTES },
    {
      clock,
      random: seededRandom(1),
      async post(path, body) {
        assert.equal(path, '/v1/logs')
        batches.push(JSON.parse(body) as number[])
        return answers.shift() ?? TAKEN
      },
      notify: (message) => notices.push(message),
    },
  )
  const addMany = (count: number) => {
    for (let i = 0; i < count; i++) shipper.add(i)
  }
  /** In small steps, with turns between them for what waits for promises. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(Math.min(500, left))
      await nextTurn()
    }
  }
  return { clock, batches, notices, shipper, addMany, pass }
}

test('what comes within a second goes together, and a full batch at once', async () => {
  const { batches, shipper, addMany, pass } = scene()
  const sizes = () => batches.map(({ length }) => length)
  addMany(3)
  await pass(BATCH_WAIT_MS - 500)
  assert.equal(batches.length, 0)
  await pass(500)
  assert.deepEqual(batches, [[0, 1, 2]])
  addMany(BATCH_ITEMS_MAX + 5)
  await pass(1)
  assert.deepEqual(sizes(), [3, BATCH_ITEMS_MAX])
  await pass(BATCH_WAIT_MS)
  assert.equal(batches.at(-1)!.length, 5)
  assert.equal(shipper.sent, BATCH_ITEMS_MAX + 8)
})

test('a collector that hangs costs a bounded memory: what is beyond it is dropped and counted, and it goes on later', async () => {
  const hang = Promise.withResolvers<ExportAnswer>()
  const { batches, shipper, addMany, pass } = scene([hang.promise])
  addMany(1)
  await pass(BATCH_WAIT_MS)
  const fits = Math.floor(WAITING_BYTES_MAX / BYTES)
  addMany(fits + 100)
  assert.equal(shipper.dropped, 100)
  await pass(10_000)
  assert.equal(batches.length, 1)
  hang.resolve(TAKEN)
  await pass(60_000)
  assert.equal(shipper.sent, fits + 1)
  addMany(1)
  assert.equal(shipper.dropped, 100)
})

test('a batch is tried again after what asks for it, later each time, and told once', async () => {
  const { batches, notices, shipper, addMany, pass } = scene([
    answered(503, { message: 'busy' }),
    answered(429),
    answered(0, { message: 'refused' }),
  ])
  addMany(2)
  await pass(BATCH_WAIT_MS)
  await pass(1000)
  assert.equal(batches.length, 2)
  await pass(10_000)
  assert.deepEqual(batches, [
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 1],
  ])
  assert.equal(shipper.sent, 2)
  assert.equal(shipper.dropped, 0)
  assert.deepEqual(notices, ['logs cannot be exported to otlpUrl: busy', 'logs are exported again'])
})

test('the collector says when it wants to be asked again', async () => {
  const { batches, addMany, pass } = scene([answered(429, { retryAfter: '7' })])
  addMany(1)
  await pass(BATCH_WAIT_MS)
  await pass(6500)
  assert.equal(batches.length, 1)
  await pass(500)
  assert.equal(batches.length, 2)
})

test('what the collector will never take is dropped at once, and after some minutes what it does not take', async () => {
  const { batches, shipper, addMany, pass } = scene([answered(400)])
  addMany(2)
  await pass(BATCH_WAIT_MS)
  assert.deepEqual([batches.length, shipper.dropped], [1, 2])
  const down = scene(Array.from({ length: 1000 }, () => answered(503)))
  down.addMany(3)
  await down.pass(400_000)
  assert.equal(down.shipper.dropped, 3)
  assert.ok(down.batches.length < 20)
})

test('items that were refused in a batch that was taken are counted apart', async () => {
  const { shipper, notices, addMany, pass } = scene([answered(200, { rejected: 2, message: 'too old' })])
  addMany(5)
  await pass(BATCH_WAIT_MS)
  assert.deepEqual([shipper.sent, shipper.rejected, shipper.dropped], [3, 2, 0])
  assert.deepEqual(notices, ['logs cannot be exported to otlpUrl: 2 of 5 were refused: too old'])
})

test('closing sends what waits, once, also what was between two attempts', async () => {
  const { batches, shipper, addMany, pass } = scene([answered(503)])
  addMany(1)
  await pass(BATCH_WAIT_MS)
  addMany(2)
  await shipper.close()
  assert.deepEqual(batches, [[0], [0], [0, 1]])
  assert.equal(shipper.sent, 3)
  const down = scene(Array.from({ length: 10 }, () => answered(503)))
  down.addMany(BATCH_ITEMS_MAX * 3)
  await down.shipper.close()
  assert.deepEqual([down.batches.length, down.shipper.dropped], [1, BATCH_ITEMS_MAX * 3])
})

test('with nothing to send there is no timer', () => {
  const { clock } = scene()
  assert.equal(clock.step(), false)
})
