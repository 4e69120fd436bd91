'use strict'

/**
 * Runs for each photo that is stored: writes thumbnails of several widths and what is known of the photo into another bucket.
 * A photo that cannot be read makes the invocation fail, and its event goes to the failure destination.
 *
 * `sharp` and `ali-oss` come with the layer.
 */
const OSS = require('ali-oss')
const sharp = require('sharp')

const TARGET_BUCKET = process.env.TARGET_BUCKET
const WIDTHS = process.env.WIDTHS.split(',').map(Number)
const INPUT_BYTES_MAX = 50 * 1024 * 1024
const INPUT_PIXELS_MAX = 100_000_000

// One instance serves several photos; libvips need not add threads and a cache of its own.
sharp.concurrency(1)
sharp.cache(false)

exports.handler = async (event, context) => {
  const { events } = JSON.parse(event.toString())
  return Promise.all(events.map(({ oss }) => makeThumbnails(oss, context)))
}

async function makeThumbnails({ bucket, object }, context) {
  if (object.size > INPUT_BYTES_MAX)
    throw new Error(`${object.key} has ${object.size} bytes; ${INPUT_BYTES_MAX} is the most`)
  const { content } = await bucketOf(bucket.name, context).get(object.key)
  const target = bucketOf(TARGET_BUCKET, context)
  const photo = sharp(content, { limitInputPixels: INPUT_PIXELS_MAX, failOn: 'error' })
  const [metadata, stats] = await Promise.all([
    photo.metadata(),
    photo.clone().resize(32, 32, { fit: 'inside' }).stats(),
  ])

  // Names follow from the photo's own: an event that comes twice writes the same objects again.
  const thumbnails = []
  for (const width of WIDTHS) {
    const { data, info } = await photo
      .clone()
      .autoOrient()
      .resize({ width, withoutEnlargement: true })
      .webp({ quality: 75 })
      .toBuffer({ resolveWithObject: true })
    const key = `${object.key}.${width}.webp`
    await target.put(key, data, { mime: 'image/webp' })
    thumbnails.push({ key, width: info.width, height: info.height, bytes: info.size })
  }
  const report = {
    photo: { bucket: bucket.name, key: object.key, bytes: object.size, eTag: object.eTag },
    format: metadata.format,
    width: metadata.autoOrient.width,
    height: metadata.autoOrient.height,
    averageColour: colourOf(stats.channels),
    thumbnails,
  }
  await target.put(`${object.key}.json`, Buffer.from(JSON.stringify(report, null, 2)), { mime: 'application/json' })
  return report
}

/** By the credentials of the function's role, on the platform that it runs on; else on Alibaba Cloud. */
function bucketOf(bucket, { credentials, region }) {
  const endpoint = process.env.SLUICE_OBJECTS_ENDPOINT
  return new OSS({
    accessKeyId: credentials.accessKeyId,
    accessKeySecret: credentials.accessKeySecret,
    stsToken: credentials.securityToken,
    bucket,
    region: `oss-${region}`,
    ...(endpoint ? { endpoint, sldEnable: true } : { internal: true }),
  })
}

function colourOf(channels) {
  const [red, green = red, blue = red] = channels.length < 3 ? [channels[0]] : channels
  return `#${[red, green, blue].map(({ mean }) => Math.round(mean).toString(16).padStart(2, '0')).join('')}`
}
