'use strict'

/** The platform that this runs against, by the vendor's own clients. */
const { readFileSync } = require('node:fs')
const { homedir } = require('node:os')
const path = require('node:path')
const { default: FC } = require('@alicloud/fc20230330')
const { $OpenApiUtil } = require('@alicloud/openapi-core')
const OSS = require('ali-oss')

const REGION = process.env.SLUICE_REGION ?? 'cn-hangzhou'
/** A layer is checked whole before the answer comes. */
const TIMEOUT_MS = 60_000

const endpoint = new URL(process.env.SLUICE_ENDPOINT ?? `http://localhost:${process.env.SLUICE_PORT ?? 7800}`)
// The client signs links for host names only.
const objectsHost = endpoint.hostname.replace('127.0.0.1', 'localhost')
const objectsEndpoint = process.env.SLUICE_OBJECTS_ENDPOINT ?? `http://${objectsHost}:${Number(endpoint.port) + 1}`

/** Those of the environment, else those that the platform made at its first start. */
function readCredentials() {
  const { SLUICE_ACCESS_KEY_ID: accessKeyId, SLUICE_ACCESS_KEY_SECRET: accessKeySecret } = process.env
  if (accessKeyId && accessKeySecret) return { accessKeyId, accessKeySecret }
  const file = path.join(process.env.SLUICE_DATA_DIR ?? path.join(homedir(), '.sluice'), 'credentials.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(
      `no credentials: ${error.message}. Start the platform, or set SLUICE_DATA_DIR, or SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET`,
      { cause: error },
    )
  }
}

const { accessKeyId, accessKeySecret } = readCredentials()

const functions = new FC(
  new $OpenApiUtil.Config({
    accessKeyId,
    accessKeySecret,
    endpoint: endpoint.host,
    protocol: endpoint.protocol.slice(0, -1),
    regionId: REGION,
    connectTimeout: TIMEOUT_MS,
    readTimeout: TIMEOUT_MS,
  }),
)

function bucketClient(bucket) {
  return new OSS({
    accessKeyId,
    accessKeySecret,
    bucket,
    region: `oss-${REGION}`,
    endpoint: objectsEndpoint,
    timeout: TIMEOUT_MS,
    sldEnable: true,
  })
}

/** Makes the bucket when it is not there. */
async function ensureBucket(bucket) {
  const client = bucketClient()
  try {
    await client.getBucketInfo(bucket)
  } catch (error) {
    if (error.code !== 'NoSuchBucket') throw error
    await client.putBucket(bucket)
  }
}

const bucketArn = (bucket, prefix = '') => `acs:oss:${REGION}:*:${bucket}${prefix}`

module.exports = { functions, bucketClient, ensureBucket, bucketArn }
