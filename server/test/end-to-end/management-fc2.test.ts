/** The management API driven by the unmodified SDK of version 2016-08-15. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { TestApi } from '../../src/api/test-support.ts'
import { ACCOUNT_ID, REGION, zipSaying } from '../../src/api/test-support.ts'
import { KEY, refused, startSignedApi } from './management-support.ts'

interface Answer {
  headers: Record<string, string>
  data: Record<string, unknown>
}
/** The SDK comes without types: every method answers headers and data. */
type Client = Record<string, (...parameters: unknown[]) => Promise<Answer>>
type ClientClass = new (accountId: string, config: object) => Client

let api: TestApi
let client: Client

before(async () => {
  api = await startSignedApi()
  const FC = createRequire(import.meta.url)('@alicloud/fc2') as ClientClass
  const { accessKeyId: accessKeyID, accessKeySecret } = KEY
  client = new FC(ACCOUNT_ID, { accessKeyID, accessKeySecret, region: REGION, endpoint: api.url })
})
after(() => api.close())

function call(method: string, ...parameters: unknown[]): Promise<Answer> {
  const operation = client[method]
  assert.ok(operation, `the SDK has no ${method}`)
  return operation.apply(client, parameters)
}

function names(list: unknown, key: string): unknown[] {
  return (list as Record<string, unknown>[]).map((item) => item[key])
}

const functionOptions = (functionName: string) => ({
  functionName,
  runtime: 'nodejs20',
  handler: 'index.handler',
  memorySize: '256',
  code: { zipFile: zipSaying(functionName) },
})

test('a service and its function live and die', async () => {
  const service = await call('createService', 'shop', {
    description: 'd',
    tracingConfig: { type: 'Jaeger', params: {} },
  })
  assert.equal(service.data['description'], 'd')
  const created = await call('createFunction', 'shop', functionOptions('web'))
  assert.equal(created.data['memorySize'], 256)
  const code = await call('getFunctionCode', 'shop', 'web')
  assert.equal(code.data['checksum'], created.data['codeChecksum'])
  const updated = await call('updateFunction', 'shop', 'web', { environmentVariables: { B: '2' } })
  assert.deepEqual(updated.data['environmentVariables'], { B: '2' })
  const cleared = await call('updateService', 'shop', { tracingConfig: {} })
  assert.deepEqual(cleared.data['tracingConfig'], { type: null, params: null })
  assert.deepEqual(names((await call('listFunctions', 'shop')).data['functions'], 'functionName'), ['web'])
  await refused(call('deleteService', 'shop'), 'ServiceNotEmpty', /functions/)
  await call('deleteFunction', 'shop', 'web')
  await call('deleteService', 'shop')
  await refused(call('getFunction', 'shop', 'web'), 'ServiceNotFound', /service 'shop' does not exist/)
})

test('lists begin at startKey, inclusive', async () => {
  for (const name of ['list-a', 'list-b', 'list-c']) await call('createService', name)
  const list = async (options: object) => names((await call('listServices', options)).data['services'], 'serviceName')
  assert.deepEqual(await list({ prefix: 'list-', startKey: 'list-b' }), ['list-b', 'list-c'])
  const first = await call('listServices', { prefix: 'list-', limit: 1 })
  const { nextToken } = first.data
  assert.deepEqual(await list({ prefix: 'list-', limit: 1, nextToken, startKey: 'list-c' }), ['list-b'])
})

test('versions and aliases: the qualifier is a suffix of the service', async () => {
  await call('createService', 'versioned', { description: 'head' })
  await call('createFunction', 'versioned', functionOptions('f'))
  assert.equal((await call('publishVersion', 'versioned', 'first')).data['versionId'], '1')
  await refused(call('publishVersion', 'versioned', 'again'), 'VersionPublishError', /nothing has changed/)
  const alias = await call('createAlias', 'versioned', 'prod', '1', { description: 'live' })
  assert.equal(alias.data['versionId'], '1')
  await call('updateFunction', 'versioned', 'f', { timeout: 20 })
  assert.equal((await call('getFunction', 'versioned', 'f', {}, 'prod')).data['timeout'], 3)
  assert.equal((await call('getService', 'versioned', {}, '1')).data['description'], 'first')
  assert.equal((await call('publishVersion', 'versioned', 'second')).data['versionId'], '2')
  await call('updateAlias', 'versioned', 'prod', '1', { additionalVersionWeight: { 2: 0.9 } })
  await refused(call('deleteVersion', 'versioned', '2'), 'InvalidArgument', /alias 'prod'/)
  const listed = await call('listVersions', 'versioned', { direction: 'FORWARD' })
  assert.deepEqual(names(listed.data['versions'], 'versionId'), ['1', '2'])
  assert.equal(listed.data['direction'], 'FORWARD')
  await call('deleteAlias', 'versioned', 'prod')
  await call('deleteVersion', 'versioned', '2')
  await call('deleteVersion', 'versioned', '1')
  assert.equal((await call('publishVersion', 'versioned', 'third')).data['versionId'], '3')
})

