/** Asynchronous invocations over a queue in memory, in simulated time, with functions that a test writes. */
import { setImmediate as turn } from 'node:timers/promises'
import { FcError } from '../../errors.ts'
import { functionNamed } from '../../gateway/test-support.ts'
import type { LogLine } from '../../logs/port.ts'
import type { Change } from '../../metadata/port.ts'
import { keyOf, type AsyncConfigDocument, type FunctionVersion } from '../../model.ts'
import { createMemoryQueue } from '../../queue/memory-for-tests.ts'
import { seededRandom, SimulatedClock } from '../../simulated-clock.ts'
import type { AsyncRequest, InvocationFailure, InvocationRequest, Invocations } from '../port.ts'
import { LEASE_MS } from './dispatcher.ts'
import { openAsyncInvocations, type AsyncPlatform } from './open.ts'
import { shakyQueue, type ShakyQueue } from './shaky-queue-for-tests.ts'

/** What becomes of one attempt: an answer, a failure, or nothing until `finish` or `abort`. */
export type Outcome = string | InvocationFailure | null

export interface Running {
  request: InvocationRequest
  payload: string
  /** Ends it. */
  finish(outcome: Exclude<Outcome, null>): void
}

export interface TestPlatform {
  clock: SimulatedClock
  queue: ShakyQueue
  platform: AsyncPlatform
  /** Attempts, in order: function and payload. */
  attempts: string[]
  running: Running[]
  lines: LogLine[]
  events: string[]
  posted: { url: string; body: string }[]
  objects: Map<string, string>
  /** Functions by key; more can be added, and removed. */
  functions: Map<string, FunctionVersion>
  configure(functionKey: string, changes: Partial<AsyncConfigDocument>): void
  /** Another platform over the same queue, as after a kill. */
  restart(): Promise<void>
  /** Lets everything happen that waits for no time. */
  settle(): Promise<void>
  /** Time goes on, in steps that let everything happen. */
  pass(ms: number, stepMs?: number): Promise<void>
}

export function versionOf(key: string, concurrency = 1): FunctionVersion {
  const [service, name] = key.includes('$') ? key.split('$') : [null, key]
  const document = functionNamed(service ?? null, name)
  return {
    id: `${key}@LATEST#1`,
    key,
    service: null,
    function: { ...document, config: { ...document.config, instanceConcurrency: concurrency } },
    versionId: 'LATEST',
  }
}

export function requestOf(changes: Partial<AsyncRequest> & { text?: string } = {}): AsyncRequest {
  const { text = 'event', ...given } = changes
  return {
    requestId: 'r-1',
    functionKey: 'f',
    qualifier: '',
    payload: Buffer.from(text),
    delaySeconds: 0,
    taskId: null,
    clientIp: '10.0.0.1',
    tracing: null,
    depth: 0,
    overrides: null,
    ...given,
  }
}

export const throws = (errorMessage: string, handled = true): InvocationFailure => ({
  kind: 'function',
  failure: { errorType: 'Error', errorMessage, handled },
  exit: null,
})

export const refuses = (code: 'ResourceExhausted' | 'InternalServerError'): InvocationFailure => ({
  kind: 'platform',
  error: new FcError(code, 'not now'),
})

/** `run` decides each attempt, by default an answer; `refuse`, whether there is no instance for it. */
export function startAsync(
  run: (running: Running) => Outcome = () => 'done',
  refuse: () => InvocationFailure | null = () => null,
): TestPlatform {
  const clock = new SimulatedClock()
  const kept = createMemoryQueue(clock)
  const feed: Change[] = []
  const functions = new Map([['f', versionOf('f')]])
  const invocations: Invocations = {
    create(request, _body, responder) {
      let isOver = false
      const running: Running = {
        request,
        payload: '',
        finish(outcome) {
          if (isOver) return
          isOver = true
          test.running.splice(test.running.indexOf(running), 1)
          if (typeof outcome === 'string') responder.onHead('{}', Buffer.from(outcome), true)
          else responder.onFailed(outcome)
        },
      }
      return {
        begin() {
          test.running.push(running)
          const refusal = refuse()
          if (refusal === null) responder.onStart()
          else running.finish(refusal)
        },
        send(chunk) {
          running.payload = chunk.toString()
          test.attempts.push(`${request.version.key} ${running.payload}`)
          const outcome = run(running)
          if (outcome !== null) queueMicrotask(() => running.finish(outcome))
          return true
        },
        consumed() {},
        cancel() {},
        abort: (error) => running.finish({ kind: 'platform', error }),
        account() {},
        outcome: () => ({ durationMs: 5, maxMemoryMB: 1, instanceId: 'c-1', logTail: '' }),
      }
    },
    abort() {},
  }
  const open = (queue: ShakyQueue) =>
    openAsyncInvocations({
      clock,
      random: seededRandom(1),
      queue,
      invocations,
      accountId: '1234567890123456',
      region: 'cn-hangzhou',
      instancesMax: 100,
      memoryMBMax: 100_000,
      resolve(functionKey) {
        const version = functions.get(functionKey)
        if (!version) throw new FcError('FunctionNotFound', `function '${functionKey}' does not exist.`)
        return version
      },
      appendLine: (line) => test.lines.push(line),
      onEvent: (functionKey, event) => test.events.push(`${functionKey} ${event}`),
      async post(url, body) {
        test.posted.push({ url, body: Buffer.from(body).toString() })
        if (url.includes('broken')) throw new Error('it answered with status 500')
      },
      objects: {
        async put(bucket, key, source) {
          const chunks = await Array.fromAsync(source)
          test.objects.set(`${bucket}/${key}`, Buffer.concat(chunks).toString())
          return { versionId: 'null', etag: '', crc64: '', size: 0 }
        },
      },
      onDefect(error) {
        throw error
      },
    })
  const queue = shakyQueue(kept)
  const test: TestPlatform = {
    clock,
    queue,
    platform: open(queue),
    attempts: [],
    running: [],
    lines: [],
    events: [],
    posted: [],
    objects: new Map(),
    functions,
    configure(functionKey, changes) {
      const value: AsyncConfigDocument = {
        functionKey,
        qualifier: 'LATEST',
        retriesMax: 3,
        maxAgeSeconds: 86_400,
        isTask: false,
        onSuccess: null,
        onFailure: null,
        createdTime: '',
        lastModifiedTime: '',
        ...changes,
      }
      const key = keyOf.asyncConfig(functionKey, value.qualifier)
      const change: Change = { kind: 'asyncConfig', key, revision: 1, value }
      feed.push(change)
      test.platform.apply([change])
    },
    async restart() {
      test.queue.isKilled = true
      test.queue = shakyQueue(kept)
      test.platform = open(test.queue)
      test.platform.apply(feed)
      test.platform.start()
      // The memory of the process holds the leases, and it lives on here.
      await test.pass(LEASE_MS, 1000)
    },
    async settle() {
      for (let turns = 0; turns < 20; turns++) await turn()
    },
    async pass(ms, stepMs = 100) {
      for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
        clock.advance(Math.min(stepMs, ms - passedMs))
        await test.settle()
      }
    },
  }
  test.platform.start()
  return test
}
