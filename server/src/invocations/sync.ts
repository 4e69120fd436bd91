/** One synchronous invocation from acquire to record: the middle of the hot path. */
import type { Clock, Timer } from '../clock.ts'
import { FcError, type Fault } from '../errors.ts'
import {
  parseFailure,
  type LinkStream,
  type FunctionFailure,
  type InstanceExit,
  type Instances,
  type Slot,
  type SlotHolder,
  type StreamHandler,
} from '../instances/port.ts'
import type { ColdStartPhases, InvocationRecord, LogLine } from '../logs/port.ts'
import { executionTraceparent, isSampled, type Tracer } from '../traces/port.ts'
import { NO_RUN, type InvocationMeter } from '../meter/port.ts'
import { BodySender } from './body-sender.ts'
import { LogCapture } from './log-capture.ts'
import { traceOf, withTraceparent } from './tracing.ts'
import type {
  Invocation,
  InvocationFailure,
  InvocationOutcome,
  InvocationRequest,
  Invocations,
  RecordSink,
  Responder,
} from './port.ts'

export interface InvocationsDeps {
  clock: Clock
  /** Instead of the timeout of each function. */
  timeoutMs?: number
  instances: Instances
  /** `traceparent`: of the execution that printed it, where its trace is exported. */
  appendLine(line: LogLine, traceparent: string | null): void
  meter: InvocationMeter
  onRecord: RecordSink
  /** Null: traces go nowhere, and what came of them is passed on as it is. */
  tracer: Tracer | null
}

export function createInvocations(deps: InvocationsDeps): Invocations {
  const running = new Set<SyncInvocation>()
  return {
    create: (request, body, responder) => new SyncInvocation(request, body, responder, deps, running),
    abort(functionKey, error) {
      for (const invocation of [...running]) if (invocation.functionKey === functionKey) invocation.abort(error)
    },
  }
}

const START_ERRORS = ['CAExited', 'CAFileNotFound', 'CAFilePermission', 'FunctionNotStarted'] as const
/** An event up to this size goes out in the INVOKE frame itself. */
const FIRST_BODY_BYTES_MAX = 65_536

class SyncInvocation implements Invocation, SlotHolder, StreamHandler {
  readonly requestId: string
  readonly #request: InvocationRequest
  readonly #responder: Responder
  readonly #deps: InvocationsDeps
  /** Those that have begun and not ended, for whoever has to end them. */
  readonly #running: Set<SyncInvocation>
  /** Both clocks at one moment, so that the record's times add up to those of its log lines. */
  readonly #acceptedMs: number
  readonly #acceptedMonotonicMs: number
  readonly #traceparent: string | null
  /** What the function is told instead of the caller's; null: that. */
  #ownTraceparent: string | null = null
  #body: Buffer | null
  #slot: Slot | null = null
  #stream: LinkStream | null = null
  #sender: BodySender | null = null
  #log: LogCapture | null = null
  #timer: Timer | null = null
  #startedMs = 0
  #startedMonotonicMs = 0
  #durationMs = 0
  /** As the meter knows it. */
  #run = NO_RUN
  #requestBytes = 0
  #maxMemoryMB = 0
  #instanceId = ''
  #coldStart: ColdStartPhases | null = null
  #failure: InvocationFailure | null = null
  /** The responder heard the end, or left. */
  #isAnswered = false
  /** The slot is given back. */
  #isReleased = false
  #isAccounted = false

