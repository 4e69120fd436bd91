'use strict'

/**
 * Resizes and converts an image: the photograph beside this file on GET, the request body on POST.
 *
 *   GET  /?width=320&format=webp&quality=70
 *   POST /?width=320            with an image as the body
 *
 * Without `format` it answers in the best format that the `Accept` header allows.
 */
const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const sharp = require('sharp')

const SIDE_PIXELS_MAX = 4096
const INPUT_PIXELS_MAX = 50_000_000
const INPUT_BYTES_MAX = 10 * 1024 * 1024
const QUALITY_DEFAULT = 75
const FORMATS = ['avif', 'webp', 'jpeg', 'png']
const PARAMETERS = ['width', 'height', 'format', 'quality']

// One instance serves several requests; libvips need not add threads and a cache of its own.
sharp.concurrency(1)
sharp.cache(false)

const photo = readFileSync(path.join(__dirname, 'photo.jpg'))
const photoHash = hash(photo)

/** The caller's mistake, told with the status it deserves. */
class RequestError extends Error {
  constructor(statusCode, message) {
    super(message)
    this.statusCode = statusCode
  }
}

exports.handler = async (event) => {
  try {
    return await respond(JSON.parse(event.toString()))
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    return json(error.statusCode, { error: error.message })
  }
}

async function respond(request) {
  const method = request.requestContext.http.method
  if (!['GET', 'HEAD', 'POST'].includes(method)) throw new RequestError(405, 'use GET, HEAD or POST')
  const wanted = readParameters(request.queryParameters ?? {}, header(request, 'accept'))
  if (method === 'POST')
    return image(await convert(postedImage(request), wanted), wanted, { 'Cache-Control': 'no-store' })

  const etag = `"${hash(photoHash + JSON.stringify(wanted))}"`
  const caching = { ETag: etag, 'Cache-Control': 'public, max-age=86400', Vary: 'Accept' }
  if (header(request, 'if-none-match') === etag) return { statusCode: 304, headers: caching, body: '' }
  return image(await convert(photo, wanted), wanted, caching)
}

function readParameters(query, accept) {
  const unknown = Object.keys(query).find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) throw new RequestError(400, `${unknown} is not a parameter; use ${PARAMETERS.join(', ')}`)
  const format = query.format ?? preferredFormat(accept)
  if (!FORMATS.includes(format)) throw new RequestError(400, `format must be one of ${FORMATS.join(', ')}`)
  return {
    width: wholeNumber(query, 'width', SIDE_PIXELS_MAX),
    height: wholeNumber(query, 'height', SIDE_PIXELS_MAX),
    format,
    quality: wholeNumber(query, 'quality', 100) ?? QUALITY_DEFAULT,
  }
}

function wholeNumber(query, name, max) {
  const text = query[name]
  if (text === undefined) return undefined
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw new RequestError(400, `${name} must be a whole number from 1 to ${max}`)
  return value
}

/** AVIF takes ten times as long to make as WebP, so a client gets it when it asks by name. */
function preferredFormat(accept) {
  return accept.includes('image/webp') ? 'webp' : 'jpeg'
}

function postedImage(request) {
  const body = Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8')
  if (body.length === 0) throw new RequestError(400, 'the request body must be an image')
  if (body.length > INPUT_BYTES_MAX) throw new RequestError(413, `the image may have ${INPUT_BYTES_MAX} bytes at most`)
  return body
}

async function convert(input, { width, height, format, quality }) {
  try {
    return await sharp(input, { limitInputPixels: INPUT_PIXELS_MAX, failOn: 'error' })
      .autoOrient()
      .resize({ width, height, fit: 'inside', withoutEnlargement: true })
      .toFormat(format, { quality })
      .toBuffer()
  } catch (error) {
    throw new RequestError(400, `this is not an image that can be read: ${error.message}`)
  }
}

function image(bytes, { format }, headers) {
  return {
    statusCode: 200,
    headers: { 'Content-Type': `image/${format}`, ...headers },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  }
}

function json(statusCode, value) {
  return { statusCode, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) }
}

function header(request, name) {
  const found = Object.entries(request.headers ?? {}).find(([key]) => key.toLowerCase() === name)
  return found?.[1] ?? ''
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex').slice(0, 32)
}
