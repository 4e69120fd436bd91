import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OssError } from '../errors.ts'
import { circleSquare, cropRectangle, resizedSize, sideBySide, sliceRectangle, watermarkPlace } from './geometry.ts'
import { GRAVITIES, type Crop, type Gravity, type Resize, type Size } from './operations.ts'
import { parseProcess } from './parse.ts'

function operation(text: string, kind: string) {
  const request = parseProcess(`image/${text}`)
  const [first] = request.kind === 'picture' ? request.operations : []
  assert.equal(first?.kind, kind)
  return first
}
const resized = (source: Size, parameters: string, main?: Size) => {
  const result = resizedSize(source, operation(`resize,${parameters}`, 'resize') as Resize, main)
  return result === undefined ? 'as it is' : `${result.width}x${result.height} ${result.fit}`
}
const cropped = (source: Size, parameters: string) =>
  cropRectangle(source, operation(`crop,${parameters}`, 'crop') as Crop)

const card = { width: 200, height: 100 }

test('a picture of 200 × 100 is resized to 150 × 80 as documented for each mode', () => {
  const table: Record<string, string> = {
    lfit: '150x75 fill',
    mfit: '160x80 fill',
    fill: '150x80 cover',
    pad: '150x80 contain',
    fixed: '150x80 fill',
  }
  for (const [mode, expected] of Object.entries(table)) assert.equal(resized(card, `m_${mode},w_150,h_80`), expected)
})

test('one side, the long or the short side, or a percentage keeps the ratio', () => {
  const table: Record<string, string> = {
    h_50: '100x50 fill',
    w_50: '50x25 fill',
    l_100: '100x50 fill',
    s_50: '100x50 fill',
    'l_100,s_20': '40x20 fill',
    'm_mfit,l_100,s_60': '120x60 fill',
    p_50: '100x50 fill',
    'm_fill,w_50': '50x25 fill',
    'm_pad,h_50': '100x50 fill',
    'm_fixed,h_100,limit_0': '100x100 fill',
    w_1: '1x1 fill',
  }
  for (const [parameters, expected] of Object.entries(table))
    assert.equal(resized(card, parameters), expected, parameters)
  assert.equal(resized({ width: 100, height: 200 }, 'l_100'), '50x100 fill')
  assert.equal(resized({ width: 100, height: 200 }, 's_50'), '50x100 fill')
})

test('a picture is enlarged only where the limit is lifted', () => {
  for (const parameters of ['w_400', 'm_fill,w_400,h_50', 'm_fixed,w_201,h_50', 'p_200', 's_101']) {
    assert.equal(resized(card, parameters), 'as it is', parameters)
  }
  assert.equal(resized(card, 'w_400,limit_0'), '400x200 fill')
  assert.equal(resized(card, 'p_200,limit_0'), '400x200 fill')
  assert.equal(resized(card, 'm_pad,w_300,h_300,limit_0'), '300x300 contain')
})

test('a watermark’s share is of the picture that it goes on', () => {
  const hundred = { width: 100, height: 100 }
  assert.equal(resized(hundred, 'P_10', hundred), '10x10 fill')
  assert.equal(resized(hundred, 'P_10', { width: 200, height: 200 }), '20x20 fill')
  assert.equal(resized({ width: 10, height: 20 }, 'P_50', card), '25x50 fill')
  assert.throws(() => resized(hundred, 'P_10'), /P is for the image of a watermark/)
})

const sides = fc.integer({ min: 1, max: 30_000 })
const targets = fc.integer({ min: 1, max: 16_384 })
const sizes = fc.record({ width: sides, height: sides })

test('lfit stays within the box and touches it, mfit covers it, and neither bends the picture', () => {
  fc.assert(
    fc.property(sizes, targets, targets, (source, w, h) => {
      for (const mode of ['lfit', 'mfit'] as const) {
        const { width, height } = resizedSize(
          source,
          operation(`resize,m_${mode},w_${w},h_${h},limit_0`, 'resize') as Resize,
          undefined,
        )!
        assert.ok(width === w || height === h)
        assert.ok(mode === 'lfit' ? width <= w && height <= h : width >= w && height >= h)
        const factor = width === w && height !== h ? w / source.width : h / source.height
        const isKept = (side: number, length: number) => Math.abs(side - Math.max(1, length * factor)) <= 1
        assert.ok((isKept(width, source.width) && isKept(height, source.height)) || (width === w && height === h))
      }
    }),
  )
})

