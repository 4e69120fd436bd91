'use strict'

/**
 * The mistake that everybody makes once: thumbnails are written into the bucket of the photos, so that each thumbnail is a
 * photo, which gets a thumbnail. The platform ends the chain and says so.
 */
const { deployFunction, deployLayer } = require('./deploy.js')
const { samplePhotos } = require('./photos.js')
const { bucketClient, ensureBucket } = require('./platform.js')
const { readNewest, until } = require('./wait.js')

const BUCKET = 'loop'
const FUNCTION = 'looping-thumbnailer'
const FAILURES = 'failed/'

async function main() {
  await ensureBucket(BUCKET)
  const layerArn = await deployLayer(BUCKET)
  await deployFunction({
    functionName: FUNCTION,
    layerArn,
    environment: { TARGET_BUCKET: BUCKET, WIDTHS: '160' },
    trigger: { bucket: BUCKET, suffix: '.webp' },
    failures: { bucket: BUCKET, prefix: FAILURES },
  })
  const client = bucketClient(BUCKET)
  const photo = (await samplePhotos()).find(({ key }) => key.endsWith('.webp'))
  const startedMs = Date.now()
  await client.put(photo.key, photo.content)
  console.log(`${FUNCTION} reads ${BUCKET} and writes into ${BUCKET}; uploaded ${photo.key}`)

  const { name, content } = await until(
    () => readNewest(client, `${FAILURES}${FUNCTION}/`, startedMs, () => true),
    () => 'the loop was not told',
  )
  const { objects } = await client.listV2({ prefix: photo.key, 'max-keys': 1000 })
  const thumbnails = objects.filter(({ name: key }) => key !== photo.key && key.endsWith('.webp'))
  console.log(`after ${thumbnails.length} thumbnails of thumbnails the platform stopped:`)
  console.log(`  ${content.requestContext.condition}: ${JSON.parse(content.responsePayload).errorMessage}`)
  console.log(`the event that was not run is kept in ${BUCKET}/${name}`)
}

main().catch((error) => {
  console.error(`image-pipeline: ${error.message}`)
  process.exitCode = 1
})
