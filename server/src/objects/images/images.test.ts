import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { OssError, type Bucket, type ObjectHead } from '../port.ts'
import { createImages } from './images.ts'
import type { RenderJob } from './render.ts'

const base64Url = (value: string) => Buffer.from(value).toString('base64url')
const bucketWith = (styles: Record<string, string>): Bucket => ({
  ...{ name: 'b', createdMs: 0, acl: 'private', storageClass: 'Standard', versioning: null },
  settings: {
    style: Object.fromEntries(
      Object.entries(styles).map(([name, content]) => [name, { name, content, createdMs: 0, modifiedMs: 0 }]),
    ),
  },
})
const headOf = (key: string, size = 3) => ({ bucket: 'b', key, size }) as ObjectHead
const refusedWith = (code: string) => (error: unknown) => error instanceof OssError && error.code === code

/** Jobs are looked at, not carried out. */
function openImages() {
  const jobs: RenderJob[] = []
  const store = {
    async head({ key }: { key: string }) {
      if (key === 'absent') throw new OssError('NoSuchKey', 'no such key')
      return headOf(key)
    },
    read: async (head: ObjectHead) => Readable.from([Buffer.from(head.key)]),
  }
  const images = createImages(store, {
    async run(read) {
      jobs.push(await read())
      return { body: null, contentType: 'image/png', width: 1, height: 1 }
    },
  })
  return { images, jobs }
}

test('a job has its source and each picture that its watermarks show, once', async () => {
  const { images, jobs } = openImages()
  const mark = `watermark,image_${base64Url('logo?x-oss-process=image/resize,P_10')}`
  await images.process(bucketWith({}), headOf('photo'), `image/${mark}/${mark},g_nw/watermark,text_YQ`)
  const [job] = jobs
  assert.equal(job!.source.toString(), 'photo')
  assert.deepEqual(
    [...job!.watermarks].map(([key, bytes]) => [key, bytes.toString()]),
    [['logo', 'logo']],
  )
})

test('a style is what it stands for, and stands for no other style', async () => {
  const { images, jobs } = openImages()
  const bucket = bucketWith({ small: 'image/resize,w_10', again: 'style/small' })
  await images.process(bucket, headOf('photo'), 'style/small')
  assert.equal(jobs[0]!.request.kind, 'picture')
  await assert.rejects(images.process(bucket, headOf('photo'), 'style/absent'), refusedWith('NoSuchStyle'))
  await assert.rejects(images.process(bucket, headOf('photo'), 'style/again'), refusedWith('BadRequest'))
  await assert.rejects(images.process(bucket, headOf('photo'), 'style/constructor'), refusedWith('NoSuchStyle'))
})

test('what is too large is not read, and a watermark that is not there is named', async () => {
  const { images } = openImages()
  const large = headOf('photo', 20 * 1024 * 1024 + 1)
  await assert.rejects(images.process(bucketWith({}), large, 'image/info'), refusedWith('ImageTooLarge'))
  const process = `image/watermark,image_${base64Url('absent')}`
  await assert.rejects(images.process(bucketWith({}), headOf('photo'), process), refusedWith('WatermarkError'))
})
