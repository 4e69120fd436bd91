/** Runs the build steps of a function before its code is packed. */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { Environment } from '../connection.ts'
import { CliError, usageError } from '../errors.ts'
import { printable } from '../output.ts'
import type { BuildStep } from '../template/plan.ts'

/** Kept of what a command prints, to be shown when it fails. */
const OUTPUT_BYTES_MAX = 16 * 1024
const OUTPUT_LINES_MAX = 40

/**
 * Runs one command by the shell, in its folder; what it prints is shown only when it fails. Throws CliError with the end of
 * its output; it is ended when `signal` aborts. `name`: of the function, for messages.
 */
export async function runBuild(
  name: string,
  { command, folder }: BuildStep,
  environment: Environment,
  signal: AbortSignal,
): Promise<void> {
  const stats = await stat(folder).catch(() => undefined)
  if (!stats?.isDirectory()) throw usageError(`${name}: the build step '${command}' has no folder ${folder}`)
  const child = spawn(command, {
    shell: true,
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let output = ''
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_BYTES_MAX))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  child.on('error', reject)
  child.on('close', (code, ended) => resolve(code === 0 ? null : (ended ?? `exit code ${code}`)))
  const failure = await promise.catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
  if (failure === null) return
  const lines = output.trimEnd().split('\n').slice(-OUTPUT_LINES_MAX)
  const shown = lines.map((line) => `  ${printable(line.trimEnd(), false)}`).join('\n')
  throw new CliError(`${name}: the build failed (${failure}): ${command}\n  in ${folder}\n${shown}`.trimEnd())
}