test('triggers carry their configuration as an object', async () => {
  await call('createService', 'triggered')
  await call('createFunction', 'triggered', functionOptions('f'))
  const triggerConfig = { cronExpression: '0 0 4 * * *', payload: 'p', enable: false }
  const timer = { triggerName: 'night', triggerType: 'timer', triggerConfig, sourceArn: '', invocationRole: '' }
  assert.deepEqual((await call('createTrigger', 'triggered', 'f', timer)).data['triggerConfig'], triggerConfig)
  const http = {
    triggerName: 'web',
    triggerType: 'http',
    triggerConfig: { authType: 'anonymous', methods: ['GET'] },
  }
  const created = await call('createTrigger', 'triggered', 'f', http)
  assert.equal(created.data['sourceArn'], null)
  assert.equal(created.data['invocationRole'], '')
  await refused(
    call('updateTrigger', 'triggered', 'f', 'night', { triggerConfig: { cronExpression: 'daily' } }),
    'InvalidArgument',
    /cronExpression must be/,
  )
  await call('deleteTrigger', 'triggered', 'f', 'web')
  assert.deepEqual(names((await call('listTriggers', 'triggered', 'f')).data['triggers'], 'triggerName'), ['night'])
})

test('tags are taken off by DELETE with a body', async () => {
  await call('createService', 'tagged')
  await call('tagResource', 'services/tagged', { a: '1', b: '2' })
  const tagged = await call('listServices', { tag_a: '1', tag_b: '2' })
  assert.deepEqual(names(tagged.data['services'], 'serviceName'), ['tagged'])
  await call('untagResource', 'services/tagged', ['a'])
  const left = await call('getResourceTags', { resourceArn: 'services/tagged' })
  assert.deepEqual(left.data['tags'], { b: '2' })
})

test('the account: settings, limits, reserved capacity', async () => {
  assert.deepEqual((await call('getAccountSettings')).data, { availableAZs: [`${REGION}-a`], defaultRole: '' })
  const configs = await call('getAccountConfigs', { config: ['CodeSizeLimit', 'Concurrency'] })
  assert.deepEqual(configs.data, { CodeSizeLimit: '104857600', Concurrency: '100' })
  assert.deepEqual((await call('listReservedCapacities')).data, { reservedCapacities: [] })
})

test('custom domains are created, changed and found in use', async () => {
  const routeConfig = { routes: [{ path: '/', serviceName: 's', functionName: 'f', methods: ['GET'] }] }
  await call('createCustomDomain', 'www.example.com', { protocol: 'HTTP', routeConfig })
  await refused(
    call('createCustomDomain', 'www.example.com', { protocol: 'HTTP' }),
    'DomainNameAlreadyExists',
    /exists/,
  )
  const updated = await call('updateCustomDomain', 'www.example.com', { routeConfig: { routes: [] } })
  assert.deepEqual(updated.data['routeConfig'], { routes: [] })
  await call('deleteCustomDomain', 'www.example.com')
  await refused(call('getCustomDomain', 'www.example.com'), 'DomainNameNotFound', /does not exist/)
})

test('layers are published, found by ARN, shared, given to a function and deleted', async () => {
  const publish = (text: string) =>
    call('publishLayerVersion', 'tools', { code: { zipFile: zipSaying(text) }, compatibleRuntime: ['nodejs20'] })
  const published = await publish('one')
  const arn = `acs:fc:${REGION}:${ACCOUNT_ID}:layers/tools/versions/1`
  assert.deepEqual([published.data['version'], published.data['arn'], published.data['acl']], [1, arn, 0])
  await publish('two')
  const versions = await call('listLayerVersions', 'tools', { startVersion: 1 })
  assert.deepEqual(names(versions.data['layers'], 'version'), [1, 2])
  assert.equal((await call('getLayerVersionByArn', arn)).data['version'], 1)
  assert.equal((await call('getLayerVersion', 'tools', 2)).data['codeSize'], published.data['codeSize'])
  await call('putLayerACL', 'tools', { public: true })
  assert.deepEqual(names((await call('listLayers', { public: true })).data['layers'], 'layerName'), ['tools'])

  await call('createService', 'layered')
  const created = await call('createFunction', 'layered', { ...functionOptions('f'), layers: [arn] })
  assert.deepEqual([created.data['layers'], created.data['layersArnV2']], [[arn], [arn]])
  for (const version of [1, 2]) await call('deleteLayerVersion', 'tools', version)
  await refused(call('listLayerVersions', 'tools'), 'LayerNotFound', /layer 'tools' does not exist/)
  assert.deepEqual((await call('getFunction', 'layered', 'f')).data['layers'], [arn])
})

test('a signature by another secret is refused by name', async () => {
  const FC = createRequire(import.meta.url)('@alicloud/fc2') as ClientClass
  const config = { accessKeyID: KEY.accessKeyId, accessKeySecret: 'other', region: REGION, endpoint: api.url }
  const stranger = new FC(ACCOUNT_ID, config)
  await assert.rejects(stranger['listServices']!(), { name: 'FCSignatureNotMatchError', code: 'SignatureNotMatch' })
})
