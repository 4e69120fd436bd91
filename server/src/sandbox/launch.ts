/** Starts the program of a process sandbox: its limits, its environment, and why it could not be started. */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type { SandboxLimits, SandboxSpec } from './port.ts'
import { problemOf } from './spec-check.ts'

export type Child = ChildProcessByStdio<null, Readable, Readable> & { pid: number }

/** What `ulimit -f` counts in. */
const FILE_SIZE_BLOCK_BYTES = 512
/** When the host runs out of memory, the kernel takes a function before the platform; 0 is usual, 1000 the most. */
export const OUT_OF_MEMORY_SCORE = 500
/** Variables that shells set by themselves. */
const SHELL_VARIABLES = ['PWD', 'OLDPWD', 'SHLVL']

const REASONS: Record<string, string> = {
  E2BIG: 'its environment and arguments together are larger than the system accepts',
  EAGAIN: 'the host has no process left (see its limit of processes)',
  EMFILE: 'the platform has no file descriptor left (see its limit of open files)',
  ENFILE: 'the host has no file descriptor left',
  ENOMEM: 'the host has no memory left',
  ENOENT: 'there is no /bin/sh',
}

/**
 * Starts it in a session and process group of its own. Rejects with the reason in words; the reason never quotes the
 * environment or arguments. A shell sets the limits and is replaced by the program. (Shells drop variables whose names
 * are not letters, digits and underscores; Function Compute accepts no others.)
 */
export async function launch(
  spec: SandboxSpec,
  environment: Readonly<Record<string, string>>,
  workingFolder: string,
): Promise<Child> {
  const problem = problemOf({ command: spec.command, environment })
  if (problem !== null) throw new Error(`cannot start the sandbox: ${problem}`)
  const [shell, ...args] = limited(spec.command, spec.limits, environment)
  try {
    const child = spawn(shell, args, {
      cwd: workingFolder,
      env: { ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.pid === undefined) throw (await once(child, 'error'))[0]
    return child as Child
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new Error(`cannot start the sandbox: ${REASONS[code] ?? 'the system refuses'} (${code})`, { cause: error })
  }
}

/** The command with the limits that a process sets for itself and its children. */
export function limited(
  command: readonly string[],
  limits: SandboxLimits,
  environment: Readonly<Record<string, string>>,
): [string, ...string[]] {
  return ['/bin/sh', '-c', limitingScript(limits, environment), 'sh', ...command]
}

/**
 * No limit of processes is set here: the kernel counts them per user, not per tree, so one function would use up the
 * processes of all (and of the platform), and it does not hold for root. The sampler counts the tree instead. A limit that
 * cannot be set is one that is already lower.
 */
function limitingScript(limits: SandboxLimits, environment: Readonly<Record<string, string>>): string {
  const blocks = Math.ceil(limits.diskBytes / FILE_SIZE_BLOCK_BYTES)
  const leftovers = SHELL_VARIABLES.filter((name) => environment[name] === undefined)
  return [
    'ulimit -c 0 2>/dev/null',
    `ulimit -n ${Math.floor(limits.openFiles)} 2>/dev/null`,
    `ulimit -f ${blocks} 2>/dev/null`,
    `{ echo ${OUT_OF_MEMORY_SCORE} >/proc/self/oom_score_adj; } 2>/dev/null`,
    `unset ${leftovers.join(' ')}`,
    'exec "$@"',
  ].join('; ')
}