  constructor(
    request: InvocationRequest,
    body: Buffer | null,
    responder: Responder,
    deps: InvocationsDeps,
    running: Set<SyncInvocation>,
  ) {
    this.requestId = request.requestId
    this.#running = running
    this.#request = request
    this.#body = body
    this.#responder = responder
    this.#deps = deps
    this.#acceptedMs = deps.clock.nowMs()
    this.#acceptedMonotonicMs = deps.clock.monotonicMs()
    const came = request.tracing?.traceparent
    this.#traceparent =
      deps.tracer === null ? (came ?? null) : deps.tracer.traceparentOf(this.requestId, this.#acceptedMs, came)
  }

  get functionKey(): string {
    return this.#request.version.key
  }

  // ---- asked by the caller ----

  begin(): void {
    this.#running.add(this)
    this.#deps.instances.acquire(this.#request.version, this.#request.qualifier, this)
  }

  send(chunk: Buffer, end: boolean): boolean {
    if (this.#isAnswered || this.#stream === null) return true
    this.#requestBytes += chunk.length
    this.#sender ??= new BodySender(this.#stream, () => this.#responder.onDrain())
    return this.#sender.push(chunk, end)
  }

  consumed(bytes: number): void {
    if (!this.#isReleased) this.#stream?.grant(bytes)
  }

  cancel(): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#failure = {
      kind: 'platform',
      error: new FcError('ClientClosedRequest', 'the client closed the request before it was answered'),
    }
    if (this.#slot === null) {
      this.#letGo()
      this.#deps.instances.withdraw(this.#request.version, this)
    } else {
      this.#stopClock()
      // The slot stays taken until the function has let go of the request; its timeout still holds.
      this.#stream?.cancel('disconnect')
    }
  }

  /** Ends it for a reason of the platform: what it holds is let go of, and its instance ends. */
  abort(error: FcError): void {
    if (!this.#letGo()) return
    if (this.#slot === null) this.#deps.instances.withdraw(this.#request.version, this)
    this.#stopClock()
    if (!this.#isAnswered) this.#fail({ kind: 'platform', error })
    this.#stream?.cancel('disconnect')
    this.#slot?.abandon()
  }

  outcome(): InvocationOutcome {
    return {
      durationMs: this.#durationMs,
      maxMemoryMB: this.#maxMemoryMB,
      instanceId: this.#instanceId,
      logTail: this.#log?.tail() ?? '',
    }
  }

  account(statusCode: number, responseBytes: number, error?: FcError): void {
    if (this.#isAccounted) return
    this.#isAccounted = true
    const record = this.#record(statusCode, responseBytes, error)
    this.#deps.meter.recordInvocation(record, this.#request.version, this.#run)
    this.#deps.onRecord(record)
  }

  // ---- told by the instances ----

  onSlot(slot: Slot): void {
    this.#slot = slot
    this.#instanceId = slot.instanceId
    this.#coldStart = slot.coldStart
    const { clock, tracer } = this.#deps
    if (tracer !== null && isSampled(this.#traceparent)) {
      const { requestId } = this
      this.#ownTraceparent = executionTraceparent({
        requestId,
        startedMs: this.#acceptedMs,
        traceparent: this.#traceparent,
      })
    }
    const { timeoutSeconds } = this.#request.version.function.config
    const timeoutMs = this.#deps.timeoutMs ?? timeoutSeconds * 1000
    this.#startedMs = clock.nowMs()
    this.#startedMonotonicMs = clock.monotonicMs()
    this.#run = this.#deps.meter.beginInvocation(this.#request.version)
    this.#timer = clock.setTimer(timeoutMs, () => this.#onTimeout(timeoutMs / 1000))
    if (this.#request.wantsLogTail) this.#logCapture().mark(`FC Invoke Start RequestId: ${this.requestId}`)
    const body = this.#body
    this.#body = null
    const laterBytes = body !== null && body.length > FIRST_BODY_BYTES_MAX ? body.length : null
    const head = invokeHead(this.#request, this.#ownTraceparent, this.#startedMs + timeoutMs, laterBytes)
    if (body === null) {
      this.#stream = slot.invoke(head, null, false, this)
      this.#responder.onStart()
    } else if (body.length <= FIRST_BODY_BYTES_MAX) {
      this.#requestBytes = body.length
      this.#stream = slot.invoke(head, body.length === 0 ? null : body, true, this)
    } else {
      this.#stream = slot.invoke(head, null, false, this)
      this.send(body, true)
    }
  }

  onRefused(error: FcError): void {
    this.#fail({ kind: 'platform', error })
  }

  onStartFailed(failure: FunctionFailure, coldStart: ColdStartPhases): void {
    this.#coldStart = coldStart
    const refused = startError(failure)
    this.#fail(refused === null ? { kind: 'function', failure, exit: null } : { kind: 'platform', error: refused })
  }

  onInstanceGone(exit: InstanceExit): void {
    this.#letGo()
    this.#stopClock()
    if (this.#isAnswered) return
    this.#maxMemoryMB = Math.max(exit.peakMemoryMB, this.#maxMemoryMB)
    const used = `duration: ${Math.round(this.#durationMs)}ms, maxMemoryUsage: ${this.#maxMemoryMB.toFixed(2)}MB`
    this.#appendLine('system', `Process exited unexpectedly before completing request (${used}): ${exit.cause}`)
    this.#fail({
      kind: 'function',
      exit,
      failure: {
        errorType: exit.outOfMemory ? 'FunctionOOMError' : 'FunctionUnhandledError',
        errorMessage: `Process exited unexpectedly before completing request (${used})`,
        cause: exit.cause,
        handled: false,
      },
    })
  }

  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#logCapture().push(stream, chunk)
  }

  // ---- told by the function, over the channel ----

  onResponse(head: string, body: Buffer, end: boolean): void {
    if (end) this.#release()
    if (this.#isAnswered) return
    if (end) this.#finish()
    this.#responder.onHead(head, body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    if (end) this.#release()
    if (this.#isAnswered) return
    if (end) this.#finish()
    this.#responder.onData(chunk, end)
  }

  onError(payload: string): void {
    this.#release()
    if (this.#isAnswered) return
    this.#fail({ kind: 'function', failure: parseFailure(payload), exit: null })
  }

  onLog(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#logCapture().push(stream, chunk)
  }

  onCredit(): void {
    this.#sender?.pump()
  }

  // ---- inside ----

  #onTimeout(timeoutSeconds: number): void {
    if (!this.#letGo()) return
    this.#stopClock()
    const errorMessage = `Task timed out after ${timeoutSeconds} seconds`
    const failure: FunctionFailure = { errorType: 'FunctionTimeoutError', errorMessage, handled: false }
    // Before the stream is told, which may end it at once: that end is not the reason.
    if (!this.#isAnswered) this.#fail({ kind: 'function', failure, exit: null })
    this.#stream?.cancel('timeout')
    this.#slot!.abandon()
  }

  #stopClock(): void {
    if (this.#durationMs === 0 && this.#startedMonotonicMs !== 0) {
      this.#durationMs = this.#deps.clock.monotonicMs() - this.#startedMonotonicMs
    }
    if (this.#slot !== null && this.#maxMemoryMB === 0) this.#maxMemoryMB = this.#slot.peakMemoryMB()
  }

  /** It holds nothing from here on; false when that was so already. */
  #letGo(): boolean {
    if (this.#isReleased) return false
    this.#isReleased = true
    this.#running.delete(this)
    this.#timer?.cancel()
    this.#log?.end()
    return true
  }

  /** The function is done with it: its time ends here, and the slot is free. */
  #release(): void {
    if (!this.#letGo()) return
    this.#stopClock()
    this.#deps.instances.observeServiceMs(this.#request.version, this.#durationMs)
    this.#slot!.release()
  }

  #finish(): void {
    this.#isAnswered = true
    if (this.#request.wantsLogTail) this.#markEnd()
  }

  #fail(failure: InvocationFailure): void {
    this.#letGo()
    this.#failure = failure
    this.#finish()
    this.#responder.onFailed(failure)
  }

  #markEnd(): void {
    const { memoryMB } = this.#request.version.function.config
    const log = this.#logCapture()
    const failed = this.#failure?.kind === 'function' ? this.#failure.failure : null
    const suffix =
      failed === null ? '' : failed.handled ? ', Error: Handled function error' : ', Error: Unhandled function error'
    if (failed) log.mark(failed.errorMessage)
    log.mark(`FC Invoke End RequestId: ${this.requestId}${suffix}`)
    log.mark('')
    log.mark(
      `Duration: ${this.#durationMs.toFixed(2)} ms, Billed Duration: ${Math.ceil(this.#durationMs)} ms, ` +
        `Memory Size: ${memoryMB} MB, Max Memory Used: ${this.#maxMemoryMB.toFixed(2)} MB`,
    )
  }

  #logCapture(): LogCapture {
    this.#log ??= new LogCapture((stream, text) => this.#appendLine(stream, text), this.#request.wantsLogTail)
    return this.#log
  }

  #appendLine(stream: LogLine['stream'], text: string): void {
    const { version } = this.#request
    const line: LogLine = {
      functionKey: version.key,
      versionId: version.versionId,
      requestId: this.requestId,
      instanceId: this.#instanceId,
      timeMs: this.#deps.clock.nowMs(),
      stream,
      text,
      hook: null,
    }
    this.#deps.appendLine(line, this.#ownTraceparent)
  }

  #queuedMs(hasRun: boolean): number {
    if (!hasRun) return this.#deps.clock.monotonicMs() - this.#acceptedMonotonicMs
    const queuedMs = this.#startedMonotonicMs - this.#acceptedMonotonicMs
    // The wall clock has whole ms, and what began at one of them must not come out as having begun in the one before: the
    // initializer ended in it.
    const wholeMs = this.#startedMs - this.#acceptedMs
    return wholeMs > queuedMs && wholeMs < queuedMs + 1 ? wholeMs : queuedMs
  }

  #record(statusCode: number, responseBytes: number, answerError: FcError | undefined): InvocationRecord {
    const request = this.#request
    const failure = this.#failure
    const failed = failure?.kind === 'function' ? failure.failure : null
    const refused = answerError ?? (failure?.kind === 'platform' ? failure.error : null)
    const hasRun = this.#startedMonotonicMs !== 0
    const fault: Fault | null = failed ? 'function' : (refused?.fault ?? null)
    return {
      requestId: this.requestId,
      functionKey: request.version.key,
      versionId: request.version.versionId,
      qualifier: request.qualifier,
      instanceId: this.#instanceId,
      kind: request.http === null ? 'event' : 'http',
      invocationType: request.invocationType,
      startedMs: this.#acceptedMs,
      queuedMs: this.#queuedMs(hasRun),
      durationMs: this.#durationMs,
      billedMs: Math.ceil(this.#durationMs),
      memoryMB: request.version.function.config.memoryMB,
      maxMemoryMB: this.#maxMemoryMB,
      coldStart: this.#coldStart,
      statusCode,
      errorType: failed?.errorType ?? refused?.code ?? '',
      errorMessage: failed?.errorMessage ?? refused?.message ?? '',
      fault,
      handled: failed?.handled ?? false,
      requestBytes: this.#requestBytes,
      responseBytes,
      method: request.http?.method ?? '',
      path: request.http?.rawPath ?? '',
      clientIp: request.clientIp,
      traceparent: this.#traceparent,
    }
  }
}

/** A program that could not be started at all is an error of the call, with a status of its own (Function Compute). */
function startError({ errorType, errorMessage }: FunctionFailure): FcError | null {
  const code = START_ERRORS.find((each) => each === errorType)
  return code === undefined ? null : new FcError(code, errorMessage)
}

/** The INVOKE head of docs/reference/channel.md. */
function invokeHead(
  request: InvocationRequest,
  traceparent: string | null,
  deadlineMs: number,
  bodyBytes: number | null,
): string {
  const { requestId, qualifier, clientIp } = request
  const http = request.http === null || traceparent === null ? request.http : withTraceparent(request.http, traceparent)
  const common = {
    requestId,
    deadlineMs,
    qualifier,
    tracing: traceOf(request, traceparent),
    ...(bodyBytes === null ? undefined : { bodyBytes }),
  }
  return JSON.stringify(http === null ? { kind: 'event', ...common } : { kind: 'http', ...common, clientIp, ...http })
}
