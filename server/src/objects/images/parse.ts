/** `x-oss-process=image/operation,name_value,…/operation…` and `style/name`: text to operations. Pure. */
import { OssError } from '../errors.ts'
import { IMAGE_WATERMARKS_MAX, OPERATIONS_MAX, RESULT_SIDE_MAX, SOURCE_SIDE_MAX } from './limits.ts'
import { GRAVITIES, IMAGE_FORMATS, RESIZE_MODES, type ImageRequest, type Operation } from './operations.ts'
import { integerValue, invalidProcess, Parameters } from './parameters.ts'
import { parseWatermark } from './parse-watermark.ts'

const STYLE_NAME = /^[A-Za-z0-9_.-]{1,63}$/
const RADIUS_MAX = 4096

type Parse = (parameters: Parameters) => Operation

const withPairs: Record<string, Parse> = {
  resize: parseResize,
  crop: (p) => ({
    kind: 'crop',
    width: p.integer('w', 0, SOURCE_SIDE_MAX) || undefined,
    height: p.integer('h', 0, SOURCE_SIDE_MAX) || undefined,
    x: p.integer('x', 0, SOURCE_SIDE_MAX) ?? 0,
    y: p.integer('y', 0, SOURCE_SIDE_MAX) ?? 0,
    gravity: p.oneOf('g', GRAVITIES) ?? 'nw',
  }),
  indexcrop: parseIndexCrop,
  circle: (p) => ({ kind: 'circle', radius: required('circle', 'r', p.integer('r', 1, RADIUS_MAX)) }),
  'rounded-corners': (p) => ({
    kind: 'rounded-corners',
    radius: required('rounded-corners', 'r', p.integer('r', 1, RADIUS_MAX)),
  }),
  blur: (p) => ({
    kind: 'blur',
    radius: required('blur', 'r', p.integer('r', 1, 50)),
    sigma: required('blur', 's', p.integer('s', 1, 50)),
  }),
  quality: parseQuality,
  watermark: (p) => parseWatermark(p, parseOperations),
}

/** Operations of one bare value: `rotate,90`. */
const withValue: Record<string, (value: string) => Operation> = {
  rotate: (value) => ({ kind: 'rotate', degrees: integerValue('rotate', value, 0, 360) }),
  'auto-orient': (value) => ({ kind: 'auto-orient', isOn: integerValue('auto-orient', value, 0, 1) === 1 }),
  interlace: (value) => ({ kind: 'interlace', isOn: integerValue('interlace', value, 0, 1) === 1 }),
  bright: (value) => ({ kind: 'bright', amount: integerValue('bright', value, -100, 100) }),
  contrast: (value) => ({ kind: 'contrast', amount: integerValue('contrast', value, -100, 100) }),
  sharpen: (value) => ({ kind: 'sharpen', amount: integerValue('sharpen', value, 50, 399) }),
  format: parseFormat,
}

const OPERATION_NAMES = [...Object.keys(withPairs), ...Object.keys(withValue), 'info', 'average-hue']

/** Throws OssError: InvalidArgument, MissingArgument, WatermarkError, BadRequest (Base64). */
export function parseProcess(text: string): ImageRequest {
  const slash = text.indexOf('/')
  const kind = text.slice(0, slash)
  const rest = text.slice(slash + 1)
  if (kind === 'style') {
    if (!STYLE_NAME.test(rest))
      throw invalidProcess(`style name '${rest}' is not valid; give 1 to 63 letters, digits, '_', '-' and '.'`)
    return { kind: 'style', name: rest }
  }
  if (kind !== 'image') throw invalidProcess(`'${text.slice(0, 64)}' begins neither with image/ nor with style/`)
  if (rest === 'info' || rest === 'average-hue') return { kind: rest }
  const operations = parseOperations(rest)
  const images = operations.filter((operation) => operation.kind === 'watermark' && operation.image !== undefined)
  if (images.length > IMAGE_WATERMARKS_MAX)
    throw new OssError(
      'WatermarkError',
      `${images.length} image watermarks are too many; give at most ${IMAGE_WATERMARKS_MAX}`,
    )
  return { kind: 'picture', operations }
}

function parseOperations(text: string): Operation[] {
  const steps = text.split('/')
  if (steps.length > OPERATIONS_MAX)
    throw invalidProcess(`${steps.length} operations are too many; give at most ${OPERATIONS_MAX}`)
  return steps.map(parseOperation)
}

function parseOperation(text: string): Operation {
  const [name = '', ...arguments_] = text.split(',')
  if (Object.hasOwn(withValue, name)) {
    const [value] = arguments_
    if (value === undefined) throw new OssError('MissingArgument', `${name}: give a value, as in ${name},1`)
    if (arguments_.length > 1) throw invalidProcess(`${name} takes one value, not '${arguments_.join(',')}'`)
    return withValue[name]!(value)
  }
  if (name === 'info' || name === 'average-hue')
    throw invalidProcess(`${name} cannot be combined with other operations`)
  if (!Object.hasOwn(withPairs, name))
    throw invalidProcess(`there is no operation '${name.slice(0, 64)}'; there are ${OPERATION_NAMES.join(', ')}`)
  const parameters = new Parameters(name, arguments_)
  const operation = withPairs[name]!(parameters)
  parameters.end()
  return operation
}

function required<Value>(operation: string, name: string, value: Value | undefined): Value {
  if (value === undefined) throw new OssError('MissingArgument', `${operation}: ${name} is missing`)
  return value
}

function parseResize(p: Parameters): Operation {
  const side = (name: string) => p.integer(name, 1, RESULT_SIDE_MAX)
  const operation: Operation = {
    kind: 'resize',
    mode: p.oneOf('m', RESIZE_MODES) ?? 'lfit',
    width: side('w'),
    height: side('h'),
    longSide: side('l'),
    shortSide: side('s'),
    percent: p.integer('p', 1, 1000),
    percentOfMain: p.integer('P', 1, 100),
    mayEnlarge: p.oneOf('limit', ['0', '1']) === '0',
    color: p.color('color') ?? 'FFFFFF',
  }
  const { width, height, longSide, shortSide, percent, percentOfMain } = operation
  if ([width, height, longSide, shortSide, percent, percentOfMain].every((value) => value === undefined))
    throw new OssError('MissingArgument', 'resize: give one of w, h, l, s and p')
  return operation
}

function parseIndexCrop(p: Parameters): Operation {
  const x = p.integer('x', 1, SOURCE_SIDE_MAX)
  const y = p.integer('y', 1, SOURCE_SIDE_MAX)
  const length = required('indexcrop', 'x or y', y ?? x)
  return {
    kind: 'indexcrop',
    axis: y === undefined ? 'x' : 'y',
    length,
    index: p.integer('i', 0, SOURCE_SIDE_MAX) ?? 0,
  }
}

function parseQuality(p: Parameters): Operation {
  const relative = p.integer('q', 1, 100)
  const absolute = p.integer('Q', 1, 100)
  required('quality', 'q or Q', absolute ?? relative)
  return { kind: 'quality', relative, absolute }
}

function parseFormat(value: string): Operation {
  const name = value === 'jpeg' ? 'jpg' : value
  const format = IMAGE_FORMATS.find((candidate) => candidate === name)
  if (format === undefined) throw invalidProcess(`format is '${value}'; give one of ${IMAGE_FORMATS.join(', ')}`)
  return { kind: 'format', format }
}
