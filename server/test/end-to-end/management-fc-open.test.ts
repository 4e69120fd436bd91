/** The management API driven by the unmodified SDK of version 2021-04-06. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sdk from '@alicloud/fc-open20210406'
import { Config } from '@alicloud/openapi-client'
import { RuntimeOptions } from '@alicloud/tea-util'
import type { TestApi } from '../../src/api/test-support.ts'
import { ACCOUNT_ID, REGION, zipSaying } from '../../src/api/test-support.ts'
import { KEY, refused, startSignedApi } from './management-support.ts'

let api: TestApi
let client: InstanceType<typeof sdk.default>

before(async () => {
  api = await startSignedApi()
  client = new sdk.default(
    new Config({ ...KEY, endpoint: api.url.slice('http://'.length), protocol: 'http', regionId: REGION }),
  )
})
after(() => api.close())

const createService = (serviceName: string) => client.createService(new sdk.CreateServiceRequest({ serviceName }))

const createFunction = (serviceName: string, functionName: string) =>
  client.createFunction(
    serviceName,
    new sdk.CreateFunctionRequest({
      functionName,
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: new sdk.Code({ zipFile: zipSaying(functionName) }),
    }),
  )

test('services are created, updated under If-Match, listed by pages and deleted', async () => {
  const created = await createService('shop')
  assert.match(created.headers['x-fc-request-id'] ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(created.body.internetAccess, true)
  await createService('shop-b')
  await createService('shop-c')

  const etag = created.headers['etag'] ?? ''
  const update = (ifMatch: string) =>
    client.updateServiceWithOptions(
      'shop',
      new sdk.UpdateServiceRequest({ description: 'changed' }),
      new sdk.UpdateServiceHeaders({ ifMatch }),
      new RuntimeOptions({}),
    )
  const updated = await update(etag)
  assert.equal(updated.body.description, 'changed')
  await refused(update(etag), 'PreconditionFailed', /the resource being modified has been changed/)

  const first = await client.listServices(new sdk.ListServicesRequest({ limit: 2, prefix: 'shop' }))
  assert.deepEqual(
    first.body.services?.map((service) => service.serviceName),
    ['shop', 'shop-b'],
  )
  const { nextToken } = first.body
  const second = await client.listServices(new sdk.ListServicesRequest({ limit: 2, prefix: 'shop', nextToken }))
  assert.deepEqual(
    second.body.services?.map((service) => service.serviceName),
    ['shop-c'],
  )
  assert.equal(second.body.nextToken, undefined)
  await client.deleteService('shop-b')
  await refused(
    client.getService('shop-b', new sdk.GetServiceRequest({})),
    'ServiceNotFound',
    /'shop-b' does not exist/,
  )
})

test('functions, triggers, versions and aliases of a service', async () => {
  await createService('app')
  const created = await createFunction('app', 'web')
  assert.equal(created.body.memorySize, 128)
  const updated = await client.updateFunction(
    'app',
    'web',
    new sdk.UpdateFunctionRequest({ instanceConcurrency: 5, initializer: 'index.start' }),
  )
  assert.equal(updated.body.instanceConcurrency, 5)
  assert.equal(updated.body.initializationTimeout, 30)

  const trigger = await client.createTrigger(
    'app',
    'web',
    new sdk.CreateTriggerRequest({
      triggerName: 'http',
      triggerType: 'http',
      triggerConfig: JSON.stringify({ authType: 'anonymous', methods: ['GET', 'POST'] }),
    }),
  )
  assert.match(trigger.body.urlInternet ?? '', /^http:\/\/web-[a-z0-9]{10}\./)
  assert.equal(JSON.parse(trigger.body.triggerConfig ?? '').authType, 'anonymous')

  const version = await client.publishServiceVersion('app', new sdk.PublishServiceVersionRequest({ description: 'v' }))
  assert.equal(version.body.versionId, '1')
  await client.createAlias('app', new sdk.CreateAliasRequest({ aliasName: 'prod', versionId: '1' }))
  await client.updateFunction('app', 'web', new sdk.UpdateFunctionRequest({ timeout: 60 }))
  const frozen = await client.getFunction('app', 'web', new sdk.GetFunctionRequest({ qualifier: 'prod' }))
  assert.equal(frozen.body.timeout, 3)
  const listed = await client.listFunctions('app', new sdk.ListFunctionsRequest({ qualifier: 'prod' }))
  assert.deepEqual(
    listed.body.functions?.map((item) => item.functionName),
    ['web'],
  )

  await refused(client.deleteFunction('app', 'web'), 'FunctionNotEmpty', /triggers/)
  await client.deleteTrigger('app', 'web', 'http')
  await client.deleteFunction('app', 'web')
  await refused(
    client.getFunction('app', 'web', new sdk.GetFunctionRequest({})),
    'FunctionNotFound',
    /function 'web' does not exist in service 'app'/,
  )
  await refused(client.deleteService('app'), 'ServiceNotEmpty', /versions and aliases/)
  await client.deleteAlias('app', 'prod')
  await client.deleteServiceVersion('app', '1')
  await client.deleteService('app')
})

test('tags are put on, filtered by, listed and taken off', async () => {
  await createService('tagged')
  const resourceArn = 'services/tagged'
  await client.tagResource(new sdk.TagResourceRequest({ resourceArn, tags: { team: 'blue', stage: 'test' } }))
  const tags = await client.getResourceTags(new sdk.GetResourceTagsRequest({ resourceArn }))
  assert.equal(tags.body.resourceArn, `acs:fc:${REGION}:${ACCOUNT_ID}:services/tagged`)
  assert.deepEqual(tags.body.tags, { team: 'blue', stage: 'test' })
  const listed = await client.listTaggedResources(new sdk.ListTaggedResourcesRequest({}))
  assert.equal(listed.body.resources?.length, 1)
  await client.untagResource(new sdk.UntagResourceRequest({ resourceArn, tagKeys: ['stage'] }))
  const rest = await client.getResourceTags(new sdk.GetResourceTagsRequest({ resourceArn }))
  assert.deepEqual(rest.body.tags, { team: 'blue' })
})

test('custom domains route to functions of services', async () => {
  const routes = [new sdk.PathConfig({ path: '/a/*', serviceName: 's', functionName: 'f', qualifier: 'prod' })]
  const created = await client.createCustomDomain(
    new sdk.CreateCustomDomainRequest({
      domainName: 'api.example.com',
      protocol: 'HTTP',
      routeConfig: new sdk.RouteConfig({ routes }),
    }),
  )
  assert.equal(created.body.routeConfig?.routes?.[0]?.serviceName, 's')
  assert.equal(created.body.accountId, ACCOUNT_ID)
  await refused(
    client.createCustomDomain(new sdk.CreateCustomDomainRequest({ domainName: 'api.example.com' })),
    'DomainNameAlreadyExists',
    /api\.example\.com/,
  )
  await client.deleteCustomDomain('api.example.com')
})

test('account settings, and what is not offered', async () => {
  const settings = await client.getAccountSettings()
  assert.deepEqual(settings.body.availableAZs, [`${REGION}-a`])
  const limits = await client.listOnDemandConfigs(new sdk.ListOnDemandConfigsRequest({}))
  assert.deepEqual(limits.body.configs ?? [], [])
  await refused(
    client.listEventSources('s', 'f', new sdk.ListEventSourcesRequest({})),
    'NotImplemented',
    /ListEventSources/,
  )
})
