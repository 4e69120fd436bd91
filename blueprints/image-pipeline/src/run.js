'use strict'

/** Deploys the pipeline, sends photos through it, and shows what came out. */
const { deployFunction, deployLayer } = require('./deploy.js')
const { brokenPhoto, samplePhotos } = require('./photos.js')
const { bucketClient, ensureBucket } = require('./platform.js')
const { readJson, readNewest, until } = require('./wait.js')

const PHOTOS = 'photos'
const THUMBNAILS = 'thumbnails'
const FUNCTION = 'thumbnailer'
const FAILURES = 'failed/'
const WIDTHS = [160, 640]
const LINK_SECONDS = 24 * 3600

async function main() {
  await Promise.all([ensureBucket(PHOTOS), ensureBucket(THUMBNAILS)])
  const layerArn = await deployLayer(THUMBNAILS)
  await deployFunction({
    functionName: FUNCTION,
    layerArn,
    environment: { TARGET_BUCKET: THUMBNAILS, WIDTHS: WIDTHS.join() },
    trigger: { bucket: PHOTOS, suffix: '' },
    failures: { bucket: THUMBNAILS, prefix: FAILURES },
  })
  console.log(`function  ${FUNCTION}, for every object that is stored in ${PHOTOS}`)

  const photos = await samplePhotos()
  const results = bucketClient(THUMBNAILS)
  await Promise.all(photos.map(({ key }) => results.delete(`${key}.json`)))
  const startedMs = Date.now()
  const source = bucketClient(PHOTOS)
  const broken = await brokenPhoto()
  await Promise.all([...photos, broken].map(({ key, content }) => source.put(key, content)))
  console.log(`uploaded  ${photos.length} photos, and ${broken.key}, whose end is missing\n`)

  const reports = await Promise.all(
    photos.map(({ key }) =>
      until(
        () => readJson(results, `${key}.json`),
        () => `there are no thumbnails of ${key}`,
      ),
    ),
  )
  console.table(Object.fromEntries(reports.map((report) => [report.photo.key, rowOf(report)])))
  for (const { thumbnails } of reports) {
    for (const { key } of thumbnails) console.log(results.signatureUrl(key, { expires: LINK_SECONDS }))
  }

  const failure = await until(
    () => readNewest(results, `${FAILURES}${FUNCTION}/`, startedMs, (event) => keyOf(event) === broken.key),
    () => `the event of ${broken.key} did not reach ${THUMBNAILS}/${FAILURES}`,
  )
  console.log(`\n${broken.key} failed: ${JSON.parse(failure.content.responsePayload).errorMessage}`)
  console.log(`its event is kept in ${THUMBNAILS}/${failure.name}`)
  console.log(`\nall done in ${((Date.now() - startedMs) / 1000).toFixed(1)} s since the upload`)
}

function rowOf({ format, width, height, averageColour, photo, thumbnails }) {
  const sizes = thumbnails.map((each) => `${each.width}×${each.height} (${(each.bytes / 1000).toFixed(1)} kB)`)
  return {
    format,
    size: `${width}×${height}`,
    kB: Math.round(photo.bytes / 1000),
    colour: averageColour,
    thumbnails: sizes.join(', '),
  }
}

/** Of the object whose event failed. */
function keyOf({ requestPayload }) {
  return JSON.parse(requestPayload).events[0].oss.object.key
}

main().catch((error) => {
  console.error(`image-pipeline: ${error.message}`)
  process.exitCode = 1
})
