/** Sluice itself: started from source in a folder of its own, and managed through the official SDKs. */
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import FC2, * as fc2 from '@alicloud/fc-open20210406'
import FC3, * as fc3 from '@alicloud/fc20230330'
import { Config as Config2 } from '@alicloud/openapi-client'
import { $OpenApiUtil } from '@alicloud/openapi-core'
import { createClient } from '../../cli/src/client.ts'
import nodeFlags from '../../server/node-flags.json' with { type: 'json' }
import { hello2, zipOf, type App } from './apps.ts'
import { freePort, get, waitUntilAnswers } from './http.ts'
import type { Endpoint } from './http.ts'
import { startProcess } from './peers/peer.ts'
import { commandLine } from './system.ts'

/** It comes without types; this is what is called of it. */
interface OssClass {
  new (options: object): { putBucket(name: string, options: { acl: BucketAcl }): Promise<unknown> }
}
const OSS = createRequire(import.meta.url)('ali-oss') as OssClass
type BucketAcl = 'private' | 'public-read' | 'public-read-write'

const main = fileURLToPath(import.meta.resolve('../../server/src/main.ts'))
const READY_MS_MAX = 60_000
/** Objects, tables, queue, gateway, edge and the runtime API listen on the ports after the public one. */
const PORTS_FOLLOWING = 6
const OBJECTS_PORT_OFFSET = 1
/** The helper process of the oci sandbox. */
const KEEPER = 'keeper.py'

const REGION = 'cn-hangzhou'
const SHAPE = { memorySize: 128, timeout: 10 }
const TRIGGER = { triggerName: 'http', triggerType: 'http' }
const TRIGGER_CONFIG = JSON.stringify({ authType: 'anonymous', methods: ['GET'] })

export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  accountId: string
}

/** Settings of the platform as environment variables; those not named have their defaults. */
export type Settings = Readonly<Record<string, string>>

/** What one invocation's record tells, as far as it is used here. */
export interface InvocationRecord {
  requestId: string
  instanceId: string
  invocationType: 'Sync' | 'Async'
  startedMs: number
  queuedMs: number
  coldStart: Readonly<Record<Phase, number>> | null
}

export const PHASES = ['scheduleMs', 'packageMs', 'sandboxMs', 'runtimeMs', 'initializerMs'] as const
export type Phase = (typeof PHASES)[number]

export interface Platform {
  dataDir: string
  port: number
  objectsPort: number
  /** From starting the process to the first 200 of /readyz. */
  readyMs: number
  credentials: Credentials
  /** Every process: the server, its keeper if the sandbox has one, stems and instances with their first processes. */
  pids: () => number[]
  serverPid: () => number
  /** The server and its keeper: what is there before any function. */
  ownPids: () => number[]
  /** Deploys a function whose anonymous HTTP trigger answers GET; resolves to where it answers. */
  deploy3(functionName: string, app: App): Promise<Endpoint>
  /** hello2 as a 2.0 function, in a service of its own name. */
  deployHello2(functionName: string): Promise<Endpoint>
  /**
   * A 2.0 function, in a service of its own name; resolves to where POST is an event, signed for the next minutes with these
   * `X-Fc-` headers.
   */
  deployEvent2(functionName: string, app: App, fcHeaders?: Readonly<Record<string, string>>): Promise<Endpoint>
  createBucket(name: string, acl: BucketAcl): Promise<void>
  /** The function then runs for each object that is put into the bucket. */
  createOssTrigger(functionName: string, bucket: string): Promise<void>
  /** Where the trigger `http` of a 3.0 function answers. */
  endpointOf(functionName: string): Promise<Endpoint>
  /** Records of cold starts since `fromMs` (Unix), the newest first, as soon as there are `count` of them. */
  coldStarts(fromMs: number, count: number): Promise<InvocationRecord[]>
  /** When the last `count` asynchronous runs began (Unix, ms), the oldest first, as soon as there are so many. */
  asyncStarts(count: number): Promise<number[]>
  /** Sum of a metric of the platform over all its labels. */
  metric(name: string): Promise<number>
  /** An answer of the platform's own endpoints. */
  ask(path: string, query: Readonly<Record<string, string | number | boolean>>): Promise<Record<string, unknown>>
  /** The sandbox that functions run in: `oci` or `process`. */
  sandboxKind(): Promise<string>
  /** Ends the process and keeps the data. */
  stop: () => Promise<void>
}

