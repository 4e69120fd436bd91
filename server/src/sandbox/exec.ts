/** Starts a further program for someone who looks into a sandbox: on pipes, or on a terminal that `pty.py` opens. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { sendSignal } from './census.ts'
import type { ExecProcess } from './port.ts'

const PTY_HELPER = fileURLToPath(new URL('./pty.py', import.meta.url))
/** Until the other side tells the size of its own. */
const COLUMNS_INITIAL = 80
const ROWS_INITIAL = 24
const NO_PYTHON = 'cannot open a terminal: there is no python3 on this host; install it, or run the program without one'

export interface SpawnExecOptions {
  terminal: boolean
  cwd: string
  /** The whole environment; nothing of ours is inherited. */
  env: Readonly<Record<string, string>>
}

/** In a session and process group of its own, whose id is `pid`. Rejects with the reason in words. */
export async function spawnExec(
  command: readonly string[],
  { terminal, cwd, env }: SpawnExecOptions,
): Promise<ExecProcess & { readonly pid: number }> {
  const onTerminal = ['-I', PTY_HELPER, String(COLUMNS_INITIAL), String(ROWS_INITIAL), '--', ...command]
  const [program, args] = terminal ? ['python3', onTerminal] : [command[0]!, command.slice(1)]
  const child = spawn(program, args, {
    cwd,
    env: { ...env },
    detached: true,
    stdio: terminal ? ['pipe', 'pipe', 'ignore', 'pipe'] : ['pipe', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException]
    if (terminal && error.code === 'ENOENT') throw new Error(NO_PYTHON)
    throw new Error(`cannot run the program: the system refuses (${error.code})`, { cause: error })
  }
  return running(child, child.pid)
}

function running(child: ChildProcess, pid: number): ExecProcess & { readonly pid: number } {
  const control = (child.stdio[3] as Writable | null | undefined) ?? null
  // What is typed after the program has ended is lost, as on any terminal.
  for (const input of [child.stdin!, control]) input?.on('error', () => {})
  return {
    pid,
    stdin: child.stdin!,
    stdout: child.stdout!,
    stderr: child.stderr ?? Readable.from([]),
    resize: (columns, rows) => void control?.write(`${columns} ${rows}\n`),
    exited: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
    kill() {
      if (!control) return sendSignal(-pid, 'SIGKILL')
      // The helper kills the program, which is in a session of its own, and ends with it; also when nobody reads.
      control.destroy()
      child.stdout!.destroy()
    },
  }
}
