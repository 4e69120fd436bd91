import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { OssError } from '../errors.ts'
import { parseProcess } from './parse.ts'
import { render } from './render.ts'

const base64Url = (text: string) => Buffer.from(text).toString('base64url')
const block = (color: string) => ({ create: { width: 20, height: 20, channels: 3 as const, background: color } })

/** 200 × 100, blue: red in the upper left corner, green in the lower right. */
const card = await sharp({ create: { width: 200, height: 100, channels: 3, background: '#204080' } })
  .composite([
    { input: block('#ff0000'), left: 0, top: 0 },
    { input: block('#00ff00'), left: 180, top: 80 },
  ])
  .png()
  .toBuffer()
const logo = await sharp({ create: { width: 80, height: 40, channels: 4, background: '#ffff00' } })
  .png()
  .toBuffer()

async function run(process: string, source: Buffer = card) {
  const request = parseProcess(process)
  assert.ok(request.kind !== 'style')
  return render({ request, source, watermarks: new Map([['logo.png', logo]]) })
}
async function pixels(process: string, source: Buffer = card) {
  const { body } = await run(process, source)
  const { data, info } = await sharp(body ?? source)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return {
    size: `${info.width}x${info.height}`,
    at: (x: number, y: number) => data.toString('hex', (y * info.width + x) * 4, (y * info.width + x) * 4 + 4),
  }
}
/** Whether a colour is another up to what compression changes. */
function near(actual: string, expected: string): void {
  const channels = (hex: string) => [...Buffer.from(hex, 'hex')]
  const pairs = channels(actual).map((value, i) => Math.abs(value - channels(expected)[i]!))
  assert.ok(Math.max(...pairs) <= 24, `${actual} is not near ${expected}`)
}
const refusedWith = (code: string) => (error: unknown) => error instanceof OssError && error.code === code

const RED = 'ff0000ff'
const GREEN = '00ff00ff'
const BLUE = '204080ff'
const CLEAR = '00000000'
const WHITE = 'ffffffff'

test('each mode of resize shows what it should', async () => {
  const fit = await pixels('image/resize,m_lfit,w_150,h_80')
  assert.equal(fit.size, '150x75')
  near(fit.at(2, 2), RED)
  const fill = await pixels('image/resize,m_fill,w_100,h_100')
  assert.equal(fill.size, '100x100')
  // The corners were cut off.
  near(fill.at(0, 0), BLUE)
  const pad = await pixels('image/resize,m_pad,w_100,h_100,color_FFFFFF')
  assert.equal(pad.size, '100x100')
  near(pad.at(50, 5), WHITE)
  near(pad.at(2, 27), RED)
  const fixed = await pixels('image/resize,m_fixed,w_100,h_100')
  near(fixed.at(2, 2), RED)
  near(fixed.at(97, 97), GREEN)
})

test('crops, slices and rotations show the part and the side that they should', async () => {
  const corner = await pixels('image/crop,w_20,h_20,g_se')
  assert.equal(corner.size, '20x20')
  assert.equal(corner.at(10, 10), GREEN)
  const slice = await pixels('image/indexcrop,x_20,i_9')
  assert.deepEqual([slice.size, slice.at(10, 90)], ['20x100', GREEN])
  const turned = await pixels('image/rotate,90')
  assert.deepEqual([turned.size, turned.at(95, 5)], ['100x200', RED])
  const askew = await pixels('image/rotate,45')
  assert.equal(askew.at(0, 0), CLEAR)
})

test('outside of circles and corners it is transparent, and white where there is no transparency', async () => {
  const circle = await pixels('image/circle,r_50')
  assert.deepEqual([circle.size, circle.at(50, 50)], ['100x100', BLUE])
  assert.equal(circle.at(0, 0).slice(6), '00')
  near(circle.at(50, 0), BLUE)
  const corners = await pixels('image/rounded-corners,r_30')
  assert.equal(corners.at(0, 0).slice(6), '00')
  assert.equal(corners.at(15, 15), RED)
  near((await pixels('image/rounded-corners,r_30/format,jpg')).at(0, 0), WHITE)
})

