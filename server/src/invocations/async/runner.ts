/** Works on accepted invocations: an attempt, what becomes of it, and the state of the task if it is one. */
import { backoffMs } from '../../backoff.ts'
import type { Clock, Random } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { LogLine } from '../../logs/port.ts'
import type { AsyncEvent } from '../../metrics/port.ts'
import { LATEST, type FunctionKey, type FunctionVersion } from '../../model.ts'
import type { Delivery, MessageQueue } from '../../queue/port.ts'
import { errorKind } from '../failure-body.ts'
import type { Invocations, Task, TaskStatus } from '../port.ts'
import { Attempt, type AttemptResult } from './attempt.ts'
import type { FeedAsyncConfigs } from './configs.ts'
import { responseText } from './destination-event.ts'
import type { Account } from './destination.ts'
import { enqueueResult } from './results.ts'
import { WHOLE_HOST, type Consumer, type Hold } from './dispatcher.ts'
import { isInvocationGroup, targetOfGroup } from './group.ts'
import { caution, cutShort, isPoison, readInvocation } from './message.ts'
import { policyOf } from './policy.ts'
import { Runs, type Run } from './runs.ts'
import { decide, type AttemptEnd, type Verdict } from './retry.ts'
import { advance, readTask, writeTask } from './task.ts'

export interface AsyncDeps extends Account {
  clock: Clock
  random: Random
  queue: MessageQueue
  invocations: Invocations
  configs: FeedAsyncConfigs
  /** Throws FcError: ServiceNotFound, FunctionNotFound, AliasNotFound, VersionNotFound. */
  resolve(functionKey: FunctionKey, qualifier: string): FunctionVersion
  /** What all instances together may be. */
  instancesMax: number
  memoryMBMax: number
  appendLine(line: LogLine): void
  onEvent(functionKey: FunctionKey, event: AsyncEvent, latencyMs?: number): void
}

const REST_FIRST_MS = 250
const REST_MAX_MS = 30_000

const STOPPED = new FcError('AsyncInvocationStopped', 'the invocation was stopped')
const CLOSING = new FcError('ServiceUnavailable', 'the platform is shutting down')

export class Runner implements Consumer {
  readonly owns = isInvocationGroup
  readonly usesHost = true
  readonly #deps: AsyncDeps
  readonly #runs = new Runs()
  /** The one that runs alone among its kind (message.ts). */
  #suspect: Run | null = null
  #suspectSinceMs = 0
  #isClosing = false

  constructor(deps: AsyncDeps) {
    this.#deps = deps
  }

