/** The objects' wire, whole. */
import { bucketOperations } from './operations/buckets.ts'
import { listOperations } from './operations/lists.ts'
import { multiDeleteOperations } from './operations/multi-delete.ts'
import { multipartOperations } from './operations/multipart.ts'
import { objectSettingOperations } from './operations/object-settings.ts'
import { readOperations } from './operations/read.ts'
import { serviceOperations } from './operations/service.ts'
import { writeOperations } from './operations/write.ts'
import { createWire, type WireDependencies, type WireHandler, type WireOptions } from './server.ts'
import type { Feature, Operation } from './exchange.ts'

export const operations: readonly Operation[] = [
  ...serviceOperations,
  ...bucketOperations,
  ...listOperations,
  ...multiDeleteOperations,
  ...readOperations,
  ...writeOperations,
  ...objectSettingOperations,
  ...multipartOperations,
]

/** What a bucket can be told to do beside serving objects: one entry for each file of `features/`. */
export const features: readonly Feature[] = []

/** Answers requests of the objects' listener. */
export function openObjectsWire(options: WireOptions, deps: WireDependencies): WireHandler {
  return createWire(options, operations, features, deps)
}