test('brightness and contrast change colours and leave transparency', async () => {
  near((await pixels('image/bright,50')).at(100, 50), '3060c0ff')
  near((await pixels('image/bright,-100')).at(100, 50), '000000ff')
  near((await pixels('image/contrast,-100')).at(5, 5), '808080ff')
  assert.equal((await pixels('image/circle,r_50/bright,20')).at(0, 0).slice(6), '00')
})

test('an edge is softer when blurred and harder when sharpened', async () => {
  const blurred = await pixels('image/blur,r_10,s_5')
  assert.notEqual(blurred.at(21, 10), BLUE)
  const soft = (await run('image/blur,r_3,s_2')).body!
  const before = await pixels('image/format,png', soft)
  const after = await pixels('image/sharpen,300', soft)
  const red = (pixel: string) => Number.parseInt(pixel.slice(0, 2), 16)
  assert.ok(red(after.at(18, 10)) - red(after.at(21, 10)) > red(before.at(18, 10)) - red(before.at(21, 10)))
})

test('an image watermark is resized to its share and laid where gravity says', async () => {
  const image = base64Url('logo.png?x-oss-process=image/resize,P_20')
  const marked = await pixels(`image/watermark,image_${image},g_nw,x_30,y_10`)
  assert.equal(marked.at(31, 11), 'ffff00ff')
  assert.equal(marked.at(69, 29), 'ffff00ff')
  assert.equal(marked.at(71, 11), BLUE)
  near((await pixels(`image/watermark,image_${image},g_center,t_50`)).at(100, 50), '909f40ff')
})

test('a watermark larger than the picture is cut, one beside it is not seen', async () => {
  const small = await sharp(card).resize(20, 20, { fit: 'fill' }).png().toBuffer()
  const image = base64Url('logo.png')
  const covered = await pixels(`image/watermark,image_${image},g_nw,x_5,y_5`, small)
  assert.deepEqual([covered.size, covered.at(19, 19)], ['20x20', 'ffff00ff'])
  assert.equal(
    (await pixels(`image/watermark,image_${image},g_nw,x_500`, small)).at(10, 10),
    (await pixels('image/format,png', small)).at(10, 10),
  )
  await assert.rejects(run(`image/watermark,image_${base64Url('absent.png')}`), refusedWith('WatermarkError'))
})

/** Where no font is found every letter is the same box. */
async function textWidth(text: string) {
  const { info } = await sharp({ text: { text, font: 'WenQuanYi Zen Hei 20', dpi: 72 } })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return info.width
}
const hasFonts = (await textWidth('iiii')) < (await textWidth('mmmm'))

test(
  'a text watermark is seen in its colour, and tiles the picture when asked',
  { skip: hasFonts ? false : 'no font is installed' },
  async () => {
    const isBright = (pixel: string) => [...Buffer.from(pixel.slice(0, 6), 'hex')].every((channel) => channel > 150)
    const count = (picture: Awaited<ReturnType<typeof pixels>>, left: number, right: number) => {
      let found = 0
      for (let x = left; x < right; x++) for (let y = 0; y < 100; y++) if (isBright(picture.at(x, y))) found++
      return found
    }
    const text = base64Url('Hello 你好 <&>')
    const one = await pixels(`image/watermark,text_${text},size_20,color_FFFFFF,g_sw,shadow_50`)
    assert.ok(count(one, 0, 100) > 50)
    assert.equal(count(one, 190, 200), 0)
    const tiled = await pixels(`image/watermark,text_${base64Url('ab')},size_16,color_FFFFFF,fill_1,rotate_20`)
    for (const left of [0, 50, 100, 150]) assert.ok(count(tiled, left, left + 50) > 0)
  },
)

