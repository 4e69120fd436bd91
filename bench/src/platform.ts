/** Sluice itself: started from source in a folder of its own, and managed through the official SDKs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import FC2, * as fc2 from '@alicloud/fc-open20210406'
import FC3, * as fc3 from '@alicloud/fc20230330'
import { Config as Config2 } from '@alicloud/openapi-client'
import { $OpenApiUtil } from '@alicloud/openapi-core'
import yazl from 'yazl'
import nodeFlags from '../../server/node-flags.json' with { type: 'json' }
import { freePort, waitUntilAnswers } from './http.ts'
import type { Endpoint } from './http.ts'
import { startProcess } from './peers/peer.ts'

const main = fileURLToPath(import.meta.resolve('../../server/src/main.ts'))
const READY_MS_MAX = 60_000
/** Objects, tables, queue, gateway and edge listen on the ports after the public one. */
const PORTS_FOLLOWING = 5

const SHAPE = { runtime: 'nodejs20', handler: 'hello.handler', memorySize: 128, timeout: 10, instanceConcurrency: 100 }
const TRIGGER = { triggerName: 'http', triggerType: 'http' }
const TRIGGER_CONFIG = JSON.stringify({ authType: 'anonymous', methods: ['GET'] })

export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  accountId: string
}

export interface Platform {
  dataDir: string
  port: number
  /** From starting the process to the first 200 of /readyz. */
  readyMs: number
  credentials: Credentials
  pids: () => number[]
  /** Deploys a function whose anonymous HTTP trigger answers GET; resolves to where it answers. */
  deployHello3(functionName: string): Promise<Endpoint>
  /** The same as a 2.0 function, in a service of its own name. */
  deployHello2(functionName: string): Promise<Endpoint>
  /** Where the trigger `http` of a 3.0 function answers. */
  endpointOf(functionName: string): Promise<Endpoint>
  /** Ends the process and keeps the data. */
  stop: () => Promise<void>
}

/** A platform with an empty data folder, for as long as `use` takes. */
export async function withPlatform(use: (platform: Platform) => Promise<void>): Promise<void> {
  const data = makeDataDir()
  try {
    const platform = await startPlatform(data.path)
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

/** The zip of one of the hello functions in `apps/`. */
async function helloZip(app: 'hello-2.cjs' | 'hello-3.cjs'): Promise<string> {
  const zip = new yazl.ZipFile()
  zip.addFile(fileURLToPath(import.meta.resolve(`./apps/${app}`)), 'hello.js', { mtime: new Date(0) })
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('base64')
}

export async function startPlatform(dataDir: string): Promise<Platform> {
  const port = await freePort(PORTS_FOLLOWING)
  const startedMs = performance.now()
  const env = { ...process.env, SLUICE_DATA_DIR: dataDir, SLUICE_PORT: String(port), SLUICE_SAMPLES: 'off' }
  const server = startProcess([process.execPath, ...nodeFlags, main], env)
  try {
    await waitUntilAnswers({ port, path: '/readyz', headers: {} }, READY_MS_MAX, server.failure)
  } catch (error) {
    await server.stop()
    throw error
  }
  const readyMs = performance.now() - startedMs
  const credentials = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as Credentials

  const { accessKeyId, accessKeySecret } = credentials
  const access = { accessKeyId, accessKeySecret, endpoint: `127.0.0.1:${port}`, protocol: 'http' }
  const client3 = new FC3.default(new $OpenApiUtil.Config({ ...access, regionId: 'cn-hangzhou' }))
  const client2 = new FC2.default(new Config2({ ...access, regionId: 'cn-hangzhou' }))
  const zips = { hello2: helloZip('hello-2.cjs'), hello3: helloZip('hello-3.cjs') }
  const atHostOf = (url: string): Endpoint => ({ port, path: '/', headers: { Host: new URL(url).host } })

  return {
    dataDir,
    port,
    readyMs,
    credentials,
    pids: server.pids,
    stop: server.stop,
    async deployHello3(functionName) {
      const code = new fc3.InputCodeLocation({ zipFile: await zips.hello3 })
      const body = new fc3.CreateFunctionInput({ functionName, ...SHAPE, code })
      await client3.createFunction(new fc3.CreateFunctionRequest({ body }))
      const trigger = new fc3.CreateTriggerInput({ ...TRIGGER, triggerConfig: TRIGGER_CONFIG })
      const created = await client3.createTrigger(functionName, new fc3.CreateTriggerRequest({ body: trigger }))
      return atHostOf(created.body!.httpTrigger!.urlInternet!)
    },
    async deployHello2(functionName) {
      const service = functionName
      await client2.createService(new fc2.CreateServiceRequest({ serviceName: service }))
      const code = new fc2.Code({ zipFile: await zips.hello2 })
      await client2.createFunction(service, new fc2.CreateFunctionRequest({ functionName, ...SHAPE, code }))
      const trigger = new fc2.CreateTriggerRequest({ ...TRIGGER, triggerConfig: TRIGGER_CONFIG })
      const created = await client2.createTrigger(service, functionName, trigger)
      return atHostOf(created.body.urlInternet!)
    },
    async endpointOf(functionName) {
      const trigger = await client3.getTrigger(functionName, TRIGGER.triggerName)
      return atHostOf(trigger.body!.httpTrigger!.urlInternet!)
    },
  }
}
