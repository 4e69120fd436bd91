/** What the caller of a local invocation is shown: lines and figures on stderr, the answer on stdout. */
import { isUtf8 } from 'node:buffer'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { describeFailure } from '../failure.ts'
import { defined, type Json, numberOf, objectOf, textOf } from '../json.ts'
import { formatDuration, printable } from '../output.ts'
import { type Attach, describeAttach, launchConfiguration, WAITING } from './attach.ts'
import type { InvokeEvents, Invoked } from './invoke.ts'

export interface Shown extends InvokeEvents {
  /** False when the function failed. */
  end(invoked: Invoked): boolean
}

/** `attach`: how to debug it; null when nobody does. With `--json` all is one document at the end, but for `attach`. */
export function createShown({ output, terminal }: Context, isHttp: boolean, attach: Attach | null): Shown {
  const lines: Json[] = []
  const chunks: Buffer[] = []
  let isFailure = false
  let lastByte: number | undefined
  const write = (chunk: Buffer) => {
    lastByte = chunk.at(-1) ?? lastByte
    output.raw(chunk)
  }

  const showAttach = (known: Attach) => {
    if (output.json) output.item({ debugger: { ...known, launchConfiguration: launchConfiguration(known) } }, '')
    else output.note(describeAttach(known))
  }
  // A Java machine waits before anything of ours could say so.
  if (attach?.language === 'java') showAttach(attach)

  return {
    onLine(line) {
      const text = textOf(line['text'])
      const waiting = WAITING.exec(text)
      if (waiting && attach !== null) return showAttach({ ...attach, remotePath: waiting[1]! })
      lines.push({ stream: line['stream'], text })
      if (!output.json) terminal.stderr.write(`${printable(text, terminal.stderr.isTTY === true)}\n`)
    },
    onHead(status, headers) {
      isFailure = headers['x-fc-error-type'] !== undefined
      if (!isHttp || isFailure) return
      const fields = Object.entries(headers).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`)
      output.note([`HTTP ${status}`, ...fields].map((field) => printable(field, false)).join('\n'))
    },
    onBody(chunk) {
      // The answer to an event has no parts that anybody waits for: it comes after what was printed.
      if (isHttp && !isFailure && !output.json) write(chunk)
      else chunks.push(chunk)
    },
    end({ status, headers, record, broken }) {
      const body = Buffer.concat(chunks)
      const succeeded = !isFailure && broken === null && record !== null && record['fault'] === null
      if (output.json) {
        output.result(documentOf({ isHttp, status, headers, record, broken, body, lines }), '')
        return succeeded
      }
      if (!isFailure) write(body)
      if (terminal.stdout.isTTY && lastByte !== undefined && lastByte !== 0x0a) output.raw(Buffer.from('\n'))
      if (broken !== null) output.error(new CliError(`the answer broke off: ${broken}`))
      if (isFailure) output.error(new CliError(describeFailure(textOf(headers['x-fc-error-type']), body.toString())))
      if (record !== null) output.note(figures(record))
      return succeeded
    },
  }
}

const coldStartMs = (record: Json) =>
  Object.values(objectOf(record['coldStart'])).reduce<number>((sum, ms) => sum + numberOf(ms), 0)

function figures(record: Json): string {
  const memory = `${numberOf(record['maxMemoryMB']).toFixed(1)} of ${numberOf(record['memoryMB'])} MB`
  const duration = formatDuration(numberOf(record['durationMs']))
  return `duration ${duration}, cold start ${formatDuration(coldStartMs(record))}, memory ${memory}`
}

function documentOf({
  isHttp,
  status,
  headers,
  record,
  broken,
  body,
  lines,
}: Invoked & { isHttp: boolean; body: Buffer; lines: Json[] }): Json {
  const text = isUtf8(body) ? body.toString() : undefined
  return defined({
    requestId: headers['x-fc-request-id'],
    ...(isHttp && { status, headers }),
    errorType: headers['x-fc-error-type'],
    brokenOff: broken ?? undefined,
    body: text,
    bodyBase64: text === undefined ? body.toString('base64') : undefined,
    lines,
    ...(record && {
      durationMs: numberOf(record['durationMs']),
      coldStartMs: coldStartMs(record),
      memoryMB: numberOf(record['memoryMB']),
      maxMemoryMB: numberOf(record['maxMemoryMB']),
    }),
  })
}
