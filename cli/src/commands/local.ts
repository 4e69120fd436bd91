import { Option } from 'commander'
import type { AddCommand, Context } from '../context.ts'
import { exitCodes, usageError } from '../errors.ts'
import { numberOf, textOf } from '../json.ts'
import { type Attach, customPort, debugLanguage } from '../local/attach.ts'
import { untilInterrupted } from '../local/interruption.ts'
import { invokeOnce } from '../local/invoke.ts'
import { planOne } from '../local/one-function.ts'
import { type PrivatePlatform, startPrivatePlatform } from '../local/private-platform.ts'
import { parseRequest } from '../local/request.ts'
import { createShown } from '../local/shown.ts'
import type { FunctionPlan } from '../template/plan.ts'
import { readTemplate } from '../template/read.ts'
import { runDeploy, templateFile } from './deploy.ts'
import { INVOKE_MARGIN_MS, readEvent } from './invoke.ts'

/** As long as the platform gives a function that is debugged. */
const DEBUGGING_MS_MAX = 24 * 60 * 60 * 1000
const EXIT_INTERRUPTED = 130

interface LocalOptions {
  template?: string
  function?: string
  event?: string
  eventFile?: string
  http?: string
  header?: string[]
  debug?: boolean
  debugPort?: number
}

const collect = (value: string, before: string[] = []) => [...before, value]

export const addLocal: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('local')
    .description('work on a function without a running platform')
    .command('invoke')
    .description('call the function of a folder once, on a platform that is there for this call only')
    .argument('[folder]', 'folder with s.yaml', '.')
    .option('-t, --template <file>', 's.yaml to read')
    .option('--function <name>', 'which one, when s.yaml describes several')
    .option('-e, --event <text>', 'the event; with --http the body')
    .option('-f, --event-file <file>', 'file with the event or body; - for standard input')
    .option('--http <request>', "an HTTP request instead of an event, such as 'GET /path?a=b'")
    .option('-H, --header <line>', "header of the request, 'Name: value'; repeat for more", collect)
    .option('--debug', 'wait for a debugger before the function is loaded; no time limits then')
    .addOption(
      new Option('--debug-port <n>', 'as --debug, listening there (9229, 5678 or 5005 by language)').argParser(toPort),
    )
    .action(async (folder: string, options: LocalOptions, command) => {
      setExitCode(await invokeLocally(contextOf(command), folder, options))
    })
}

function toPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) {
    throw usageError(`--debug-port: '${text}' is no port; give a number from 1 to 65535`)
  }
  return port
}

async function invokeLocally(context: Context, folder: string, options: LocalOptions): Promise<number> {
  const { terminal } = context
  if (options.header !== undefined && options.http === undefined) throw usageError('--header: only with --http')
  const request = options.http === undefined ? null : parseRequest(options.http, options.header ?? [])
  const file = templateFile(context, folder, options.template)
  const template = await readTemplate(file, terminal.environment)
  const { plan, planned } = planOne(template, options.function, request !== null)
  const attach = attachOf(planned, options)
  const isGiven = options.event !== undefined || options.eventFile !== undefined
  const body = isGiven || request === null ? await readEvent(options, terminal) : Buffer.alloc(0)

  return untilInterrupted(terminal.signal, async (signal) => {
    let platform: PrivatePlatform | null = null
    try {
      const settings: Record<string, string> = attach === null ? {} : { SLUICE_DEBUG_PORT: String(attach.port) }
      platform = await startPrivatePlatform(terminal, settings, signal)
      const { client } = platform
      const deployed = await runDeploy({ ...context, client: () => client, terminal: { ...terminal, signal } }, plan)
      const url = deployed.functions[0]?.triggers[0]?.url ?? ''
      const shown = createShown(context, request !== null, attach)
      const invoked = await invokeOnce(
        client,
        {
          ref: planned.ref,
          body,
          http: request === null ? null : { request, url: new URL(url) },
          timeoutMs: attach === null ? numberOf(planned.config['timeout']) * 1000 + INVOKE_MARGIN_MS : DEBUGGING_MS_MAX,
          signal,
        },
        shown,
      )
      return shown.end(invoked) ? exitCodes.ok : exitCodes.failure
    } catch (error) {
      if (signal.aborted) return EXIT_INTERRUPTED
      throw error
    } finally {
      await platform?.close()
    }
  })
}

/** Null when nobody debugs. */
function attachOf({ config, code }: FunctionPlan, { debug, debugPort }: LocalOptions): Attach | null {
  if (debug !== true && debugPort === undefined) return null
  const runtime = textOf(config['runtime'])
  const language = debugLanguage(runtime)
  if (language === null) {
    throw usageError(`--debug: ${runtime} functions have no debugger here; nodejs, python and java functions do`)
  }
  const localPath = code.kind === 'path' ? code.path : ''
  return { language, port: debugPort ?? customPort(language), localPath, remotePath: '' }
}
