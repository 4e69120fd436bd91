/** The vendor's own client for objects, unmodified, pointed at a running platform. */
import { lookup } from 'node:dns'
import { Agent } from 'node:http'
import { createRequire } from 'node:module'
import { REGION } from './sdk.ts'
import type { TestPlatform } from './platform.ts'

/** `ali-oss` comes without types; this is what the tests call of it. */
export interface OssClient {
  /** Any method by its name in the SDK. */
  call<Result = Record<string, unknown>>(
    method: string,
    ...parameters: unknown[]
  ): Promise<Result & { res: OssResponse }>
  /** A URL that others may use. */
  sign(method: 'GET' | 'PUT', key: string, options?: Record<string, unknown>): Promise<string>
}

export interface OssResponse {
  status: number
  headers: Record<string, string>
}

export interface OssFailure extends Error {
  code: string
  status: number
  requestId: string
}

type Methods = Record<string, ((...parameters: unknown[]) => Promise<never>) | undefined>
interface OssClass {
  new (options: object): Methods & {
    signatureUrl(key: string, options: object): string
    signatureUrlV4(method: string, seconds: number, request: object, key: string): Promise<string>
  }
  STS: new (options: object) => StsClient
}

export interface StsClient {
  assumeRole(
    role: string,
    policy?: object | string | null,
    seconds?: number,
    session?: string,
  ): Promise<{ credentials: StsCredentials }>
}

export interface StsCredentials {
  AccessKeyId: string
  AccessKeySecret: string
  SecurityToken: string
  Expiration: string
}

export interface OssOptions {
  bucket?: string
  v4?: boolean
  /** Where the bucket's name stands. */
  addressing?: 'path' | 'virtualHost' | 'cname' | 'fakeHost'
  accessKeyId?: string
  accessKeySecret?: string
  stsToken?: string
}

/** Every name below localhost is this machine, which not every resolver knows. */
const agent = new Agent({
  keepAlive: true,
  lookup: (host, options, callback) => lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, options, callback),
})

export function ossClient(platform: TestPlatform, options: OssOptions = {}): OssClient {
  const { addressing = 'path', v4 = false, ...rest } = options
  const { accessKeyId, accessKeySecret } = platform.credentials
  const OSS = createRequire(import.meta.url)('ali-oss') as OssClass
  const client = new OSS({
    accessKeyId,
    accessKeySecret,
    region: `oss-${REGION}`,
    endpoint: `http://${addressing === 'fakeHost' ? '127.0.0.1' : 'localhost'}:${platform.objectsPort}`,
    sldEnable: addressing === 'path',
    cname: addressing === 'cname',
    authorizationV4: v4,
    agent,
    ...rest,
  })
  return {
    async call(method, ...parameters) {
      const operation = client[method]
      if (operation === undefined) throw new Error(`the SDK has no ${method}`)
      return operation.apply(client, parameters)
    },
    async sign(method, key, signing = {}) {
      const { expires = 60, ...others } = signing as { expires?: number }
      if (v4) return client.signatureUrlV4(method, expires, { queries: others }, key)
      return client.signatureUrl(key, { method, expires, ...others })
    },
  }
}

/** The client of the Security Token Service that comes with it. */
export function stsClient(platform: TestPlatform, options: object = {}): StsClient {
  const { accessKeyId, accessKeySecret } = platform.credentials
  const { STS } = createRequire(import.meta.url)('ali-oss') as OssClass
  return new STS({ accessKeyId, accessKeySecret, endpoint: `http://localhost:${platform.objectsPort}`, ...options })
}

/** How the call failed, as the SDK tells. */
export async function failureOf(call: Promise<unknown>): Promise<OssFailure> {
  return call.then(
    (answer) => {
      throw new Error(`succeeded: ${JSON.stringify(answer)}`)
    },
    (error: OssFailure) => error,
  )
}
