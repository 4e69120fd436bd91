import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { SimulatedClock } from '../../simulated-clock.ts'
import { OssError } from '../errors.ts'
import { parseProcess } from './parse.ts'
import { ImageProcesses } from './processes.ts'
import type { RenderJob } from './render.ts'

const source = await sharp({ create: { width: 200, height: 100, channels: 3, background: '#204080' } })
  .png()
  .toBuffer()
const JOB_MS = 30_000

function makeProcesses(waitingMax = 10) {
  const clock = new SimulatedClock()
  const processes = new ImageProcesses({ processes: 1, waitingMax, jobMs: JOB_MS }, clock)
  after(() => processes.close())
  return { clock, processes }
}
function jobOf(process: string): RenderJob {
  const request = parseProcess(process)
  assert.ok(request.kind !== 'style')
  return { request, source, watermarks: new Map() }
}
const refusedWith = (code: string) => (error: unknown) => error instanceof OssError && error.code === code

test('a picture comes back from another process as it would from this one', async () => {
  const { processes } = makeProcesses()
  const { body, contentType, width, height } = await processes.run(async () => jobOf('image/resize,w_100/format,jpg'))
  assert.ok(Buffer.isBuffer(body))
  assert.deepEqual({ contentType, width, height }, { contentType: 'image/jpeg', width: 100, height: 50 })
  assert.equal((await sharp(body).metadata()).width, 100)
  assert.equal((await processes.run(async () => jobOf('image/resize,w_900'))).body, null)
})

test('refusals keep their code, and the process goes on', async () => {
  const { processes } = makeProcesses()
  await assert.rejects(
    processes.run(async () => jobOf('image/crop,x_900')),
    refusedWith('BadRequest'),
  )
  await assert.rejects(
    processes.run(async () => ({ ...jobOf('image/info'), request: null as never })),
    refusedWith('InternalError'),
  )
  assert.equal((await processes.run(async () => jobOf('image/resize,w_10'))).width, 10)
})

test('sources are read in turn, and what is beyond the bound is refused', async () => {
  const { processes } = makeProcesses(2)
  const gate = Promise.withResolvers<void>()
  const read: number[] = []
  const jobs = [1, 2, 3].map((number) =>
    processes.run(async () => {
      read.push(number)
      await gate.promise
      return jobOf('image/info')
    }),
  )
  await assert.rejects(
    processes.run(async () => jobOf('image/info')),
    refusedWith('ServiceUnavailable'),
  )
  assert.deepEqual(read, [1])
  gate.resolve()
  await Promise.all(jobs)
  assert.deepEqual(read, [1, 2, 3])
})

test('a job that takes too long is given up, and the next one finds a new process', async () => {
  const { clock, processes } = makeProcesses()
  await processes.run(async () => jobOf('image/info'))
  const reading = Promise.withResolvers<void>()
  const stuck = processes.run(() => {
    reading.resolve()
    return new Promise<never>(() => {})
  })
  await reading.promise
  clock.advance(JOB_MS)
  await assert.rejects(stuck, refusedWith('BadRequest'))
  assert.equal((await processes.run(async () => jobOf('image/resize,w_10'))).width, 10)
})

test('a source that cannot be read refuses its own job only', async () => {
  const { processes } = makeProcesses()
  const broken = processes.run(() => Promise.reject(new OssError('ImageTooLarge', 'too large')))
  await assert.rejects(broken, refusedWith('ImageTooLarge'))
  assert.equal((await processes.run(async () => jobOf('image/resize,w_10'))).width, 10)
})