  /** By instances or by memory, whichever it takes more of. */
  shareOf(group: string): number {
    const { functionKey, qualifier } = targetOfGroup(group)
    try {
      const { memoryMB, instanceConcurrency } = this.#deps.resolve(functionKey, qualifier).function.config
      const share = Math.max(1 / this.#deps.instancesMax, memoryMB / this.#deps.memoryMBMax) / instanceConcurrency
      return Math.max(1, Math.round(share * WHOLE_HOST))
    } catch {
      // It will not run at all.
      return 0
    }
  }

  runningDepth(functionKey: FunctionKey): number {
    return this.#runs.depthOf(functionKey)
  }

  /** Ends what runs of this message; false: nothing does. One that is on its way is stopped when it arrives. */
  stop(messageId: string): boolean {
    const run = this.#runs.stop(messageId)
    if (run === undefined) return false
    this.#tell(run, 'Stopping')
    run.attempt?.abort(STOPPED)
    return true
  }

  /** It was not on its way. */
  unstop(messageId: string): void {
    this.#runs.forget(messageId)
  }

  /** From here on what fails is given back as it was: the platform's end is no fault of the function. */
  prepareClose(): void {
    this.#isClosing = true
  }

  /** Gives back what still runs. */
  abortAll(): void {
    for (const { attempt } of this.#runs.all()) attempt?.abort(CLOSING)
  }

  async work(delivery: Delivery, hold: Hold): Promise<void> {
    const target = targetOfGroup(delivery.group)
    const attributes = readInvocation(delivery)
    const policy = policyOf(this.#deps.configs.of(target), attributes.overrides)
    const run: Run = {
      delivery,
      hold,
      target,
      attributes,
      policy,
      task: null,
      versionId: LATEST,
      attempt: null,
      isStopped: false,
    }
    this.#runs.add(run)
    try {
      if (attributes.taskId !== null) await this.#readTask(run, attributes.taskId)
      await this.#run(run)
    } finally {
      this.#runs.remove(run)
    }
  }

  async #readTask(run: Run, taskId: string): Promise<void> {
    await run.hold.settle(async () => {
      const state = await this.#deps.queue.readState(run.delivery.group, taskId)
      run.task = state === undefined ? null : readTask(state)
    })
    if (run.task?.status === 'Stopping') run.isStopped = true
    else this.#tell(run, 'Dequeued')
  }

  async #run(run: Run): Promise<void> {
    const { delivery, attributes, hold } = run
    this.#deps.onEvent(run.target.functionKey, 'dequeued')
    if (run.isStopped) return this.#end(run, 'Stopped', null, '')
    if (delivery.isExpired) return this.#end(run, 'Expired', null, 'it waited for longer than its maximum age')
    if (isPoison(delivery, attributes)) {
      const message = 'the platform ended each time while it ran'
      return this.#end(run, 'Failed', { kind: 'refused', error: new FcError('InternalServerError', message) }, message)
    }
    const care = caution(delivery, attributes)
    if (care === 'rest') return this.#rest(run, cutShort(delivery, attributes))
    if (care === 'alone') {
      const nowMs = this.#deps.clock.monotonicMs()
      // Once more for as long as that one has run: however long it takes, the queue is asked now and then only.
      if (this.#suspect !== null) return this.#rest(run, attributes.restedAfter, nowMs - this.#suspectSinceMs)
      this.#suspect = run
      this.#suspectSinceMs = nowMs
    }
    const result = await this.#attempt(run).finally(() => {
      if (this.#suspect === run) this.#suspect = null
    })
    const { end } = result
    if (run.isStopped && end.kind !== 'answered') return this.#end(run, 'Stopped', null, '', result)
    if (this.#isClosing && end.kind !== 'answered') return this.#giveBack(run)
    if (end.kind === 'refused') hold.refused()
    const verdict = decide(end, attributes, run.policy.retriesMax)
    if (verdict.kind === 'ended') await this.#end(run, verdict.status, end, describe(end), result)
    else await this.#retry(run, verdict, end, result)
  }

  async #attempt(run: Run): Promise<AttemptResult> {
    const { delivery, target, attributes, hold } = run
    const refused = (error: FcError) => ({ end: { kind: 'refused', error } as const, durationMs: 0, instanceId: '' })
    let version: FunctionVersion
    try {
      version = this.#deps.resolve(target.functionKey, target.qualifier)
    } catch (error) {
      if (error instanceof FcError) return refused(error)
      throw error
    }
    run.versionId = version.versionId
    const { restriction } = version.function
    if (restriction !== null) {
      return refused(new FcError('FunctionInvocationDisabled', `invocation is disabled: ${restriction.reason}`))
    }
    const request = {
      requestId: attributes.requestId,
      version,
      qualifier: target.qualifier,
      invocationType: 'Async' as const,
      clientIp: attributes.clientIp,
      http: null,
      tracing: attributes.tracing,
      wantsLogTail: false,
    }
    const payload = Buffer.from(delivery.body.buffer, delivery.body.byteOffset, delivery.body.byteLength)
    run.attempt = new Attempt(this.#deps.invocations, request, payload, (instanceId) => {
      hold.started()
      const { failures, refusals, acceptedMs } = attributes
      // From when it could run: a delay that was asked for, and earlier attempts, are not the platform's latency.
      const isFirst = failures === 0 && refusals === 0
      if (isFirst) {
        const latencyMs = this.#deps.clock.nowMs() - Math.max(acceptedMs, delivery.dueMs)
        this.#deps.onEvent(target.functionKey, 'started', latencyMs)
      }
      this.#tell(run, 'Running', { instanceId })
    })
    run.attempt.begin()
    return run.attempt.result
  }

