/** The unit of storage: some lines, or some records, of one function. */
import { decodeRows, encodeRows } from './columns.ts'
import type { Columns } from './columns.ts'
import { spanOf } from './markers.ts'
import type { InvocationRecord, LogLine } from './port.ts'

export interface Block {
  functionKey: string
  kind: 'lines' | 'records'
  /** Times of the first and the last line, markers included. */
  fromMs: number
  toMs: number
  /** `startedMs` of the records; null for lines. */
  startedFromMs: number | null
  startedToMs: number | null
  count: number
  /** How many of the records failed. */
  failed: number
  text: string
  numbers: Float64Array<ArrayBuffer>
}

export type EncodedBlock = Pick<Block, 'functionKey' | 'count' | 'text' | 'numbers'>

const lineColumns: Columns<LogLine> = {
  values: ['versionId', 'requestId', 'instanceId', 'stream', 'text'],
  numbers: ['timeMs'],
  added: ['hook'],
}

const recordColumns: Columns<InvocationRecord> = {
  values: [
    'requestId',
    'versionId',
    'qualifier',
    'instanceId',
    'kind',
    'invocationType',
    'coldStart',
    'errorType',
    'errorMessage',
    'fault',
    'handled',
    'method',
    'path',
    'clientIp',
  ],
  numbers: [
    'startedMs',
    'queuedMs',
    'durationMs',
    'billedMs',
    'memoryMB',
    'maxMemoryMB',
    'statusCode',
    'requestBytes',
    'responseBytes',
  ],
  added: ['traceparent'],
}

/** `lines` are of one function, at least one. */
export function blockOfLines(lines: readonly LogLine[]): Block {
  let fromMs = Infinity
  let toMs = -Infinity
  for (const { timeMs } of lines) {
    if (timeMs < fromMs) fromMs = timeMs
    if (timeMs > toMs) toMs = timeMs
  }
  const { text, numbers } = encodeRows(lines, lineColumns)
  return {
    functionKey: lines[0]!.functionKey,
    kind: 'lines',
    fromMs,
    toMs,
    startedFromMs: null,
    startedToMs: null,
    count: lines.length,
    failed: 0,
    text,
    numbers,
  }
}

/** `records` are of one function, at least one. */
export function blockOfRecords(records: readonly InvocationRecord[]): Block {
  let fromMs = Infinity
  let toMs = -Infinity
  let startedFromMs = Infinity
  let startedToMs = -Infinity
  let failed = 0
  for (const record of records) {
    const span = spanOf(record)
    if (span.fromMs < fromMs) fromMs = span.fromMs
    if (span.toMs > toMs) toMs = span.toMs
    if (record.startedMs < startedFromMs) startedFromMs = record.startedMs
    if (record.startedMs > startedToMs) startedToMs = record.startedMs
    if (record.fault !== null) failed++
  }
  const { text, numbers } = encodeRows(records, recordColumns)
  return {
    functionKey: records[0]!.functionKey,
    kind: 'records',
    fromMs,
    toMs,
    startedFromMs,
    startedToMs,
    count: records.length,
    failed,
    text,
    numbers,
  }
}

export function linesOf(block: EncodedBlock): LogLine[] {
  return withFunctionKey(decodeRows(block, block.count, lineColumns), block.functionKey)
}

export function recordsOf(block: EncodedBlock): InvocationRecord[] {
  return withFunctionKey(decodeRows(block, block.count, recordColumns), block.functionKey)
}

function withFunctionKey<Row extends { functionKey: string }>(rows: Row[], functionKey: string): Row[] {
  for (const row of rows) row.functionKey = functionKey
  return rows
}
