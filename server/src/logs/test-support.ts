/** A clock that tests move, and rows to append. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '../clock.ts'
import type { InvocationRecord, LogLine } from './port.ts'

export const BASE_MS = 1_700_000_000_000

export interface ManualClock extends Clock {
  /** Fires what is due. */
  advance(ms: number): void
  readonly timers: number
}

export function manualClock(startMs = BASE_MS): ManualClock {
  let nowMs = startMs
  const timers = new Set<{ dueMs: number; fire: () => void }>()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, fire) {
      const timer = { dueMs: nowMs + delayMs, fire }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    advance(ms) {
      nowMs += ms
      for (const timer of [...timers]) if (timer.dueMs <= nowMs && timers.delete(timer)) timer.fire()
    },
    get timers() {
      return timers.size
    },
  }
}

export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-logs-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function lineOf(changes: Partial<LogLine> = {}): LogLine {
  return {
    functionKey: 'hello',
    versionId: 'LATEST',
    requestId: '',
    instanceId: 'c-1',
    timeMs: BASE_MS,
    stream: 'stdout',
    text: 'text',
    hook: null,
    ...changes,
  }
}

export function recordOf(changes: Partial<InvocationRecord> = {}): InvocationRecord {
  return {
    requestId: 'r',
    functionKey: 'hello',
    versionId: 'LATEST',
    qualifier: 'LATEST',
    instanceId: 'c-1',
    kind: 'event',
    invocationType: 'Sync',
    startedMs: BASE_MS,
    queuedMs: 0,
    durationMs: 2.5,
    billedMs: 3,
    memoryMB: 128,
    maxMemoryMB: 40.25,
    coldStart: null,
    statusCode: 200,
    errorType: '',
    errorMessage: '',
    fault: null,
    handled: false,
    requestBytes: 0,
    responseBytes: 2,
    method: '',
    path: '',
    clientIp: '127.0.0.1',
    traceparent: null,
    ...changes,
  }
}