  async #retry(run: Run, verdict: Extract<Verdict, { kind: 'retry' }>, end: AttemptEnd, result: AttemptResult) {
    const { delivery, attributes, policy, hold, target } = run
    const { delayMs, failures, refusals } = verdict
    const nowMs = this.#deps.clock.nowMs()
    const dueMs = nowMs + delayMs
    const reason = describe(end)
    const seconds = delayMs / 1000
    if (failures > attributes.failures) {
      this.#log(run, `Async attempt ${failures} of ${policy.retriesMax + 1} failed: ${reason}; next in ${seconds} s`)
    } else if (refusals === 1) {
      this.#log(run, `Async attempt was not possible: ${reason}; it goes on until the event is too old`)
    }
    this.#deps.onEvent(target.functionKey, 'retried')
    const { durationMs, instanceId } = result
    const changes = { retries: failures, durationMs: Math.ceil(durationMs), instanceId, errorMessage: reason }
    const state = this.#advance(run, 'Retrying', reason, changes, delivery.expiresMs)
    const after = JSON.stringify({ ...attributes, failures, refusals, settled: attributes.settled + 1 })
    await hold.settle(() => this.#deps.queue.retry(delivery.id, dueMs, after, state))
  }

  /** Puts it off, each by a time of its own, so that those that were cut short together do not come back together. */
  async #rest({ delivery, attributes, hold }: Run, restedAfter: number, leastMs = 0): Promise<void> {
    const { clock, random, queue } = this.#deps
    const ownMs = random.fraction() * backoffMs(restedAfter, REST_FIRST_MS, REST_MAX_MS)
    const delayMs = Math.min(REST_MAX_MS, leastMs + ownMs)
    const after = JSON.stringify({ ...attributes, restedAfter, settled: attributes.settled + 1 })
    await hold.settle(() => queue.retry(delivery.id, clock.nowMs() + Math.ceil(delayMs), after))
  }

  async #giveBack({ delivery, attributes, hold }: Run): Promise<void> {
    const after = JSON.stringify({ ...attributes, settled: attributes.settled + 1 })
    await hold.settle(() => this.#deps.queue.retry(delivery.id, this.#deps.clock.nowMs(), after))
  }

  /** `reason`: for people; empty on success. What is to be told of it is in the queue before the message leaves it. */
  async #end(run: Run, status: TaskStatus, end: AttemptEnd | null, reason: string, result?: AttemptResult) {
    const { delivery, attributes, hold, target, policy } = run
    const { queue } = this.#deps
    if (status === 'Expired') this.#deps.onEvent(target.functionKey, 'expired')
    if (status === 'Failed' || status === 'Invalid') this.#deps.onEvent(target.functionKey, 'dropped')
    if (reason !== '') this.#log(run, `Async invocation ended as ${status}: ${reason}`)
    const destination = status === 'Succeeded' ? policy.onSuccess : status === 'Stopped' ? null : policy.onFailure
    if (destination !== null) {
      const attempts = attributes.failures + (end === null || end.kind === 'refused' ? 0 : 1)
      const { requestId } = attributes
      const ended = { target, requestId, status, attempts, payload: delivery.body, end }
      await hold.settle(() => enqueueResult(this.#deps, destination, ended, attributes, run.versionId))
    }
    const state = this.#advance(run, status, reason, {
      errorMessage: reason,
      returnPayload: responseText(end),
      ...(result && { durationMs: Math.ceil(result.durationMs), instanceId: result.instanceId }),
    })
    await hold.settle(() => queue.complete(delivery.id, state))
  }

  /** The next status, to be written with a change of the message. */
  #advance(run: Run, status: TaskStatus, detail: string, changes: Partial<Task>, waitsUntilMs?: number) {
    if (run.task === null) return undefined
    const nowMs = this.#deps.clock.nowMs()
    run.task = advance(run.task, status, nowMs, detail, changes)
    return writeTask(run.task, nowMs, waitsUntilMs)
  }

  /** A status that nothing depends on: nobody waits for it, and a broken queue may lose it. */
  #tell(run: Run, status: TaskStatus, changes: Partial<Task> = {}): void {
    const state = this.#advance(run, status, '', changes, run.delivery.expiresMs)
    if (state !== undefined) this.#deps.queue.writeStates([state]).catch(() => {})
  }

  #log({ target, attributes, versionId }: Run, text: string): void {
    this.#deps.appendLine({
      functionKey: target.functionKey,
      versionId,
      requestId: attributes.requestId,
      instanceId: '',
      timeMs: this.#deps.clock.nowMs(),
      stream: 'system',
      text,
      hook: null,
    })
  }
}

function describe(end: AttemptEnd): string {
  if (end.kind === 'answered') return ''
  if (end.kind === 'refused') return `${end.error.code}: ${end.error.message}`
  return `${errorKind(end.failure.handled)}: ${end.failure.errorMessage}`
}
