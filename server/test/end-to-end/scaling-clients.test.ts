/** Settings of scaling by the unmodified SDKs of all three versions, on one platform: what one sets, the others read. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sdk2021 from '@alicloud/fc-open20210406'
import { RuntimeOptions } from '@alicloud/tea-util'
import sdk from '@alicloud/fc20230330'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeSaying, fc2Client, fc3Client, fcOpenClient, type Fc2Client } from '../support/sdk.ts'
import { refused } from './management-support.ts'

let platform: TestPlatform
let fc2: Fc2Client
let fcOpen: ReturnType<typeof fcOpenClient>
let fc3: ReturnType<typeof fc3Client>

before(async () => {
  platform = await startPlatform({ SLUICE_ACCOUNT_INSTANCES: '50' })
  fc2 = fc2Client(platform)
  fcOpen = fcOpenClient(platform)
  fc3 = fc3Client(platform)
  const zipFile = await codeSaying('hello')
  const fields = { runtime: 'nodejs20', handler: 'index.handler', timeout: 60 }
  const code = new sdk.InputCodeLocation({ zipFile })
  const body = new sdk.CreateFunctionInput({ functionName: 'solo', ...fields, code })
  await fc3.createFunction(new sdk.CreateFunctionRequest({ body }))
  await fc2.call('createService', 'shop')
  await fc2.call('createFunction', 'shop', { functionName: 'web', ...fields, code: { zipFile } })
  await fc2.call('publishVersion', 'shop', 'first')
  await fc2.call('createAlias', 'shop', 'live', '1')
})
after(() => platform.stop())

const qualifier = 'LATEST'

test('provisioned instances in 3.0: put, get, list, delete', async () => {
  const scheduledActions = [
    new sdk.ScheduledAction({
      name: 'night',
      scheduleExpression: 'cron(0 0 22 * * *)',
      target: 0,
      timeZone: 'Asia/Shanghai',
    }),
  ]
  const body = new sdk.PutProvisionConfigInput({ defaultTarget: 0, scheduledActions, alwaysAllocateCPU: true })
  const put = await fc3.putProvisionConfig('solo', new sdk.PutProvisionConfigRequest({ qualifier, body }))
  assert.match(put.body?.functionArn ?? '', /:functions\/solo$/)
  const { body: read } = await fc3.getProvisionConfig('solo', new sdk.GetProvisionConfigRequest({ qualifier }))
  assert.deepEqual([read?.defaultTarget, read?.alwaysAllocateCPU], [0, true])
  assert.equal(read?.scheduledActions?.[0]?.timeZone, 'Asia/Shanghai')
  const request = new sdk.ListProvisionConfigsRequest({ functionName: 'solo', limit: 100 })
  assert.equal((await fc3.listProvisionConfigs(request)).body?.provisionConfigs?.length, 1)
  await refused(fc3.deleteFunction('solo'), 'ProvisionConfigExist', /'LATEST'/)
  await fc3.deleteProvisionConfig('solo', new sdk.DeleteProvisionConfigRequest({ qualifier }))
  assert.deepEqual((await fc3.listProvisionConfigs(request)).body?.provisionConfigs, [])
  // As the fc3 tool polls after it has removed one.
  const gone = await fc3.getProvisionConfig('solo', new sdk.GetProvisionConfigRequest({ qualifier }))
  assert.deepEqual([gone.body?.functionArn, gone.body?.current], ['', 0])
})

test('scaling in 3.0: put, get, list, delete', async () => {
  const horizontalScalingPolicies = [
    new sdk.ScalingPolicy({
      name: 'cpu',
      metricType: 'CPUUtilization',
      metricTarget: 0.6,
      minInstances: 0,
      maxInstances: 2,
    }),
  ]
  const body = new sdk.PutScalingConfigInput({ enableOnDemandScaling: false, horizontalScalingPolicies })
  const put = await fc3.putScalingConfig('solo', new sdk.PutScalingConfigRequest({ qualifier, body }))
  assert.equal(put.body?.enableOnDemandScaling, false)
  const { body: read } = await fc3.getScalingConfig('solo', new sdk.GetScalingConfigRequest({ qualifier }))
  assert.deepEqual([read?.minInstances, read?.horizontalScalingPolicies?.[0]?.metricTarget], [0, 0.6])
  const list = await fc3.listScalingConfigs(new sdk.ListScalingConfigsRequest({ functionName: 'solo' }))
  assert.equal(list.body?.scalingConfigs?.length, 1)
  await fc3.deleteScalingConfig('solo', new sdk.DeleteScalingConfigRequest({ qualifier }))
  const gone = await fc3.getScalingConfig('solo', new sdk.GetScalingConfigRequest({ qualifier }))
  assert.deepEqual([gone.body?.functionArn, gone.body?.currentInstances], ['', 0])
})

test('reserved concurrency in 3.0: put, get, list, delete, within the quota that the account settings tell', async () => {
  const { data } = await fc2.call('getAccountConfigs', { config: ['Concurrency'] })
  assert.deepEqual(data, { Concurrency: '50' })
  const reserve = (name: string, reservedConcurrency: number) =>
    fc3.putConcurrencyConfig(
      name,
      new sdk.PutConcurrencyConfigRequest({ body: new sdk.PutConcurrencyInput({ reservedConcurrency }) }),
    )
  assert.equal((await reserve('solo', 20)).body?.reservedConcurrency, 20)
  await refused(reserve('shop$web', 26), 'LimitExceededError', /must be at most 25: the account has 50 instances/)
  assert.match((await reserve('shop$web', 25)).body?.functionArn ?? '', /functions\/shop\$web$/)
  assert.equal((await fc3.getConcurrencyConfig('solo')).body?.reservedConcurrency, 20)
  const list = await fc3.listConcurrencyConfigs(new sdk.ListConcurrencyConfigsRequest({ limit: 1 }))
  assert.equal(list.body?.configs?.length, 1)
  const { nextToken = '' } = list.body ?? {}
  const rest = await fc3.listConcurrencyConfigs(new sdk.ListConcurrencyConfigsRequest({ limit: 1, nextToken }))
  assert.equal(rest.body?.configs?.[0]?.reservedConcurrency, 20)
  for (const name of ['solo', 'shop$web']) await fc3.deleteConcurrencyConfig(name)
  await refused(fc3.getConcurrencyConfig('solo'), 'OnDemandConfigNotFound', /no reserved concurrency/)
})

test('provisioned instances in 2.0: 2016 sets them under an alias, 2021 and 3.0 read them', async () => {
  const { data } = await fc2.call('putProvisionConfig', 'shop', 'web', 'live', {
    target: 0,
    targetTrackingPolicies: [
      {
        name: 'busy',
        startTime: '2030-01-01T00:00:00Z',
        endTime: '2031-01-01T00:00:00Z',
        metricType: 'ProvisionedConcurrencyUtilization',
        metricTarget: 0.8,
        minCapacity: 1,
        maxCapacity: 3,
      },
    ],
  })
  assert.equal(data['resource'], 'services/shop.live/functions/web')
  assert.equal((await fc2.call('getProvisionConfig', 'shop', 'web', 'live')).data['target'], 0)

  const read = await fcOpen.getProvisionConfig(
    'shop',
    'web',
    new sdk2021.GetProvisionConfigRequest({ qualifier: 'live' }),
  )
  assert.equal(read.body.targetTrackingPolicies?.[0]?.maxCapacity, 3)
  const list = await fcOpen.listProvisionConfigs(
    new sdk2021.ListProvisionConfigsRequest({ serviceName: 'shop', qualifier: 'live' }),
  )
  assert.equal(list.body.provisionConfigs?.length, 1)
  const same = await fc3.getScalingConfig('shop$web', new sdk.GetScalingConfigRequest({ qualifier: 'live' }))
  assert.equal(same.body?.horizontalScalingPolicies?.[0]?.maxInstances, 3)

  await fcOpen.putProvisionConfig(
    'shop',
    'web',
    new sdk2021.PutProvisionConfigRequest({ qualifier: 'live', target: 0 }),
  )
  assert.deepEqual((await fc2.call('listProvisionConfigs', { serviceName: 'shop' })).data['provisionConfigs'], [])
})

test('limits on demand in 2.0: put, get, list and delete in both versions, under If-Match in 2021', async () => {
  const put = await fc2.call('putOnDemandConfig', 'shop', 'web', 'live', { maximumInstanceCount: 3 })
  assert.deepEqual(put.data, { resource: 'services/shop.live/functions/web', maximumInstanceCount: 3 })
  const update = (ifMatch: string, maximumInstanceCount: number) =>
    fcOpen.putFunctionOnDemandConfigWithOptions(
      'shop',
      'web',
      new sdk2021.PutFunctionOnDemandConfigRequest({ qualifier: 'live', maximumInstanceCount }),
      new sdk2021.PutFunctionOnDemandConfigHeaders({ ifMatch }),
      new RuntimeOptions({}),
    )
  const updated = await update(put.headers['etag'] ?? '', 4)
  assert.equal(updated.body.maximumInstanceCount, 4)
  await refused(update(put.headers['etag'] ?? '', 5), 'PreconditionFailed', /has been changed/)
  assert.equal((await fc2.call('getOnDemandConfig', 'shop', 'web', 'live')).data['maximumInstanceCount'], 4)
  const list = await fcOpen.listOnDemandConfigs(
    new sdk2021.ListOnDemandConfigsRequest({ prefix: 'services/shop.live' }),
  )
  assert.equal(list.body.configs?.[0]?.maximumInstanceCount, 4)
  await fc2.call('deleteOnDemandConfig', 'shop', 'web', 'live')
  await refused(
    fcOpen.getFunctionOnDemandConfig(
      'shop',
      'web',
      new sdk2021.GetFunctionOnDemandConfigRequest({ qualifier: 'live' }),
    ),
    'OnDemandConfigNotFound',
    /no limit of on-demand instances for qualifier 'live'/,
  )
})

test('instances are listed on all three versions', async () => {
  const invoked = await fc2.call('invokeFunction', 'shop', 'web', 'hello')
  const instanceId = invoked.headers['x-fc-instance-id']!
  const { data } = await fc2.call('listInstances', 'shop', 'web', '', { limit: 10 })
  assert.deepEqual(data, { instances: [{ instanceId, versionId: '0' }] })
  const of2021 = await fcOpen.listInstances(
    'shop',
    'web',
    new sdk2021.ListInstancesRequest({ instanceIds: [instanceId, 'c-none'] }),
  )
  assert.deepEqual(
    of2021.body.instances?.map((each) => each.instanceId),
    [instanceId],
  )
  const of2023 = await fc3.listInstances(
    'shop$web',
    new sdk.ListInstancesRequest({ instanceIds: [instanceId], withAllActive: true, qualifier }),
  )
  const [instance] = of2023.body?.instances ?? []
  assert.deepEqual([instance?.versionId, instance?.status], ['0', 'Idle'])
  assert.ok(Math.abs((instance?.createdTimeMs ?? 0) - Date.now()) < 60_000)
})

test('disabling a function with what runs cuts its requests with a clear error, and its instances end', async () => {
  const hanging = JSON.stringify({ hang: true })
  const running = [platform.invoke('solo', hanging), platform.invoke('solo', hanging)]
  const request = new sdk.ListInstancesRequest({ instanceStatus: ['Running'] })
  while (((await fc3.listInstances('solo', request)).body?.instances?.length ?? 0) < 2) await new Promise(setImmediate)
  const disable = new sdk.DisableFunctionInvocationRequest({ reason: 'repairs', abortOngoingRequest: true })
  const disabled = await fc3.disableFunctionInvocation('solo', disable)
  assert.equal(disabled.body?.success, true)
  for (const answer of await Promise.all(running)) {
    assert.equal(answer.status, 403)
    const { Code, Message } = answer.json<{ Code: string; Message: string }>()
    assert.equal(Code, 'FunctionInvocationDisabled')
    assert.equal(Message, "invocation of function 'solo' was disabled while the request ran: repairs")
  }
  const all = new sdk.ListInstancesRequest({ withAllActive: true })
  while (((await fc3.listInstances('solo', all)).body?.instances?.length ?? 0) > 0) await new Promise(setImmediate)
  assert.equal((await platform.invoke('solo', '')).status, 403)
  await fc3.enableFunctionInvocation('solo')
  assert.equal((await platform.invoke('solo', 'again')).text, 'again')
})