test('without lifting the limit no side ever grows, but for what is padded', () => {
  const mode = fc.constantFrom('lfit', 'mfit', 'fill', 'fixed')
  fc.assert(
    fc.property(sizes, targets, targets, mode, (source, w, h, m) => {
      const result = resizedSize(source, operation(`resize,m_${m},w_${w},h_${h}`, 'resize') as Resize, undefined)
      if (result !== undefined) assert.ok(result.width <= source.width && result.height <= source.height)
    }),
  )
})

test('a crop counts from the corner, edge or middle that gravity names', () => {
  const at = (parameters: string) => {
    const { left, top, width, height } = cropped(card, parameters)
    return [left, top, width, height]
  }
  assert.deepEqual(at('x_100,y_50'), [100, 50, 100, 50])
  assert.deepEqual(at('w_50,h_50'), [0, 0, 50, 50])
  assert.deepEqual(at('w_50,h_50,g_center'), [75, 25, 50, 50])
  assert.deepEqual(at('w_50,h_50,g_se'), [150, 50, 50, 50])
  assert.deepEqual(at('w_50,h_50,x_10,y_10,g_se'), [160, 60, 40, 40])
  assert.deepEqual(at('w_900,h_0'), [0, 0, 200, 100])
})

test('a crop that begins outside is refused with the documented words', () => {
  assert.throws(
    () => cropped(card, 'x_200'),
    (error: unknown) =>
      error instanceof OssError &&
      error.code === 'BadRequest' &&
      error.message === "Advance cut's position is out of image.",
  )
})

test('a crop always lies within the picture', () => {
  const gravity = fc.constantFrom<Gravity>(...GRAVITIES)
  const within = fc.integer({ min: 0, max: 30_000 })
  fc.assert(
    fc.property(sizes, within, within, within, within, gravity, (source, width, height, x, y, gravity) => {
      try {
        const cut = cropRectangle(source, {
          ...{ kind: 'crop', x, y, gravity },
          ...{ width: width || undefined, height: height || undefined },
        })
        assert.ok(cut.left >= 0 && cut.top >= 0 && cut.width > 0 && cut.height > 0)
        assert.ok(cut.left + cut.width <= source.width && cut.top + cut.height <= source.height)
      } catch (error) {
        assert.ok(error instanceof OssError)
      }
    }),
  )
})

test('slices are counted from the first; the last may be smaller, and beyond it the picture stays whole', () => {
  const slice = (axis: 'x' | 'y', length: number, index: number) =>
    sliceRectangle(card, { kind: 'indexcrop', axis, length, index })
  assert.deepEqual(slice('x', 60, 0), { left: 0, top: 0, width: 60, height: 100 })
  assert.deepEqual(slice('x', 60, 3), { left: 180, top: 0, width: 20, height: 100 })
  assert.deepEqual(slice('y', 60, 1), { left: 0, top: 60, width: 200, height: 40 })
  assert.equal(slice('y', 10, 10), undefined)
})

test('a circle is no larger than the short side', () => {
  assert.deepEqual(circleSquare(card, 30), { left: 70, top: 20, width: 60, height: 60 })
  assert.deepEqual(circleSquare(card, 100), { left: 50, top: 0, width: 100, height: 100 })
})

test('margins of a watermark count inward from the edges that gravity names', () => {
  const mark = { width: 20, height: 10 }
  const place = (gravity: Gravity, verticalOffset = 0) => {
    const { left, top } = watermarkPlace(card, mark, { gravity, x: 10, y: 5, verticalOffset })
    return [left, top]
  }
  assert.deepEqual(place('nw'), [10, 5])
  assert.deepEqual(place('se'), [170, 85])
  assert.deepEqual(place('north', 7), [90, 5])
  assert.deepEqual(place('east', 7), [170, 52])
  assert.deepEqual(place('center', -7), [90, 38])
})

test('text and image stand side by side, aligned as asked', () => {
  const first = { width: 10, height: 20 }
  const second = { width: 30, height: 8 }
  const tops = (align: 'top' | 'center' | 'bottom') => sideBySide(first, second, { align, interval: 5 }).places[1]
  assert.deepEqual(tops('top'), { left: 15, top: 0 })
  assert.deepEqual(tops('center'), { left: 15, top: 6 })
  assert.deepEqual(tops('bottom'), { left: 15, top: 12 })
  assert.deepEqual(sideBySide(first, second, { align: 'top', interval: 5 }).size, { width: 45, height: 20 })
})
