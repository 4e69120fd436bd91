/** `operation = f(method, level, query flags)`. Pure. */
import { OssError } from '../port.ts'
import type { Level, Operation } from './exchange.ts'
import type { Query } from './target.ts'

/** Query parameters that choose an operation, of this or of the cloud's: whoever sends one does not mean the plain one. */
const CHOOSING = new Set(
  `accessMonitor acl append archiveDirectRead asyncFetch bucketInfo callback cname comp cors delete encryption group
  httpsConfig img inventory lifecycle link live location logging metaQuery objectInfo objectMeta partNumber policy
  policyStatus publicAccessBlock qos qosInfo referer regionList regions replication replicationLocation
  replicationProgress requestPayment resourceGroup restore rtc seal stat status style symlink tagging
  transferAcceleration uploadId uploads versioning versions vod website worm wormExtend wormId x-oss-async-process
  x-oss-process`.split(/\s+/),
)

export interface Router {
  /** Throws NotImplemented for what the cloud has and this does not, MethodNotAllowed for the rest. */
  find(level: Level, method: string, query: Query, headers: Readonly<Record<string, unknown>>): Operation
}

export function createRouter(operations: readonly Operation[]): Router {
  const groups = Map.groupBy(operations, ({ level, method }) => `${level} ${method}`)
  // What asks for more is more particular.
  const weight = ({ flags = [], header }: Operation) => flags.length * 2 + (header === undefined ? 0 : 1)
  for (const group of groups.values()) group.sort((a, b) => weight(b) - weight(a))
  return {
    find(level, method, query, headers) {
      const operation = groups
        .get(`${level} ${method}`)
        ?.find(
          ({ flags = [], header }) =>
            flags.every((flag) => query.has(flag)) && (header === undefined || headers[header] !== undefined),
        )
      const ignored = [...query.keys()].find((name) => CHOOSING.has(name) && !operation?.flags?.includes(name))
      // A preflight asks for the address of another request.
      if (ignored !== undefined && ignored !== 'callback' && method !== 'OPTIONS') {
        throw new OssError('NotImplemented', `${method} with '${ignored}' is not offered on the level of ${level}.`)
      }
      if (operation !== undefined) return operation
      throw new OssError('MethodNotAllowed', `The method ${method} is not allowed on the level of ${level}.`, {
        Method: method,
        ResourceType: level,
      })
    },
  }
}