/** A platform with an empty data folder, for as long as `use` takes. */
export async function withPlatform(settings: Settings, use: (platform: Platform) => Promise<void>): Promise<void> {
  const data = makeDataDir()
  try {
    const platform = await startPlatform(data.path, settings)
    try {
      await use(platform)
    } finally {
      await platform.stop()
    }
  } finally {
    data.remove()
  }
}

export function makeDataDir(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export async function startPlatform(dataDir: string, settings: Settings): Promise<Platform> {
  const port = await freePort(PORTS_FOLLOWING)
  const startedMs = performance.now()
  const own = { SLUICE_DATA_DIR: dataDir, SLUICE_PORT: String(port), SLUICE_SAMPLES: 'off' }
  const server = startProcess([process.execPath, ...nodeFlags, main], { ...process.env, ...own, ...settings })
  try {
    await waitUntilAnswers({ port, path: '/readyz', headers: {} }, READY_MS_MAX, server.failure)
  } catch (error) {
    await server.stop()
    throw error
  }
  const readyMs = performance.now() - startedMs
  const credentials = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as Credentials
  return {
    ...{ dataDir, port, readyMs, credentials, pids: server.pids, stop: server.stop },
    objectsPort: port + OBJECTS_PORT_OFFSET,
    serverPid: () => server.pids()[0]!,
    ownPids: () => {
      const [first, ...others] = server.pids()
      return [first!, ...others.filter((pid) => commandLine(pid).some((word) => word.endsWith(KEEPER)))]
    },
    ...management(port, credentials),
    ...observation(port, credentials),
  }
}

type Management = Pick<
  Platform,
  'deploy3' | 'deployHello2' | 'deployEvent2' | 'endpointOf' | 'createBucket' | 'createOssTrigger'
>

function management(port: number, { accessKeyId, accessKeySecret, accountId }: Credentials): Management {
  const access = { accessKeyId, accessKeySecret, endpoint: `127.0.0.1:${port}`, protocol: 'http' }
  const client3 = new FC3.default(new $OpenApiUtil.Config({ ...access, regionId: REGION }))
  const client2 = new FC2.default(new Config2({ ...access, regionId: REGION }))
  const atHostOf = (url: string): Endpoint => ({ port, path: '/', headers: { Host: new URL(url).host } })
  return {
    async deploy3(functionName, app) {
      const code = new fc3.InputCodeLocation({ zipFile: await zipOf(app) })
      const { runtime, handler, instanceConcurrency, command } = app
      const body = new fc3.CreateFunctionInput({
        ...{ functionName, ...SHAPE, runtime, handler, instanceConcurrency, code },
        ...(command && { customRuntimeConfig: new fc3.CustomRuntimeConfig({ command }) }),
      })
      await client3.createFunction(new fc3.CreateFunctionRequest({ body }))
      const trigger = new fc3.CreateTriggerInput({ ...TRIGGER, triggerConfig: TRIGGER_CONFIG })
      const created = await client3.createTrigger(functionName, new fc3.CreateTriggerRequest({ body: trigger }))
      return atHostOf(created.body!.httpTrigger!.urlInternet!)
    },
    async deployHello2(functionName) {
      const service = functionName
      await client2.createService(new fc2.CreateServiceRequest({ serviceName: service }))
      const code = new fc2.Code({ zipFile: await zipOf(hello2) })
      const { runtime, handler, instanceConcurrency } = hello2
      const shape = { functionName, ...SHAPE, runtime, handler, instanceConcurrency, code }
      await client2.createFunction(service, new fc2.CreateFunctionRequest(shape))
      const trigger = new fc2.CreateTriggerRequest({ ...TRIGGER, triggerConfig: TRIGGER_CONFIG })
      const created = await client2.createTrigger(service, functionName, trigger)
      return atHostOf(created.body.urlInternet!)
    },
    async deployEvent2(functionName, app, fcHeaders = {}) {
      const service = functionName
      await client2.createService(new fc2.CreateServiceRequest({ serviceName: service }))
      const code = new fc2.Code({ zipFile: await zipOf(app) })
      const { runtime, handler, instanceConcurrency, command } = app
      const shape = {
        ...{ functionName, ...SHAPE, runtime, handler, instanceConcurrency, code },
        ...(command && { customRuntimeConfig: new fc2.CustomRuntimeConfig({ command }) }),
      }
      await client2.createFunction(service, new fc2.CreateFunctionRequest(shape))
      const path = `/2016-08-15/services/${service}/functions/${functionName}/invocations`
      const date = new Date().toUTCString()
      const signed = Object.entries(fcHeaders).map(([name, value]) => `${name.toLowerCase()}:${value}`)
      const text = ['POST', '', '', date, ...signed.toSorted(), path].join('\n')
      const signature = createHmac('sha256', accessKeySecret).update(text).digest('base64')
      const headers = { Date: date, Authorization: `FC ${accessKeyId}:${signature}`, ...fcHeaders }
      return { port, path, method: 'POST', headers }
    },
    async createBucket(name, acl) {
      const endpoint = `http://localhost:${port + OBJECTS_PORT_OFFSET}`
      const client = new OSS({ accessKeyId, accessKeySecret, endpoint, sldEnable: true })
      await client.putBucket(name, { acl })
    },
    async createOssTrigger(functionName, bucket) {
      const filter = { key: { prefix: '', suffix: '' } }
      const trigger = new fc3.CreateTriggerInput({
        triggerName: 'objects',
        triggerType: 'oss',
        sourceArn: `acs:oss:${REGION}:${accountId}:${bucket}`,
        invocationRole: `acs:ram::${accountId}:role/objects`,
        triggerConfig: JSON.stringify({ events: ['oss:ObjectCreated:PutObject'], filter }),
      })
      await client3.createTrigger(functionName, new fc3.CreateTriggerRequest({ body: trigger }))
    },
    async endpointOf(functionName) {
      const trigger = await client3.getTrigger(functionName, TRIGGER.triggerName)
      return atHostOf(trigger.body!.httpTrigger!.urlInternet!)
    },
  }
}

/** Records leave the platform in batches. */
const RECORDS_MS_MAX = 5000
const RECORDS_LOOK_MS = 50
const RECORDS_LIMIT = 1000

type Observation = Pick<Platform, 'coldStarts' | 'asyncStarts' | 'metric' | 'ask' | 'sandboxKind'>

function observation(port: number, credentials: Credentials): Observation {
  const client = createClient(new URL(`http://127.0.0.1:${port}`), () => credentials)
  /** The newest first, as soon as there are `count` of them. */
  async function records(count: number, fromMs: number, isWanted: (record: InvocationRecord) => boolean) {
    const query = { from: Math.floor(fromMs), limit: RECORDS_LIMIT, descending: true }
    const deadlineMs = performance.now() + RECORDS_MS_MAX
    for (;;) {
      const answer = await client.json({ action: 'ListRecords', path: '/sluice/v1/records', query })
      const found = (answer['records'] as InvocationRecord[]).filter(isWanted)
      if (found.length >= count) return found
      if (performance.now() > deadlineMs) throw new Error(`${found.length} of ${count} records have come`)
      await delay(RECORDS_LOOK_MS)
    }
  }
  return {
    coldStarts: (fromMs, count) => records(count, fromMs, ({ coldStart }) => coldStart !== null),
    async asyncStarts(count) {
      const newest = await records(count, 0, ({ invocationType }) => invocationType === 'Async')
      const starts = newest.slice(0, count).map(({ startedMs, queuedMs }) => startedMs + queuedMs)
      return starts.toSorted((a, b) => a - b)
    },
    async metric(name) {
      const { body } = await get({ port, path: '/metrics', headers: {} })
      const values = [...body.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)].filter(([, found]) => found === name)
      return values.reduce((sum, [, , value]) => sum + Number(value), 0)
    },
    ask: (path, query) => client.json({ action: 'Ask', path, query }),
    async sandboxKind() {
      const { sandbox } = await client.json({ action: 'GetInfo', path: '/sluice/v1/info' })
      return (sandbox as { kind: string }).kind
    },
  }
}
