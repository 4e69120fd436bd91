import { listInstances } from '../api.ts'
import { type Client, path } from '../client.ts'
import type { AddCommand, Context } from '../context.ts'
import { CliError, exitCodes } from '../errors.ts'
import { runSession } from '../exec-session.ts'
import { type FunctionRef, parseFunctionRef, refKey, showRef } from '../function-ref.ts'
import { textOf } from '../json.ts'

/** The best shell that there is. */
const SHELL = ['sh', '-c', 'command -v bash >/dev/null 2>&1 && exec bash; exec sh']
/** The longest that the platform allows: people think. */
const IDLE_SECONDS = 3600

interface ExecOptions {
  instance?: string
  qualifier?: string
}

export const addExec: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('exec')
    .description('run a command, or a shell, inside an instance of a function')
    .argument('<function>', 'function or service/function')
    .argument('[command...]', 'after --, with its arguments; a shell when absent')
    .option('-i, --instance <id>', 'which instance; `sluice instances` lists them')
    .option('-q, --qualifier <name>', 'any instance of this version or alias; of LATEST when absent')
    .action(async (name: string, words: string[], options: ExecOptions, command) => {
      const context = contextOf(command)
      const ref = parseFunctionRef(name)
      const client = context.client()
      const instanceId = options.instance ?? (await pickInstance(client, ref, options.qualifier ?? 'LATEST'))
      setExitCode(await runCommand(context, client, ref, instanceId, words.length > 0 ? words : SHELL))
    })
}

async function runCommand(
  { terminal, output }: Context,
  client: Client,
  ref: FunctionRef,
  instanceId: string,
  command: readonly string[],
): Promise<number> {
  const tty = terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
  const socket = await client.socket({
    action: 'ExecInstance',
    path: path`/2023-03-30/functions/${refKey(ref)}/instances/${instanceId}/exec`,
    query: { command, tty, stdin: true, stdout: true, stderr: !tty, idleTimeout: IDLE_SECONDS },
  })
  if (tty) output.note(`${showRef(ref)} ${instanceId}; Ctrl+] leaves`)
  return runSession(socket, terminal, tty)
}

/** One that is idle rather than one at work. */
async function pickInstance(client: Client, ref: FunctionRef, qualifier: string): Promise<string> {
  const usable = await listInstances(client, ref, qualifier)
  const [chosen] = usable.toSorted((a, b) => textOf(a['status']).localeCompare(textOf(b['status'])))
  if (chosen) return textOf(chosen['instanceId'])
  throw new CliError(
    `${showRef(ref)} has no live instance of ${qualifier}`,
    exitCodes.notFound,
    `start one with \`sluice invoke ${showRef(ref)}\`; \`sluice instances ${showRef(ref)}\` lists those of other versions`,
  )
}
