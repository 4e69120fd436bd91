'use strict'

/** Deploys the layer and a function with its trigger; what is there already is brought up to date. */
const { createHash } = require('node:crypto')
const fc = require('@alicloud/fc20230330')
const { bucketArn, bucketClient, functions } = require('./platform.js')
const { zipFunction, zipLayer } = require('./zip.js')

const LAYER = 'imaging'
const RUNTIME = 'nodejs20'

/** Undefined when there is no such thing. */
async function orUndefined(promise) {
  try {
    return await promise
  } catch (error) {
    if (error.code?.endsWith('NotFound')) return undefined
    throw error
  }
}

/**
 * The ARN of the layer version with our packages. A zip of this size travels as an object of `bucket`, from which the
 * platform copies it; the hash in the description tells whether a version is current.
 */
async function deployLayer(bucket) {
  const zip = await zipLayer()
  const description = `sha256 ${createHash('sha256').update(zip).digest('hex')}`
  const versions = await orUndefined(functions.listLayerVersions(LAYER, new fc.ListLayerVersionsRequest({})))
  const current = versions?.body.layers?.find((version) => version.description === description)
  if (current) return tellLayer(current.layerVersionArn, zip, 'unchanged')

  const key = `deploy/${LAYER}.zip`
  await bucketClient(bucket).put(key, zip)
  const code = new fc.InputCodeLocation({ ossBucketName: bucket, ossObjectName: key })
  const body = new fc.CreateLayerVersionInput({ code, description, compatibleRuntime: [RUNTIME] })
  const { body: created } = await functions.createLayerVersion(LAYER, new fc.CreateLayerVersionRequest({ body }))
  await bucketClient(bucket).delete(key)
  return tellLayer(created.layerVersionArn, zip, 'new')
}

function tellLayer(arn, zip, state) {
  console.log(`layer     ${arn} (${(zip.length / 1e6).toFixed(1)} MB, ${state})`)
  return arn
}

/** `trigger`: bucket and suffix of the objects that the function runs for. */
async function deployFunction({ functionName, layerArn, environment, trigger, failures }) {
  const settings = {
    description: 'Thumbnails and metadata of photos',
    runtime: RUNTIME,
    handler: 'index.handler',
    memorySize: 512,
    cpu: 0.35,
    diskSize: 512,
    timeout: 60,
    instanceConcurrency: 4,
    // Its credentials may read and write objects.
    role: 'acs:ram::1234567890123456:role/image-pipeline',
    environmentVariables: environment,
    layers: [layerArn],
    code: new fc.InputCodeLocation({ zipFile: (await zipFunction()).toString('base64') }),
  }
  const existing = await orUndefined(functions.getFunction(functionName, new fc.GetFunctionRequest({})))
  if (existing) {
    const body = new fc.UpdateFunctionInput(settings)
    await functions.updateFunction(functionName, new fc.UpdateFunctionRequest({ body }))
  } else {
    const body = new fc.CreateFunctionInput({ functionName, ...settings })
    await functions.createFunction(new fc.CreateFunctionRequest({ body }))
  }
  // A photo that cannot be read will not become better: no second attempt.
  const onFailure = new fc.Destination({ destination: bucketArn(failures.bucket, `/${failures.prefix}`) })
  const async = new fc.PutAsyncInvokeConfigInput({
    maxAsyncRetryAttempts: 0,
    destinationConfig: new fc.DestinationConfig({ onFailure }),
  })
  await functions.putAsyncInvokeConfig(functionName, new fc.PutAsyncInvokeConfigRequest({ body: async }))
  await deployTrigger(functionName, trigger)
}

async function deployTrigger(functionName, { bucket, suffix }) {
  const triggerName = 'stored'
  const triggerConfig = JSON.stringify({
    events: [
      'oss:ObjectCreated:PutObject',
      'oss:ObjectCreated:PostObject',
      'oss:ObjectCreated:CompleteMultipartUpload',
    ],
    filter: { key: { prefix: '', suffix } },
  })
  if (await orUndefined(functions.getTrigger(functionName, triggerName))) {
    const body = new fc.UpdateTriggerInput({ triggerConfig })
    await functions.updateTrigger(functionName, triggerName, new fc.UpdateTriggerRequest({ body }))
    return
  }
  const sourceArn = bucketArn(bucket)
  const invocationRole = 'acs:ram::1234567890123456:role/oss-events'
  const body = new fc.CreateTriggerInput({ triggerName, triggerType: 'oss', sourceArn, invocationRole, triggerConfig })
  await functions.createTrigger(functionName, new fc.CreateTriggerRequest({ body }))
}

module.exports = { deployFunction, deployLayer }