test('formats are what was asked for, and can be read back', async () => {
  const formats = { jpg: 'jpeg', png: 'png', webp: 'webp', tiff: 'tiff', avif: 'heif' }
  for (const [format, expected] of Object.entries(formats)) {
    const { body, contentType } = await run(`image/resize,w_40/format,${format}`)
    assert.equal((await sharp(body!).metadata()).format, expected)
    assert.equal(contentType, `image/${format === 'jpg' ? 'jpeg' : format}`)
  }
})

test('bitmaps are written and read, with and without transparency', async () => {
  for (const operation of ['crop,w_33', 'rounded-corners,r_10']) {
    const { body, contentType } = await run(`image/${operation}/format,bmp`)
    assert.equal(contentType, 'image/bmp')
    const [direct, back] = [await pixels(`image/${operation}`), await pixels('image/format,png', body!)]
    assert.equal(back.size, direct.size)
    for (const [x, y] of [
      [0, 0],
      [12, 12],
      [30, 99],
      [32, 50],
    ] as const)
      assert.equal(back.at(x, y), direct.at(x, y))
  }
})

test('a JPEG is interlaced when asked', async () => {
  const { body } = await run('image/interlace,1/format,jpg')
  assert.equal((await sharp(body!).metadata()).isProgressive, true)
})

test('a picture is turned as its camera said, before anything else', async () => {
  const photo = await sharp(card).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  assert.equal((await pixels('image/resize,w_50/auto-orient,1', photo)).size, '50x100')
  assert.equal((await pixels('image/resize,w_50', photo)).size, '50x25')
})

test('an animation stays one when it is resized', async () => {
  const frames = [block('#ff0000'), block('#00ff00'), block('#0000ff')]
  const colors = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()))
  const gif = await sharp(colors, { join: { animated: true } })
    .gif({ delay: [100, 200, 300], loop: 2 })
    .toBuffer()
  for (const process of ['image/resize,w_10', 'image/resize,w_16/crop,w_8,h_8', 'image/resize,w_10/format,webp']) {
    const { body } = await run(process, gif)
    const { pages, delay, loop } = await sharp(body!).metadata()
    assert.deepEqual({ pages, delay, loop }, { pages: 3, delay: [100, 200, 300], loop: 2 }, process)
  }
  assert.equal((await sharp((await run('image/rotate,90', gif)).body!).metadata()).pages ?? 1, 1)
})

test('information is told in strings', async () => {
  const { body, contentType } = await run('image/info')
  assert.equal(contentType, 'application/json')
  assert.deepEqual(JSON.parse(body!.toString()), {
    FileSize: { value: `${card.length}` },
    Format: { value: 'png' },
    ImageHeight: { value: '100' },
    ImageWidth: { value: '200' },
  })
  const even = await sharp(block('#5c783b')).png().toBuffer()
  assert.deepEqual(JSON.parse((await run('image/average-hue', even)).body!.toString()), { RGB: '0x5c783b' })
})

test('what does not change is not written anew', async () => {
  assert.equal((await run('image/resize,w_4000')).body, null)
})

test('what is no picture, broken or of a format that is not documented is refused', async () => {
  const jpeg = await sharp(card).jpeg().toBuffer()
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  const bmp = (await run('image/format,bmp')).body!
  for (const source of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    jpeg.subarray(0, jpeg.length / 2),
    svg,
    bmp.subarray(0, 60),
  ]) {
    await assert.rejects(run('image/resize,w_10', source), refusedWith('BadRequest'))
  }
})

test('a small file that claims to be huge is refused before it is decoded', async () => {
  const bomb = Buffer.from(card)
  bomb.writeUInt32BE(30_001, 16)
  await assert.rejects(run('image/resize,w_10', bomb), refusedWith('ImageTooLarge'))
  const bmp = Buffer.from((await run('image/format,bmp')).body!)
  bmp.writeUInt32LE(20_000, 18)
  bmp.writeInt32LE(20_000, 22)
  await assert.rejects(run('image/resize,w_10', bmp), refusedWith('ImageTooLarge'))
})
