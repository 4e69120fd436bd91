import { createReadStream, fstatSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { isUtf8 } from 'node:buffer'
import { getFunction } from '../api.ts'
import type { AddCommand, Context } from '../context.ts'
import { CliError, exitCodes, messageOf, usageError } from '../errors.ts'
import { describeFailure } from '../failure.ts'
import { functionPath, parseFunctionRef, versionOf } from '../function-ref.ts'
import { defined, numberOf, textOf } from '../json.ts'
import { printable } from '../output.ts'
import type { Terminal } from '../terminal.ts'
import type { HttpAnswer } from '../transport.ts'

/** What a synchronous invocation takes. */
const EVENT_BYTES_MAX = 32 * 1024 * 1024
/** A pipe that says nothing for this long is taken for one that nobody writes to. */
const STDIN_SILENCE_MS = 5_000
/** On top of the function's own timeout: waiting for an instance, and an initializer of up to 300 s. */
export const INVOKE_MARGIN_MS = 360_000

interface EventOptions {
  event?: string
  eventFile?: string
}

interface InvokeOptions extends EventOptions {
  qualifier?: string
  async?: boolean
  taskId?: string
  delay?: string
}

export const addInvoke: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('invoke')
    .description('call a function with an event; its answer goes to stdout, its log to stderr')
    .argument('<function>', 'function or service/function')
    .option('-e, --event <text>', 'the event')
    .option('-f, --event-file <file>', 'file with the event; - for standard input')
    .option('-q, --qualifier <name>', 'version or alias; LATEST when absent')
    .option('--async', 'only accept the event; do not wait for the answer')
    .option('--task-id <id>', 'with --async: keep its state under this id, for `sluice tasks`')
    .option('--delay <seconds>', 'with --async: run it so much later, up to 3600')
    .action(async (name: string, options: InvokeOptions, command) => {
      const context = contextOf(command)
      const ref = parseFunctionRef(name)
      if (!options.async && (options.taskId !== undefined || options.delay !== undefined)) {
        throw usageError('--task-id and --delay are for --async')
      }
      const event = await readEvent(options, context.terminal)
      const client = context.client()
      const { timeout } = await getFunction(client, ref, options.qualifier)
      const answer = await client.send({
        action: 'InvokeFunction',
        apiVersion: versionOf(ref),
        method: 'POST',
        path: `${functionPath(ref)}/invocations`,
        query: { qualifier: options.qualifier },
        headers: options.async ? asyncHeaders(options) : { 'x-fc-log-type': 'Tail' },
        body: event,
        ...(!options.async && { timeoutMs: numberOf(timeout) * 1000 + INVOKE_MARGIN_MS }),
      })
      if (options.async) showAccepted(answer, context)
      else if (!showAnswer(answer, context)) setExitCode(exitCodes.failure)
    })
}

function asyncHeaders({ taskId, delay }: InvokeOptions): Record<string, string> {
  return {
    'x-fc-invocation-type': 'Async',
    ...(taskId !== undefined && { 'x-fc-async-task-id': taskId }),
    ...(delay !== undefined && { 'x-fc-async-delay': delay }),
  }
}

const header = (answer: HttpAnswer, name: string) => textOf(answer.headers[`x-fc-${name}`])

function showAccepted(answer: HttpAnswer, { output }: Context): void {
  const requestId = header(answer, 'request-id')
  const taskId = header(answer, 'async-task-id') || header(answer, 'stateful-async-invocation-id') || undefined
  const task = taskId === undefined ? '' : `, task ${taskId}`
  output.result(defined({ requestId, taskId }), `accepted, request id ${requestId}${task}`)
}

/** False when the function failed. */
function showAnswer(answer: HttpAnswer, { output, terminal }: Context): boolean {
  const errorType = header(answer, 'error-type')
  const log = Buffer.from(header(answer, 'log-result'), 'base64').toString()
  const text = isUtf8(answer.body) ? answer.body.toString() : undefined
  if (output.json) {
    const document = {
      requestId: header(answer, 'request-id'),
      errorType: errorType || undefined,
      body: text,
      bodyBase64: text === undefined ? answer.body.toString('base64') : undefined,
      log,
      durationMs: Number(header(answer, 'invocation-duration')),
      maxMemoryMB: Number(header(answer, 'max-memory-usage')),
      instanceId: header(answer, 'instance-id'),
      versionId: header(answer, 'invocation-service-version') || header(answer, 'invocation-code-version'),
    }
    output.result(defined(document), '')
    return errorType === ''
  }
  if (log !== '')
    output.note(
      log
        .trimEnd()
        .split('\n')
        .map((line) => printable(line, false))
        .join('\n'),
    )
  if (errorType !== '') {
    output.error(new CliError(describeFailure(errorType, text ?? '')))
    return false
  }
  output.raw(answer.body)
  if (terminal.stdout.isTTY && answer.body.length > 0 && answer.body.at(-1) !== 0x0a) output.raw(Buffer.from('\n'))
  return true
}

/** The event that is given, or piped in without being named. Throws a usage error. */
export async function readEvent({ event, eventFile }: EventOptions, terminal: Terminal): Promise<Buffer> {
  if (event !== undefined && eventFile !== undefined) throw usageError('--event and --event-file exclude each other')
  if (event !== undefined) return Buffer.from(event)
  if (eventFile === '-') return readBounded(terminal.stdin, 'standard input')
  if (eventFile !== undefined) {
    return readBounded(createReadStream(resolve(terminal.folder, eventFile)), '--event-file')
  }
  return isRedirected(terminal) ? readUnasked(terminal.stdin) : Buffer.alloc(0)
}

/** True when standard input is a pipe, a socket or a file: not a terminal, and not /dev/null. */
function isRedirected({ stdin }: Terminal): boolean {
  if (stdin.isTTY) return false
  if (stdin.fd === undefined) return true
  try {
    const stats = fstatSync(stdin.fd)
    return stats.isFIFO() || stats.isFile() || stats.isSocket()
  } catch {
    return false
  }
}

/** Standard input that nobody named may be a pipe that stays open and silent, as on build servers: never wait for that. */
async function readUnasked(stdin: Readable): Promise<Buffer> {
  const timer = setTimeout(
    () =>
      stdin.destroy(
        usageError(
          `nothing arrived on standard input within ${STDIN_SILENCE_MS / 1000} s`,
          "give the event with -e or -f; -e '' for an empty one, -f - to wait for standard input",
        ),
      ),
    STDIN_SILENCE_MS,
  )
  stdin.once('readable', () => clearTimeout(timer))
  try {
    return await readBounded(stdin, 'standard input')
  } finally {
    clearTimeout(timer)
  }
}

async function readBounded(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > EVENT_BYTES_MAX) throw usageError(`${name}: an event has at most ${EVENT_BYTES_MAX} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof CliError ? error : usageError(`${name}: ${messageOf(error)}`)
  }
  return Buffer.concat(chunks)
}
