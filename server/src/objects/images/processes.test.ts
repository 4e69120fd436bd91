import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import fc from 'fast-check'
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

/** Pids of the children of this process that run the worker. */
function workers(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').map(Number)
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('images/worker.ts'))
}
const onLinux = { skip: process.platform === 'linux' ? false : 'processes are looked up in /proc' }

test('a decoder that crashes costs its own job', onLinux, async () => {
  const { processes } = makeProcesses()
  const before = workers()
  await processes.run(async () => jobOf('image/info'))
  const [worker] = workers().filter((pid) => !before.includes(pid))
  const crashed = processes.run(async () => {
    process.kill(worker!, 'SIGSEGV')
    return jobOf('image/resize,w_10')
  })
  await assert.rejects(crashed, refusedWith('InternalError'))
  assert.equal((await processes.run(async () => jobOf('image/resize,w_10'))).width, 10)
})

test('pictures are decoded at low priority and without the rights of root', onLinux, async () => {
  const { processes } = makeProcesses()
  const before = workers()
  await processes.run(async () => jobOf(`image/watermark,text_${Buffer.from('Hi').toString('base64url')}`))
  const [worker] = workers().filter((pid) => !before.includes(pid))
  const [, uids] = /^Uid:\t(.+)$/m.exec(readFileSync(`/proc/${worker!}/status`, 'utf8'))!
  assert.ok(!uids!.split('\t').includes('0'))
  assert.equal(readFileSync(`/proc/${worker!}/environ`, 'utf8').includes('PATH='), false)
  const niceness = readFileSync(`/proc/${worker!}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[16]
  assert.equal(niceness, '10')
})

test('whatever becomes of the bytes of a picture, the answer is a picture or a refusal', async () => {
  const { processes } = makeProcesses()
  const plain = sharp(source)
  const pictures = await Promise.all([
    ...[plain.clone().jpeg(), plain.clone().webp(), plain.clone().gif(), plain.clone().tiff(), plain].map((picture) =>
      picture.toBuffer(),
    ),
    processes.run(async () => jobOf('image/format,bmp')).then(({ body }) => body!),
  ])
  const edits = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 255 })), {
    maxLength: 12,
  })
  const wanted = fc.constantFrom('image/resize,w_20', 'image/info', 'image/rotate,30', 'image/auto-orient,1/circle,r_9')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pictures),
      edits,
      fc.nat(400),
      wanted,
      async (picture, changes, cut, process) => {
        const bytes = Buffer.from(picture.subarray(0, picture.length - Math.max(0, cut - 200)))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        try {
          assert.ok((await processes.run(async () => ({ ...jobOf(process), source: bytes }))).width > 0)
        } catch (error) {
          assert.ok(error instanceof OssError && error.status === 400, String(error))
        }
      },
    ),
  )
})
