/** The management API driven by the unmodified SDK of version 2023-03-30. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import sdk from '@alicloud/fc20230330'
import { $OpenApiUtil } from '@alicloud/openapi-core'
import type { TestApi } from '../../src/api/test-support.ts'
import { ACCOUNT_ID, REGION, zipSaying } from '../../src/api/test-support.ts'
import { KEY, refused, startSignedApi } from './management-support.ts'

let api: TestApi
let client: InstanceType<typeof sdk.default>

function clientWith(accessKeySecret: string) {
  const { accessKeyId } = KEY
  const endpoint = api.url.slice('http://'.length)
  return new sdk.default(
    new $OpenApiUtil.Config({ accessKeyId, accessKeySecret, endpoint, protocol: 'http', regionId: REGION }),
  )
}

before(async () => {
  api = await startSignedApi()
  client = clientWith(KEY.accessKeySecret)
})
after(() => api.close())

function functionInput(functionName: string, members: Record<string, unknown> = {}) {
  return new sdk.CreateFunctionRequest({
    body: new sdk.CreateFunctionInput({
      functionName,
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: new sdk.InputCodeLocation({ zipFile: zipSaying(functionName) }),
      ...members,
    }),
  })
}

test('a function is created, read, updated, listed and deleted', async () => {
  const created = await client.createFunction(functionInput('life', { timeout: 10, environmentVariables: { A: '1' } }))
  assert.equal(created.statusCode, 200)
  assert.equal(created.body?.functionArn, `acs:fc:${REGION}:${ACCOUNT_ID}:functions/life`)
  assert.equal(created.body?.timeout, 10)
  assert.match(created.headers?.['etag'] ?? '', /^[0-9a-f]{32}$/)
  assert.match(created.headers?.['x-fc-request-id'] ?? '', /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)

  const updated = await client.updateFunction(
    'life',
    new sdk.UpdateFunctionRequest({ body: new sdk.UpdateFunctionInput({ description: 'second' }) }),
  )
  assert.equal(updated.body?.description, 'second')
  assert.deepEqual(updated.body?.environmentVariables, { A: '1' })

  const read = await client.getFunction('life', new sdk.GetFunctionRequest({}))
  assert.equal(read.body?.description, 'second')
  assert.equal(read.body?.codeChecksum, created.body?.codeChecksum)

  await client.deleteFunction('life')
  await refused(
    client.getFunction('life', new sdk.GetFunctionRequest({})),
    'FunctionNotFound',
    /'life' does not exist\./,
  )
})

test('the code link downloads the package without credentials', async () => {
  await client.createFunction(functionInput('coded'))
  const { body } = await client.getFunctionCode('coded', new sdk.GetFunctionCodeRequest({}))
  const response = await fetch(body?.url ?? '')
  assert.equal(response.status, 200)
  const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  const zip = Buffer.from(await response.arrayBuffer())
  assert.equal(digest(zip), digest(Buffer.from(zipSaying('coded'), 'base64')))
  assert.equal((await fetch((body?.url ?? '').replace(/expires=\d/, 'expires=9'))).status, 403)
})

test('a list is paged by nextToken to its end', async () => {
  for (const name of ['page-c', 'page-a', 'page-b']) await client.createFunction(functionInput(name))
  const names: (string | undefined)[] = []
  let nextToken: string | undefined
  do {
    const request = new sdk.ListFunctionsRequest({ prefix: 'page-', limit: 2, ...(nextToken ? { nextToken } : {}) })
    const { body } = await client.listFunctions(request)
    names.push(...(body?.functions ?? []).map((item) => item.functionName))
    nextToken = body?.nextToken
  } while (nextToken !== undefined)
  assert.deepEqual(names, ['page-a', 'page-b', 'page-c'])
})

test('versions are published, named by an alias, and protected by it', async () => {
  await client.createFunction(functionInput('versioned'))
  const publish = (description: string) =>
    client.publishFunctionVersion(
      'versioned',
      new sdk.PublishFunctionVersionRequest({ body: new sdk.PublishVersionInput({ description }) }),
    )
  assert.equal((await publish('first')).body?.versionId, '1')
  await refused(publish('again'), 'VersionPublishError', /nothing has changed/)
  await client.updateFunction(
    'versioned',
    new sdk.UpdateFunctionRequest({ body: new sdk.UpdateFunctionInput({ timeout: 9 }) }),
  )
  assert.equal((await publish('second')).body?.versionId, '2')

  const alias = await client.createAlias(
    'versioned',
    new sdk.CreateAliasRequest({
      body: new sdk.CreateAliasInput({ aliasName: 'live', versionId: '1', additionalVersionWeight: { 2: 0.1 } }),
    }),
  )
  assert.deepEqual(alias.body?.additionalVersionWeight, { 2: 0.1 })
  const old = await client.getFunction('versioned', new sdk.GetFunctionRequest({ qualifier: 'live' }))
  assert.equal(old.body?.timeout, 3)

  const { body } = await client.listFunctionVersions('versioned', new sdk.ListFunctionVersionsRequest({}))
  assert.deepEqual(
    body?.versions?.map((version) => version.versionId),
    ['2', '1'],
  )
  await refused(client.deleteFunctionVersion('versioned', '2'), 'InvalidArgument', /used by alias 'live'/)
  await refused(client.deleteFunction('versioned'), 'FunctionNotEmpty', /aliases and versions/)
  await client.deleteAlias('versioned', 'live')
  await client.deleteFunctionVersion('versioned', '2')
  await client.deleteFunctionVersion('versioned', '1')
  await client.deleteFunction('versioned')
})

test('an http trigger has its own address, and a timer keeps its configuration', async () => {
  await client.createFunction(functionInput('triggered'))
  const create = (triggerName: string, triggerType: string, config: object) =>
    client.createTrigger(
      'triggered',
      new sdk.CreateTriggerRequest({
        body: new sdk.CreateTriggerInput({ triggerName, triggerType, triggerConfig: JSON.stringify(config) }),
      }),
    )
  const http = await create('web', 'http', { methods: ['GET'], authType: 'anonymous' })
  assert.match(http.body?.httpTrigger?.urlInternet ?? '', /^http:\/\/triggered-[a-z0-9]{10}\.localhost:7800$/)
  const timer = await create('tick', 'timer', { cronExpression: '@every 5m', payload: 'p', enable: true })
  assert.deepEqual(JSON.parse(timer.body?.triggerConfig ?? ''), {
    cronExpression: '@every 5m',
    payload: 'p',
    enable: true,
  })
  await refused(create('web', 'http', {}), 'TriggerAlreadyExists', /'web' already exists/)
  await refused(create('l', 'log', {}), 'NotImplemented', /'log'/)

  const { body } = await client.listTriggers('triggered', new sdk.ListTriggersRequest({}))
  assert.deepEqual(
    body?.triggers?.map((trigger) => trigger.triggerName),
    ['tick', 'web'],
  )
  await client.deleteTrigger('triggered', 'tick')
  await client.deleteTrigger('triggered', 'web')
  await client.deleteFunction('triggered')
})

test('custom domains and tags', async () => {
  await client.createFunction(functionInput('tagged'))
  const routes = [new sdk.PathConfig({ path: '/*', functionName: 'tagged', methods: ['GET'] })]
  const created = await client.createCustomDomain(
    new sdk.CreateCustomDomainRequest({
      body: new sdk.CreateCustomDomainInput({
        domainName: 'Shop.Example.com',
        routeConfig: new sdk.RouteConfig({ routes }),
      }),
    }),
  )
  assert.equal(created.body?.domainName, 'shop.example.com')
  assert.equal(created.body?.routeConfig?.routes?.[0]?.qualifier, 'LATEST')
  await client.deleteCustomDomain('shop.example.com')

  const resourceId = [`acs:fc:${REGION}:${ACCOUNT_ID}:functions/tagged`]
  const tag = [new sdk.Tag({ key: 'team', value: 'blue' })]
  await client.tagResources(
    new sdk.TagResourcesRequest({ body: new sdk.TagResourcesInput({ resourceType: 'function', resourceId, tag }) }),
  )
  const { body } = await client.listTagResources(
    new sdk.ListTagResourcesRequest({ resourceType: 'function', resourceId }),
  )
  assert.deepEqual(
    body?.tagResources?.map(({ tagKey, tagValue }) => [tagKey, tagValue]),
    [['team', 'blue']],
  )
  await client.untagResources(new sdk.UntagResourcesRequest({ resourceType: 'function', resourceId, tagKey: ['team'] }))
  const untagged = await client.getFunction('tagged', new sdk.GetFunctionRequest({}))
  assert.equal(untagged.body?.tags, undefined)
})

test('invocations are switched off and on', async () => {
  await client.createFunction(functionInput('switched'))
  const off = await client.disableFunctionInvocation(
    'switched',
    new sdk.DisableFunctionInvocationRequest({ reason: 'costs', abortOngoingRequest: true }),
  )
  assert.equal(off.body?.success, true)
  const { body } = await client.getFunction('switched', new sdk.GetFunctionRequest({}))
  assert.equal(body?.invocationRestriction?.reason, 'costs')
  await client.enableFunctionInvocation('switched')
  const on = await client.getFunction('switched', new sdk.GetFunctionRequest({}))
  assert.equal(on.body?.invocationRestriction, undefined)
})

test('errors reach the caller by code: bad key, bad input, not offered', async () => {
  await refused(
    clientWith('wrong').getFunction('x', new sdk.GetFunctionRequest({})),
    'SignatureNotMatch',
    /signature we calculated does not match/,
  )
  await refused(
    client.createFunction(functionInput('x', { runtime: 'nodejs1' })),
    'InvalidArgument',
    /Runtime is set to/,
  )
  await refused(client.createFunction(functionInput('x', { memorySize: 100 })), 'InvalidArgument', /memorySize must be/)
  await refused(
    client.changeResourceGroup(new sdk.ChangeResourceGroupRequest({})),
    'NotImplemented',
    /ChangeResourceGroup is not offered/,
  )
})

test('configurations that were never set are read as absent', async () => {
  await client.createFunction(functionInput('unset'))
  await refused(
    client.getAsyncInvokeConfig('unset', new sdk.GetAsyncInvokeConfigRequest({})),
    'AsyncConfigNotExists',
    /'unset' has no configuration of asynchronous invocation/,
  )
  await refused(client.getConcurrencyConfig('unset'), 'OnDemandConfigNotFound', /reserved concurrency/)
  const qualifier = 'LATEST'
  const provision = await client.getProvisionConfig('unset', new sdk.GetProvisionConfigRequest({ qualifier }))
  assert.deepEqual([provision.body?.functionArn, provision.body?.target], ['', 0])
  const scaling = await client.getScalingConfig('unset', new sdk.GetScalingConfigRequest({ qualifier }))
  assert.deepEqual([scaling.body?.functionArn, scaling.body?.minInstances], ['', 0])
  const { body } = await client.listProvisionConfigs(new sdk.ListProvisionConfigsRequest({ functionName: 'unset' }))
  assert.deepEqual(body?.provisionConfigs, [])
  const vpcBindings = await client.listVpcBindings('unset')
  assert.deepEqual(vpcBindings.body?.vpcIds, [])
})

test('a function of 2.0 appears as service$function', async () => {
  await api.metadata.commit([
    {
      kind: 'service',
      key: 'old',
      value: {
        name: 'old',
        serviceId: 'id',
        createdTime: '2030-01-01T00:00:00Z',
        lastModifiedTime: '2030-01-01T00:00:00Z',
        config: { description: '', role: 'acs:ram::1:role/r', internetAccess: false, settings: {} },
      },
    },
  ])
  const created = await client.createFunction(functionInput('plain'))
  const stored = await api.metadata.read('function', 'plain')
  assert.ok(stored)
  await api.metadata.commit([{ kind: 'function', key: 'old$plain', value: { ...stored.value, service: 'old' } }])
  const { body } = await client.getFunction('old$plain', new sdk.GetFunctionRequest({}))
  assert.equal(body?.functionName, 'old$plain')
  assert.equal(body?.role, 'acs:ram::1:role/r')
  assert.equal(body?.codeChecksum, created.body?.codeChecksum)
  const listed = await client.listFunctions(new sdk.ListFunctionsRequest({ fcVersion: 'v2' }))
  assert.deepEqual(
    listed.body?.functions?.map((item) => item.functionName),
    ['old$plain'],
  )
})
