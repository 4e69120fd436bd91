import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OssError } from '../errors.ts'
import { parseProcess } from './parse.ts'

const base64Url = (text: string) => Buffer.from(text).toString('base64url')

function operations(text: string) {
  const request = parseProcess(`image/${text}`)
  assert.equal(request.kind, 'picture')
  return request.kind === 'picture' ? request.operations : []
}
function refusal(text: string) {
  try {
    parseProcess(text)
  } catch (error) {
    if (error instanceof OssError) return `${error.code}: ${error.message}`
    throw error
  }
  return undefined
}

test('operations come in the order in which they stand, with defaults filled in', () => {
  const unset = { width: undefined, height: undefined, longSide: undefined, shortSide: undefined }
  assert.deepEqual(operations('resize,m_pad,w_100,h_50,color_00ff00/rotate,90/quality,Q_80/format,jpeg'), [
    {
      ...{
        kind: 'resize',
        mode: 'pad',
        ...unset,
        width: 100,
        height: 50,
        percent: undefined,
        percentOfMain: undefined,
      },
      ...{ mayEnlarge: false, color: '00ff00' },
    },
    { kind: 'rotate', degrees: 90 },
    { kind: 'quality', relative: undefined, absolute: 80 },
    { kind: 'format', format: 'jpg' },
  ])
  assert.deepEqual(operations('crop,x_10,g_se/indexcrop,x_5,y_7,i_2/blur,r_3,s_2'), [
    { kind: 'crop', width: undefined, height: undefined, x: 10, y: 0, gravity: 'se' },
    { kind: 'indexcrop', axis: 'y', length: 7, index: 2 },
    { kind: 'blur', radius: 3, sigma: 2 },
  ])
  assert.deepEqual(
    operations('auto-orient,1/interlace,0/bright,-50/contrast,20/sharpen,100/circle,r_9/rounded-corners,r_8'),
    [
      { kind: 'auto-orient', isOn: true },
      { kind: 'interlace', isOn: false },
      { kind: 'bright', amount: -50 },
      { kind: 'contrast', amount: 20 },
      { kind: 'sharpen', amount: 100 },
      { kind: 'circle', radius: 9 },
      { kind: 'rounded-corners', radius: 8 },
    ],
  )
})

test('the example of the documentation for a watermark with an image that is resized first is read', () => {
  const nested = 'cGFuZGEucG5nP3gtb3NzLXByb2Nlc3M9aW1hZ2UvcmVzaXplLFBfMzA'
  const [watermark] = operations(`watermark,image_${nested},t_90,g_se,x_10,y_10`)
  assert.ok(watermark?.kind === 'watermark')
  assert.equal(watermark.image?.key, 'panda.png')
  assert.deepEqual(
    watermark.image.operations.map((operation) => operation.kind === 'resize' && operation.percentOfMain),
    [30],
  )
  assert.equal(watermark.opacityPercent, 90)
})

test('the example of the documentation for a text watermark is read', () => {
  const [, watermark] = operations(
    'resize,w_300,h_300/watermark,type_d3F5LXplbmhlaQ,size_30,text_SGVsbG8gV29ybGQ,color_FFFFFF,shadow_50,t_100,g_se,x_10,y_10',
  )
  assert.ok(watermark?.kind === 'watermark')
  assert.deepEqual(watermark.text, {
    ...{ text: 'Hello World', font: 'WenQuanYi Zen Hei', color: 'FFFFFF', sizePx: 30, shadowPercent: 50 },
    ...{ degrees: 0, isTiled: false },
  })
})

test('information and styles stand alone', () => {
  assert.deepEqual(parseProcess('image/info'), { kind: 'info' })
  assert.deepEqual(parseProcess('image/average-hue'), { kind: 'average-hue' })
  assert.deepEqual(parseProcess('style/small-1.x'), { kind: 'style', name: 'small-1.x' })
  assert.match(refusal('image/resize,w_1/info')!, /^InvalidArgument: info cannot be combined/)
  assert.match(refusal('style/a b')!, /^InvalidArgument: style name/)
})

test('what is not accepted is named, with what would be', () => {
  const cases: [string, RegExp][] = [
    ['video/snapshot', /InvalidArgument: .* neither with image\/ nor with style\//],
    ['image', /InvalidArgument/],
    ['image/', /InvalidArgument: there is no operation ''; there are resize, crop/],
    ['image/toString,r_1', /InvalidArgument: there is no operation 'toString'/],
    ['image/resize', /MissingArgument: resize: give one of w, h, l, s and p/],
    ['image/resize,w_0', /InvalidArgument: resize: w is '0'; give a whole number from 1 to 16384/],
    ['image/resize,w_16385', /from 1 to 16384/],
    ['image/resize,w_1e2', /'1e2'/],
    ['image/resize,m_cover,w_1', /give one of lfit, mfit, fill, pad, fixed/],
    ['image/resize,w_1,q_1', /InvalidArgument: resize: there is no parameter 'q'/],
    ['image/resize,w', /'w' is not of the form name_value/],
    ['image/resize,m_pad,w_1,color_red', /RRGGBB/],
    ['image/circle', /MissingArgument: circle: r is missing/],
    ['image/rotate', /MissingArgument: rotate: give a value/],
    ['image/rotate,361', /from 0 to 360/],
    ['image/rotate,1,2', /takes one value/],
    ['image/quality', /MissingArgument/],
    ['image/format,heic', /InvalidArgument: format is 'heic'/],
    ['image/watermark,t_50', /MissingArgument: watermark: give text or image/],
    ['image/watermark,text_%%%', /BadRequest: Input is not base64 decoding\./],
    ['image/watermark,text_YQ,type_YQ', /give one of wqy-zenhei/],
    [`image/watermark,text_${base64Url('a'.repeat(65))}`, /give at most 64/],
    [`image/watermark,text_${base64Url('a'.repeat(64))},size_1000`, /WatermarkError/],
    [`image/watermark,image_${base64Url('a.png?x-oss-process=image/blur,r_1,s_1')}`, /cannot go through blur/],
    [`image/${Array(4).fill('watermark,image_YQ').join('/')}`, /WatermarkError: 4 image watermarks/],
    [`image/${Array(51).fill('rotate,1').join('/')}`, /at most 50/],
  ]
  for (const [text, expected] of cases) assert.match(refusal(text) ?? 'accepted', expected, text)
})

test('whatever is asked, the answer is a request or a refusal', () => {
  const word = fc.constantFrom(
    ...[
      'image',
      'style',
      'resize',
      'w_100',
      'm_fill',
      'crop',
      'g_se',
      'watermark',
      'text_YQ',
      'image_YQ',
      'info',
      '1',
      '',
    ],
  )
  const glue = fc.constantFrom('/', ',', '_', '|')
  const text = fc.array(fc.tuple(fc.oneof(word, fc.string()), glue)).map((parts) => parts.flat().join(''))
  fc.assert(
    fc.property(text, (given) => {
      try {
        assert.ok(['picture', 'info', 'average-hue', 'style'].includes(parseProcess(given).kind))
      } catch (error) {
        assert.ok(error instanceof OssError && error.status === 400, String(error))
      }
    }),
  )
})
