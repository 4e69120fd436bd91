/** Runs the platform's own program in the foreground. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import nodeFlags from '../../server/node-flags.json' with { type: 'json' }
import { CliError, exitCodes, type ExitCode } from './errors.ts'
import type { Terminal } from './terminal.ts'

export const SERVER_MAIN = join(import.meta.dirname, '..', '..', 'server', 'src', 'main.ts')

/** Resolves when it has ended: ok for exit code 0 and for an end by the signals that mean "stop". */
export async function runPlatform(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (!existsSync(SERVER_MAIN)) {
    throw new CliError(`the platform is not here (${SERVER_MAIN})`, exitCodes.failure, 'run this in a Sluice checkout')
  }
  const child = spawn(process.execPath, [...nodeFlags, SERVER_MAIN, ...args], {
    stdio: 'inherit',
    cwd: terminal.folder,
    env: terminal.environment,
  })
  // A terminal sends Ctrl+C to the child as well; only signals that reach this process alone are passed on.
  const interrupt = () => void (terminal.stdin.isTTY || child.kill('SIGINT'))
  const terminate = () => void child.kill('SIGTERM')
  process.on('SIGINT', interrupt).on('SIGTERM', terminate).on('SIGHUP', terminate)
  try {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: string | null }>()
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve({ code, signal }))
    const { code, signal } = await promise
    return code === 0 || signal === 'SIGINT' || signal === 'SIGTERM' ? exitCodes.ok : toExitCode(code)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate).off('SIGHUP', terminate)
  }
}

function toExitCode(code: number | null): ExitCode {
  return code === exitCodes.usage ? exitCodes.usage : exitCodes.failure
}
