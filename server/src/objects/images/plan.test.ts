import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../errors.ts'
import type { Operation } from './operations.ts'
import { parseProcess } from './parse.ts'
import {
  checkResult,
  checkSource,
  isAutoOriented,
  isUntouched,
  keepsFrames,
  outputOf,
  stepOf,
  windowedSigma,
  type SourceFacts,
} from './plan.ts'

function operations(text: string): Operation[] {
  const request = parseProcess(`image/${text}`)
  return request.kind === 'picture' ? request.operations : []
}
const jpeg: SourceFacts = { width: 400, height: 300, format: 'jpg', frames: 1, hasOrientation: false, quality: 80 }
const png: SourceFacts = { ...jpeg, format: 'png', quality: undefined }
const gif: SourceFacts = { ...png, format: 'gif', frames: 5 }

const tooLarge = (error: unknown) => error instanceof OssError && error.code === 'ImageTooLarge'

test('sources are bounded by side, and by pixels of all frames', () => {
  checkSource({ width: 30_000, height: 8333, frames: 1 })
  assert.throws(() => checkSource({ width: 30_001, height: 1, frames: 1 }), tooLarge)
  assert.throws(() => checkSource({ width: 30_000, height: 8334, frames: 1 }), tooLarge)
  assert.throws(() => checkSource({ width: 1000, height: 1000, frames: 251 }), tooLarge)
})

test('results are bounded by side and by pixels', () => {
  checkResult({ width: 4096, height: 4096 })
  checkResult({ width: 16_384, height: 1024 })
  assert.throws(() => checkResult({ width: 4097, height: 4096 }), tooLarge)
  assert.throws(() => stepOf(operations('resize,m_fixed,w_16384,h_16384,limit_0')[0]!, jpeg, undefined), tooLarge)
})

test('only pictures of up to 4096 a side are rotated', () => {
  const [rotate] = operations('rotate,45')
  assert.deepEqual(stepOf(rotate!, { width: 4096, height: 10 }, undefined), { kind: 'rotate', degrees: 45 })
  assert.throws(() => stepOf(rotate!, { width: 4097, height: 10 }, undefined), tooLarge)
  assert.equal(stepOf(operations('rotate,360')[0]!, jpeg, undefined), undefined)
})

test('radii of corners end at half of the short side', () => {
  assert.deepEqual(stepOf(operations('rounded-corners,r_4096')[0]!, jpeg, undefined), {
    kind: 'round',
    square: undefined,
    radius: 150,
  })
})

test('relative quality is a share of that of a JPEG, absolute quality is never above it', () => {
  const quality = (text: string, source: SourceFacts) => outputOf(operations(text), source).quality
  assert.equal(quality('quality,q_90', jpeg), 72)
  assert.equal(quality('quality,Q_90', jpeg), 80)
  assert.equal(quality('quality,Q_50', jpeg), 50)
  assert.equal(quality('quality,q_10,Q_60', jpeg), 60)
  assert.equal(quality('quality,q_90/format,webp', jpeg), 90)
  assert.equal(quality('quality,q_90/format,jpg', png), 90)
  assert.equal(quality('resize,w_10', jpeg), 80)
  assert.equal(quality('quality,q_90', png), undefined)
})

test('the last format counts, and only a GIF becomes a GIF', () => {
  const format = (text: string, source: SourceFacts) => outputOf(operations(text), source).format
  assert.equal(format('resize,w_10', png), 'png')
  assert.equal(format('format,webp/resize,w_10/format,bmp', png), 'bmp')
  assert.equal(format('format,gif', png), 'png')
  assert.equal(format('format,gif', gif), 'gif')
  assert.equal(outputOf(operations('interlace,1/format,jpg'), png).isProgressive, true)
  assert.equal(outputOf(operations('interlace,1'), png).isProgressive, false)
})

test('frames stay where the picture is only resized or cropped and the result can hold them', () => {
  assert.equal(keepsFrames(operations('resize,w_10/crop,w_5'), gif), true)
  assert.equal(keepsFrames(operations('resize,w_10/format,webp'), gif), true)
  assert.equal(keepsFrames(operations('resize,w_10/format,png'), gif), false)
  assert.equal(keepsFrames(operations('rotate,90'), gif), false)
})

test('the source is the answer where nothing of it would change', () => {
  assert.equal(isUntouched(operations('resize,w_4000'), jpeg), true)
  assert.equal(isUntouched(operations('auto-orient,1/format,jpg'), jpeg), true)
  assert.equal(isUntouched(operations('auto-orient,1'), { ...jpeg, hasOrientation: true }), false)
  assert.equal(isUntouched(operations('quality,q_90'), jpeg), false)
  assert.equal(isUntouched(operations('format,png'), jpeg), false)
  assert.equal(isUntouched(operations('resize,w_100'), jpeg), false)
})

test('a picture is turned as its camera says when the last word is so', () => {
  assert.equal(isAutoOriented(operations('resize,w_100/auto-orient,1')), true)
  assert.equal(isAutoOriented(operations('auto-orient,1/auto-orient,0')), false)
  assert.equal(isAutoOriented(operations('resize,w_100')), false)
})

test('a wide window blurs as much as its deviation says, a narrow one less', () => {
  assert.ok(Math.abs(windowedSigma(50, 5) - 5) < 0.01)
  assert.ok(windowedSigma(1, 50) < 1)
  assert.ok(windowedSigma(2, 5) < windowedSigma(4, 5))
})

test('brightness scales, contrast turns around the middle grey', () => {
  assert.deepEqual(stepOf(operations('bright,-100')[0]!, jpeg, undefined), { kind: 'linear', slope: 0, intercept: 0 })
  const none = stepOf(operations('contrast,0')[0]!, jpeg, undefined)
  assert.ok(none?.kind === 'linear' && Math.abs(none.slope - 1) < 1e-9 && Math.abs(none.intercept) < 1e-9)
  const most = stepOf(operations('contrast,100')[0]!, jpeg, undefined)
  assert.ok(most?.kind === 'linear' && most.slope === 255)
})
