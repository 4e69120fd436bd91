/** The objects' wire, whole. */
import { createWire, type WireDependencies, type WireHandler, type WireOptions } from './server.ts'
import { serviceOperations } from './operations/service.ts'
import type { Feature, Operation } from './exchange.ts'

const operations: readonly Operation[] = [...serviceOperations]

/** What a bucket can be told to do beside serving objects: one entry for each file of `features/`. */
const features: readonly Feature[] = []

/** Answers requests of the objects' listener. */
export function openObjectsWire(options: WireOptions, deps: WireDependencies): WireHandler {
  return createWire(options, operations, features, deps)
}
