/** Brings results to their destinations, and tells what came of it. */
import { backoffMs } from '../../backoff.ts'
import type { ObjectAttributes, ObjectStore } from '../../objects/port.ts'
import type { Delivery } from '../../queue/port.ts'
import { CHAIN_LENGTH_MAX, type AsyncInvocations } from '../port.ts'
import { parseDestination, type Destination } from './destination.ts'
import type { Consumer, Hold } from './dispatcher.ts'
import { groupOf, isDestinationGroup } from './group.ts'
import { isPoison } from './message.ts'
import { readResult, type ResultAttributes } from './results.ts'
import type { AsyncDeps } from './runner.ts'
import { readTask, writeTask } from './task.ts'

const ATTEMPTS_MAX = 6
const RETRY_FIRST_MS = 1_000
const RETRY_MAX_MS = 60_000

export interface DelivererDeps extends Pick<
  AsyncDeps,
  'clock' | 'queue' | 'accountId' | 'region' | 'appendLine' | 'onEvent'
> {
  invoke: AsyncInvocations['accept']
  /** Rejects with the reason that it was not taken. */
  post(url: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void>
  objects: Pick<ObjectStore, 'put'>
}

export class Deliverer implements Consumer {
  readonly owns = isDestinationGroup
  /** It waits for others. */
  readonly usesHost = false
  readonly #deps: DelivererDeps

  constructor(deps: DelivererDeps) {
    this.#deps = deps
  }

  shareOf(): number {
    return 0
  }

  async work(delivery: Delivery, hold: Hold): Promise<void> {
    const result = readResult(delivery)
    const { clock, queue } = this.#deps
    const isLast = delivery.isExpired || isPoison(delivery, result) || result.failures + 1 >= ATTEMPTS_MAX
    try {
      await this.#deliver(result, delivery.body)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (isLast || error instanceof Undeliverable) return this.#end(delivery, hold, result, reason)
      const failures = result.failures + 1
      const dueMs = clock.nowMs() + backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS)
      const after = JSON.stringify({ ...result, failures, settled: result.settled + 1 })
      await hold.settle(() => queue.retry(delivery.id, dueMs, after))
      return
    }
    await this.#end(delivery, hold, result, '')
  }

  async #deliver(result: ResultAttributes, body: Uint8Array): Promise<void> {
    const destination = parseDestination(result.destination, this.#deps)
    if (typeof destination === 'string') throw new Undeliverable(destination)
    const { requestId } = result
    switch (destination.kind) {
      case 'function':
        await this.#invoke(destination, result, body)
        return
      case 'http':
        await this.#deps.post(destination.url, body, { 'X-Fc-Request-Id': requestId })
        return
      case 'bucket':
        await this.#put(destination, result, body)
    }
  }

  async #put(
    { bucket, prefix }: Extract<Destination, { kind: 'bucket' }>,
    { requestId, target, depth }: ResultAttributes,
    body: Uint8Array,
  ): Promise<void> {
    const { objects, clock, accountId } = this.#deps
    const key = objectKey(prefix, target.functionKey, requestId, clock.nowMs())
    await objects.put(bucket, key, bytes(body), {
      attributes: RESULT_ATTRIBUTES,
      contentLength: body.length,
      eventName: 'ObjectCreated:PutObject',
      cause: { requestId, sourceIp: '', principalId: accountId, functionKey: target.functionKey, depth },
    })
  }

  async #invoke(
    { functionKey, qualifier }: Extract<Destination, { kind: 'function' }>,
    { depth, nextRequestId, tracing }: ResultAttributes,
    payload: Uint8Array,
  ): Promise<void> {
    if (depth >= CHAIN_LENGTH_MAX)
      throw new Undeliverable(`${CHAIN_LENGTH_MAX} functions in a row led here: it is taken for a loop`)
    await this.#deps.invoke({
      requestId: nextRequestId,
      functionKey,
      qualifier,
      payload,
      delaySeconds: 0,
      taskId: null,
      clientIp: '',
      tracing,
      depth: depth + 1,
      overrides: null,
    })
  }

  /** `problem`: why it was given up; empty: it was taken. */
  async #end(delivery: Delivery, hold: Hold, result: ResultAttributes, problem: string): Promise<void> {
    const { clock, queue, appendLine, onEvent } = this.#deps
    const { target, requestId, versionId, destination } = result
    const isDelivered = problem === ''
    onEvent(target.functionKey, isDelivered ? 'destinationSucceeded' : 'destinationFailed')
    if (!isDelivered) {
      appendLine({
        functionKey: target.functionKey,
        versionId,
        requestId,
        instanceId: '',
        timeMs: clock.nowMs(),
        stream: 'system',
        text: `Async result was not delivered to ${destination}: ${problem}`,
        hook: null,
      })
    }
    await hold.settle(async () => {
      const state = await this.#taskAfter(result, isDelivered)
      await queue.complete(delivery.id, state)
    })
  }

  async #taskAfter({ target, taskId }: ResultAttributes, isDelivered: boolean) {
    if (taskId === null) return undefined
    const state = await this.#deps.queue.readState(groupOf(target), taskId)
    if (state === undefined) return undefined
    const task = { ...readTask(state), destinationStatus: isDelivered ? ('Succeeded' as const) : ('Failed' as const) }
    return writeTask(task, this.#deps.clock.nowMs())
  }
}

/** No later attempt could go otherwise. */
class Undeliverable extends Error {}

const RESULT_ATTRIBUTES: ObjectAttributes = {
  contentType: 'application/json',
  headers: {},
  meta: {},
  acl: 'default',
  tags: {},
  storageClass: 'Standard',
}

async function* bytes(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

/** By function and day, so that a bucket can be looked through. */
function objectKey(prefix: string, functionKey: string, requestId: string, nowMs: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/')
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  return `${folder}${functionKey.replace('$', '/')}/${day}/${requestId}.json`
}
