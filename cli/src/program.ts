/** The command line: every command with its options, and how a run ends. */
import { Command, CommanderError } from 'commander'
import { addAlerts } from './commands/alerts.ts'
import { addBill } from './commands/bill.ts'
import { addConfig } from './commands/config.ts'
import { addConsole } from './commands/console.ts'
import { addDeploy } from './commands/deploy.ts'
import { addDev } from './commands/dev.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExec } from './commands/exec.ts'
import { addInfo } from './commands/info.ts'
import { addInit } from './commands/init.ts'
import { addInstances } from './commands/instances.ts'
import { addInvoke } from './commands/invoke.ts'
import { addLayers } from './commands/layers.ts'
import { addList } from './commands/list.ts'
import { addLocal } from './commands/local.ts'
import { addLogs } from './commands/logs.ts'
import { addMetrics } from './commands/metrics.ts'
import { addRemove } from './commands/remove.ts'
import { addRuntimes } from './commands/runtimes.ts'
import { addTasks } from './commands/tasks.ts'
import { addTop } from './commands/top.ts'
import { addTriggers } from './commands/triggers.ts'
import { addUp } from './commands/up.ts'
import { addVersion } from './commands/version.ts'
import { createContext, type GlobalOptions } from './context.ts'
import { CliError, exitCodes, messageOf } from './errors.ts'
import type { Terminal } from './terminal.ts'

const EXIT_CODES_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 denied, 5 platform not reachable.
Environment: SLUICE_ENDPOINT or SLUICE_PORT, SLUICE_DATA_DIR (its credentials.json holds the key),
SLUICE_ACCESS_KEY_ID, SLUICE_ACCESS_KEY_SECRET, NO_COLOR.`

const COMMANDS = [
  addUp,
  addInit,
  addDeploy,
  addDev,
  addInvoke,
  addLocal,
  addLogs,
  addMetrics,
  addTop,
  addAlerts,
  addBill,
  addConsole,
  addList,
  addLayers,
  addInfo,
  addInstances,
  addExec,
  addTasks,
  addRemove,
  addRuntimes,
  addTriggers,
  addConfig,
  addDoctor,
  addVersion,
]

/** Runs one command line (without program names); resolves with the exit code, never rejects. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('sluice')
    .description('Functions on your own hardware: deploy, call and watch them.')
    .option('--json', 'one JSON document on stdout; for streams one per line')
    .option('--endpoint <url>', 'address of the platform (SLUICE_ENDPOINT; http://127.0.0.1:7800)')
    .option('--access-key-id <id>', 'key id; its secret comes from SLUICE_ACCESS_KEY_SECRET only')
    .option('--no-color', 'no colours')
    .addHelpText('after', EXIT_CODES_HELP)
    .enablePositionalOptions()
    .showSuggestionAfterError()
  const json = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json')
  const settle = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      // With --json the error document says it.
      writeErr: (text) => void (json || terminal.stderr.write(text)),
    })
    command.commands.forEach(settle)
  }

  let exitCode: number = exitCodes.ok
  const contextOf = (command: Command) => {
    const given = lineOf(command).map((each) => each.opts<GlobalOptions>())
    const color = given.every((options) => options.color !== false)
    return createContext(terminal, { ...Object.assign({}, ...given), color })
  }
  for (const add of COMMANDS) add(program, contextOf, (code) => (exitCode = code))
  // Global options are understood before and after the command's name.
  program.commands.forEach(addGlobalOptions)
  settle(program)

  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && !json) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok
    const failure = toCliError(error)
    createContext(terminal, { json, color: !argv.includes('--no-color') }).output.error(failure)
    return failure.exitCode
  }
}

function addGlobalOptions(command: Command): void {
  command
    .option('--json', 'one JSON document on stdout')
    .option('--endpoint <url>', 'address of the platform')
    .option('--access-key-id <id>', 'key id')
    .option('--no-color', 'no colours')
  command.commands.forEach(addGlobalOptions)
}

/** A command and those that it belongs to, the outermost first. */
function lineOf(command: Command): Command[] {
  return command.parent ? [...lineOf(command.parent), command] : [command]
}

function toCliError(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown
  if (thrown instanceof CommanderError) return new CliError(thrown.message.replace(/^error: /, ''), exitCodes.usage)
  return new CliError(messageOf(thrown))
}
