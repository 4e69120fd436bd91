/** The objects' wire, whole. */
import { bucketOperations } from './operations/buckets.ts'
import { listOperations } from './operations/lists.ts'
import { multiDeleteOperations } from './operations/multi-delete.ts'
import { multipartOperations } from './operations/multipart.ts'
import { objectSettingOperations } from './operations/object-settings.ts'
import { readOperations } from './operations/read.ts'
import { serviceOperations } from './operations/service.ts'
import { writeOperations } from './operations/write.ts'
import { newRequestId, createWire, type WireDependencies, type WireHandler, type WireOptions } from './server.ts'
import { errorDocument } from './answers.ts'
import { answerSocket } from '../../raw-answer.ts'
import { OssError } from '../port.ts'
import type { Socket } from 'node:net'
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

/** How long clients may take: an object may be large and the line slow, but not silent. */
export const OBJECTS_PATIENCE = { headersMs: 15_000, requestMs: 2 * 60 * 60 * 1000, checkMs: 2_000, idleMs: 60_000 }

/** What the objects' listener does with requests, and with what is none. */
export interface ObjectsHandlers {
  request: WireHandler
  awaitingContinue: WireHandler
  refuse(socket: Socket, status: number, message: string): void
}

/** `features`: what a bucket can be told to do beside serving objects, see `features/open.ts`. */
export function openObjectsWire(
  options: WireOptions,
  deps: WireDependencies,
  features: readonly Feature[],
): ObjectsHandlers {
  const request = createWire(options, operations, features, deps)
  return {
    request,
    // The body is asked for when it is wanted.
    awaitingContinue: request,
    refuse(socket, status, message) {
      const code = status === 408 ? 'RequestTimeout' : 'BadRequest'
      const requestId = newRequestId(deps.random)
      const body = errorDocument(new OssError(code, message), requestId, '')
      answerSocket(socket, 400, { 'Content-Type': 'application/xml', 'x-oss-request-id': requestId }, body, deps.clock)
    },
  }
}
