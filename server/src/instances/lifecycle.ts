/** Lifecycle hooks in an instance: what a run of one prints, how long it may take, and the record of it. */
import { requestIdV3, uuidV7, type Clock } from '../clock.ts'
import {
  createLineSplitter,
  type InvocationRecord,
  type LifecycleHook,
  type LineSplitter,
  type LogLine,
} from '../logs/port.ts'
import type { InvocationMeter } from '../meter/port.ts'
import type { FunctionVersion, Hook } from '../model.ts'
import { failureOf, parseObject } from './failure.ts'
import type { HookCall } from './link.ts'
import type { FunctionFailure } from './port.ts'

export interface LifecycleDeps {
  clock: Clock
  appendLine(line: LogLine): void
  meter: Pick<InvocationMeter, 'recordHook'>
  onRecord(record: InvocationRecord): void
}

/** The instance that a hook runs in. */
export interface HookPlace {
  readonly id: string
  readonly version: FunctionVersion
  peakMemoryMB(): number
}

/** Prints and is accounted for like an invocation. */
export class HookRun {
  /** Resolves when it has ended, failed, or its time is over; what it does later is nobody's. */
  readonly over: Promise<void>
  readonly name: LifecycleHook
  readonly #requestId: string
  readonly #place: HookPlace
  readonly #deps: LifecycleDeps
  readonly #startedMs: number
  readonly #startedMonotonicMs: number
  readonly #lines: Record<'stdout' | 'stderr', LineSplitter>
  readonly #ended = Promise.withResolvers<void>()
  #isOver = false

  constructor(name: LifecycleHook, requestId: string, place: HookPlace, deps: LifecycleDeps) {
    this.over = this.#ended.promise
    this.name = name
    this.#requestId = requestId
    this.#place = place
    this.#deps = deps
    this.#startedMs = deps.clock.nowMs()
    this.#startedMonotonicMs = deps.clock.monotonicMs()
    const lines = (stream: 'stdout' | 'stderr') => createLineSplitter((text) => this.#appendLine(stream, text))
    this.#lines = { stdout: lines('stdout'), stderr: lines('stderr') }
  }

  print(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#lines[stream].push(chunk)
  }

  /** No effect when it is over. `waitedMs`: how long it waited before its code began to run. */
  end(failure: FunctionFailure | null, waitedMs = 0): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#lines.stdout.end()
    this.#lines.stderr.end()
    const { clock } = this.#deps
    const durationMs = Math.max(0, clock.monotonicMs() - this.#startedMonotonicMs - waitedMs)
    // After a wait only the end is known well, and its marker must come neither before its lines nor in the next ms.
    const startedMs = waitedMs > 0 ? Math.floor(clock.nowMs() - durationMs) : this.#startedMs
    const record = this.#record(failure, startedMs, durationMs)
    this.#deps.meter.recordHook(record, this.#place.version)
    this.#deps.onRecord(record)
    this.#ended.resolve()
  }

  /** The instance has ended under it. */
  lose(cause: string): void {
    const errorMessage = `Process exited unexpectedly before completing ${this.name} (${cause})`
    this.end(unhandled('FunctionUnhandledError', errorMessage))
  }

  #record(failure: FunctionFailure | null, startedMs: number, durationMs: number): InvocationRecord {
    const { version, id } = this.#place
    return {
      requestId: this.#requestId,
      functionKey: version.key,
      versionId: version.versionId,
      qualifier: '',
      instanceId: id,
      kind: this.name,
      invocationType: 'Sync',
      startedMs,
      queuedMs: 0,
      durationMs,
      billedMs: Math.ceil(durationMs),
      memoryMB: version.function.config.memoryMB,
      maxMemoryMB: this.#place.peakMemoryMB(),
      coldStart: null,
      statusCode: 200,
      errorType: failure?.errorType ?? '',
      errorMessage: failure?.errorMessage ?? '',
      fault: failure === null ? null : 'function',
      handled: failure?.handled ?? false,
      requestBytes: 0,
      responseBytes: 0,
      method: '',
      path: '',
      clientIp: '',
      traceparent: null,
    }
  }

  #appendLine(stream: 'stdout' | 'stderr', text: string): void {
    const { version, id } = this.#place
    this.#deps.appendLine({
      functionKey: version.key,
      versionId: version.versionId,
      requestId: this.#requestId,
      instanceId: id,
      timeMs: this.#deps.clock.nowMs(),
      stream,
      text,
      hook: this.name,
    })
  }
}

/** Runs preFreeze or preStop; `send` passes it to the runtime, and to the callback what the runtime answers. */
export function runHook(
  name: HookCall['name'],
  { timeoutSeconds }: Hook,
  place: HookPlace,
  deps: LifecycleDeps,
  send: (call: HookCall, onDone: (payload: string) => void) => void,
): HookRun {
  const nowMs = deps.clock.nowMs()
  const requestId = (place.version.service === null ? requestIdV3 : uuidV7)(nowMs)
  const run = new HookRun(name, requestId, place, deps)
  const timer = deps.clock.setTimer(timeoutSeconds * 1000, () =>
    run.end(unhandled('FunctionTimeoutError', `${name} timed out after ${timeoutSeconds} seconds`)),
  )
  void run.over.then(() => timer.cancel())
  send({ name, requestId, deadlineMs: nowMs + timeoutSeconds * 1000 }, (payload) => run.end(outcomeOf(payload)))
  return run
}

/** What HOOK_DONE says. */
function outcomeOf(payload: string): FunctionFailure | null {
  const answer = parseObject(payload)
  if (answer === null) {
    return unhandled('RuntimeError', 'the runtime answered HOOK with something that is no JSON object')
  }
  return answer['error'] ? failureOf(answer['error']) : null
}

const unhandled = (errorType: string, errorMessage: string): FunctionFailure => ({
  errorType,
  errorMessage,
  handled: false,
})
