/** Runs one invocation on an instance and tells what became of it. */
import type { FcError } from '../errors.ts'
import type { FunctionFailure, InstanceExit } from '../instances/port.ts'
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionKey, FunctionVersion } from '../model.ts'
import type { StateWrite } from '../queue/port.ts'

export { parseDestination } from './async/destination.ts'
export { DELAY_SECONDS_MAX, MAX_AGE_SECONDS_DEFAULT, RETRIES_DEFAULT } from './async/policy.ts'
export { errorKind, failureBody } from './failure-body.ts'

export interface HttpRequestHead {
  method: string
  /** Decoded. */
  path: string
  rawPath: string
  /** Without `?`, not decoded. */
  query: string
  url: string
  /** Flat names and values, spelling as received. */
  headers: string[]
  protocol: string
  domainName: string
  triggerId: string
  /** Another protocol that the caller asks for. */
  upgrade?: 'websocket'
}

/** The trace that a call is part of, for the function to go on with. */
export interface TraceContext {
  /** Of Function Compute: as the `x-fc-tracing-opentracing-span-*` headers gave them; empty when they did not. */
  openTracingSpanContext: string
  openTracingSpanBaggages: Record<string, string>
  /** W3C Trace Context and Baggage; absent when none came that is valid. */
  traceparent?: string
  tracestate?: string
  baggage?: string
}

export interface InvocationRequest {
  requestId: string
  version: FunctionVersion
  qualifier: string
  invocationType: 'Sync' | 'Async'
  clientIp: string
  /** Null for an event. */
  http: HttpRequestHead | null
  tracing: TraceContext | null
  /** Keep the last 4 KB of log. */
  wantsLogTail: boolean
}

/** How an invocation failed. After `onHead` a failure can only be shown by breaking the answer off. */
export type InvocationFailure =
  | { kind: 'function'; failure: FunctionFailure; exit: InstanceExit | null }
  | { kind: 'platform'; error: FcError }

/** Who asked; called in the order start, head, data…, end or failed. Buffers are valid during the call only. */
export interface Responder {
  /** An instance has it: the request body may flow (`Invocation.send`). */
  onStart(): void
  /** `head` is the JSON of a RESPONSE head; `end`: `body` is all there is. */
  onHead(head: string, body: Buffer, end: boolean): void
  onData(chunk: Buffer, end: boolean): void
  /** More of the request body is wanted (after `send` returned false). */
  onDrain(): void
  onFailed(failure: InvocationFailure): void
}

/** What is known when it is over; valid in `onHead` with end, `onData` with end and `onFailed`. */
export interface InvocationOutcome {
  durationMs: number
  maxMemoryMB: number
  instanceId: string
  /** The last 4 KB of log with markers; empty unless asked for. */
  logTail: string
}

export interface Invocation {
  /** Asks for an instance; the responder may be called before it returns. Once. */
  begin(): void
  /** Sends a piece of the request body; false: wait for `onDrain` before the next. */
  send(chunk: Buffer, end: boolean): boolean
  /** `bytes` of the response were passed on: the function may send as many more. */
  consumed(bytes: number): void
  /** The caller went away. */
  cancel(): void
  /** Ends it with this error; the instance that is at it takes no more and ends, too. */
  abort(error: FcError): void
  /** Ends the record; `statusCode` is what the caller was answered, `error` a failure that the caller's side found in the answer. */
  account(statusCode: number, responseBytes: number, error?: FcError): void
  outcome(): InvocationOutcome
}

export interface Invocations {
  /** Prepares; nothing happens before `begin`. `body`: the whole request body when it is here already (none: empty); null when it will be sent. */
  create(request: InvocationRequest, body: Buffer | null, responder: Responder): Invocation
  /** Ends with this error what runs of a function or waits to; the instances that were at it end, too. */
  abort(functionKey: FunctionKey, error: FcError): void
}

export type RecordSink = (record: InvocationRecord) => void

/** So many triggers and destinations in a row may lead to a run; a chain that long is a loop. */
export const CHAIN_LENGTH_MAX = 16

/** An invocation to be run later: accepted, on disk, then run until it succeeds or its retries or its time are used up. */
export interface AsyncRequest {
  requestId: string
  functionKey: FunctionKey
  /** Resolved anew with each attempt; empty: LATEST. */
  qualifier: string
  payload: Uint8Array
  delaySeconds: number
  /** Chosen by the caller, for a task; null: the request id names it if the function's calls are tasks. */
  taskId: string | null
  clientIp: string
  tracing: TraceContext | null
  /** How many triggers and destinations in a row led here; 0: a caller from outside. */
  depth: number
  /** Instead of what the async-invoke-config of the function says; null: as it says. */
  overrides: AsyncOverrides | null
  /** Of the one who asks: written in the same commit as the invocation; for a task, whose own takes that place, right after. */
  state?: StateWrite
}

export interface AsyncOverrides {
  retriesMax?: number
  maxAgeSeconds?: number
  /** ARN or URL, in the terms of a destination. */
  onFailure?: string
}

export interface AsyncInvocations {
  /**
   * Durable when it resolves, to the task's id (null: no task). A request id that is accepted already is not accepted
   * twice, without an error. Rejects with FcError when function or qualifier do not exist, the payload is too large, the
   * task id is taken, the backlog is full or the disk is.
   */
  accept(request: AsyncRequest): Promise<string | null>
  /** It is never run, and goes to its failure destination, if it has one, with this error. Durable when it resolves. */
  discard(request: AsyncRequest, error: FcError): Promise<void>
  /** The longest chain of triggers that led to what runs of this function now; 0: none of it came from a trigger. */
  runningDepth(functionKey: FunctionKey): number
}

/** The life of a task; the last five end it. */
export type TaskStatus =
  | 'Enqueued'
  | 'Dequeued'
  | 'Running'
  | 'Retrying'
  | 'Stopping'
  | 'Succeeded'
  | 'Failed'
  | 'Stopped'
  | 'Expired'
  | 'Invalid'

export interface TaskEvent {
  eventId: number
  status: TaskStatus
  timeMs: number
  detail: string
}

/** An asynchronous invocation whose state can be read. */
export interface Task {
  taskId: string
  functionKey: FunctionKey
  qualifier: string
  requestId: string
  status: TaskStatus
  /** When it was accepted. */
  startedMs: number
  /** 0: it has not ended. */
  endMs: number
  /** Of the last attempt. */
  durationMs: number
  retries: number
  /** Empty: nothing is sent on, or not yet. */
  destinationStatus: '' | 'Succeeded' | 'Failed'
  instanceId: string
  payload: string
  returnPayload: string
  errorMessage: string
  events: TaskEvent[]
}

export interface TaskQuery {
  functionKey: FunctionKey
  qualifier: string
  status?: TaskStatus | undefined
  prefix?: string | undefined
  /** Inclusive. */
  startedFromMs?: number | undefined
  startedToMs?: number | undefined
  isDescending: boolean
  limit: number
  cursor?: string | undefined
}

export interface AsyncTasks {
  list(query: TaskQuery): Promise<{ tasks: Task[]; cursor: string | null }>
  /** Undefined: there is none of this id, or it was forgotten. */
  get(functionKey: FunctionKey, qualifier: string, taskId: string): Promise<Task | undefined>
  /**
   * One that waits is stopped when this resolves, one that runs soon after. False: there is none of this id. Rejects
   * with AsyncInvocationStopped when it has ended.
   */
  stop(functionKey: FunctionKey, qualifier: string, taskId: string): Promise<boolean>
}
