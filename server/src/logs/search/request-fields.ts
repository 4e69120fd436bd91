/** A record with the names of FCRequestMetrics: what a search finds under `source: request`, derived and stored nowhere. */
import { splitFunctionKey } from '../../model.ts'
import { endText, errorText, hookOf, spanOf, systemLine } from '../markers.ts'
import type { InvocationRecord, LogLine } from '../port.ts'

export type FieldValue = string | number | boolean | null

const INVOCATION = 'InvokeFunction'
const HOOKS = { initialize: 'Initialize', preFreeze: 'PreFreeze', preStop: 'PreStop' } as const

const fieldTable: Record<string, (record: InvocationRecord) => FieldValue> = {
  functionName: ({ functionKey }) => splitFunctionKey(functionKey).name,
  serviceName: ({ functionKey }) => splitFunctionKey(functionKey).service ?? '',
  qualifier: ({ qualifier }) => qualifier,
  versionId: ({ versionId }) => versionId,
  requestId: ({ requestId }) => requestId,
  instanceID: ({ instanceId }) => instanceId,
  operation(record) {
    const hook = hookOf(record)
    return hook === null ? INVOCATION : HOOKS[hook]
  },
  invocationType: ({ invocationType }) => invocationType,
  triggerType: ({ kind }) => (kind === 'http' ? 'http' : null),
  durationMs: ({ durationMs }) => durationMs,
  billedMs: ({ billedMs }) => billedMs,
  queuedMs: ({ queuedMs }) => queuedMs,
  memoryMB: ({ memoryMB }) => memoryMB,
  memoryUsageMB: ({ maxMemoryMB }) => maxMemoryMB,
  isColdStart: ({ coldStart }) => coldStart !== null,
  scheduleLatencyMs: ({ coldStart, queuedMs }) => coldStart?.scheduleMs ?? queuedMs,
  coldStartLatencyMs: ({ coldStart }) => (coldStart === null ? 0 : coldStartMs(coldStart)),
  prepareCodeLatencyMs: ({ coldStart }) => coldStart?.packageMs ?? 0,
  sandboxMs: ({ coldStart }) => coldStart?.sandboxMs ?? 0,
  runtimeInitializationMs: ({ coldStart }) => coldStart?.runtimeMs ?? 0,
  initializerMs: ({ coldStart }) => coldStart?.initializerMs ?? 0,
  statusCode: ({ statusCode }) => statusCode,
  hasFunctionError: ({ fault }) => fault === 'function',
  errorType: ({ errorType }) => errorType,
  errorMessage: ({ errorMessage }) => errorMessage,
  fault: ({ fault }) => fault,
  requestBytes: ({ requestBytes }) => requestBytes,
  responseBytes: ({ responseBytes }) => responseBytes,
  method: ({ method }) => method,
  requestURI: ({ path }) => path,
  clientIP: ({ clientIp }) => clientIp,
}

export const requestFieldNames: readonly string[] = Object.keys(fieldTable)
const byLowerCase = new Map(Object.entries(fieldTable).map(([name, read]) => [name.toLowerCase(), read]))

export const isRequestField = (name: string) => byLowerCase.has(name.toLowerCase())

/** Undefined when records have no such field. */
export function requestField(record: InvocationRecord, name: string): FieldValue | undefined {
  return byLowerCase.get(name.toLowerCase())?.(record)
}

export function requestFields(record: InvocationRecord): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(fieldTable).map(([name, read]) => [name, read(record)]))
}

function coldStartMs(phases: NonNullable<InvocationRecord['coldStart']>): number {
  const { scheduleMs, packageMs, sandboxMs, runtimeMs, initializerMs } = phases
  return scheduleMs + packageMs + sandboxMs + runtimeMs + initializerMs
}

/** The record as one line, at the time of its end: the end marker, the error, and what the tail of a log says. */
export function requestLine(record: InvocationRecord): LogLine {
  const told = errorText(record)
  const figures =
    `Duration: ${record.durationMs.toFixed(2)} ms, Billed Duration: ${record.billedMs} ms, ` +
    `Memory Size: ${record.memoryMB} MB, Max Memory Used: ${record.maxMemoryMB.toFixed(2)} MB`
  const parts = record.instanceId === '' ? [told] : [endText(record), told, figures]
  const text = parts.filter((part) => part !== '').join('; ')
  return systemLine(record, spanOf(record).toMs, text)
}

/** Words that `requestLine` adds of its own: a search for one of them finds records that do not hold it. */
export const REQUEST_LINE_WORDS =
  'fc invoke initialize prefreeze prestop end requestid error handled unhandled function duration ms billed memory size mb max used'
