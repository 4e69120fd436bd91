/** Debugging: the runtime of an instance opens its language's debugger and waits for a client before it loads the function. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { SandboxLimits } from '../sandbox/port.ts'
import { StartFailure } from './failure.ts'
import type { Interpreter } from './interpreters/interpreter.ts'

/** Instead of every limit of time: a person looks at a halted function for as long as it takes. */
export const DEBUGGING_MS_MAX = 24 * 60 * 60 * 1000
/** A debugger works inside the instance; it is not to be ended for what that takes. */
const DEBUGGER_BYTES = 1024 * 1024 * 1024
const LOOKUP_MS_MAX = 20_000

export interface Debugger {
  /** At 127.0.0.1. */
  port: number
  /** By the program of a Python: the folder from which it can import debugpy. */
  debugpyFolders: ReadonlyMap<string, string>
}

/** The `debug` of INIT (docs/reference/channel.md). */
export interface DebugInit {
  port: number
  /** Python: where debugpy is. */
  debugpyFolder?: string
}

/** Looks for debugpy in the packages of this host's Python. */
export async function findDebugger(port: number, interpreters: readonly Interpreter[]): Promise<Debugger> {
  const pythons = interpreters.filter(({ language }) => language === 'python').map(({ command }) => command[0]!)
  const script = 'import os, debugpy; print(os.path.dirname(os.path.dirname(os.path.abspath(debugpy.__file__))))'
  const found = await Promise.all(
    pythons.map(async (python): Promise<[string, string][]> => {
      try {
        const { stdout } = await promisify(execFile)(python, ['-c', script], { timeout: LOOKUP_MS_MAX, cwd: '/' })
        return [[python, stdout.trim()]]
      } catch {
        return []
      }
    }),
  )
  return { port, debugpyFolders: new Map(found.flat()) }
}

/**
 * What has to be different about the start: the interpreter's command, and what INIT says (null: nothing, the command
 * does it all). Throws StartFailure for a language that has no debugger here.
 */
export function debugged(
  interpreter: Interpreter,
  { port, debugpyFolders }: Debugger,
): { interpreter: Interpreter; init: DebugInit | null } {
  const [program, ...args] = interpreter.command as [string, ...string[]]
  if (interpreter.language === 'nodejs') return { interpreter, init: { port } }
  if (interpreter.language === 'java') {
    // A Java machine takes a debugger when it starts, or never; it then halts before the runtime has begun.
    const agent = `-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:${port}`
    return { interpreter: { ...interpreter, command: [program, agent, ...args] }, init: null }
  }
  if (interpreter.language !== 'python') {
    throw missing(`${interpreter.language} functions have no debugger here; nodejs, python and java functions do`)
  }
  const debugpyFolder = debugpyFolders.get(program)
  if (debugpyFolder === undefined) {
    throw missing(`debugging Python needs debugpy, which is not here; install it: ${program} -m pip install debugpy`)
  }
  return { interpreter, init: { port, debugpyFolder } }
}

export const withDebuggerMemory = (limits: SandboxLimits): SandboxLimits => ({
  ...limits,
  memoryBytes: limits.memoryBytes + DEBUGGER_BYTES,
})

function missing(errorMessage: string): StartFailure {
  return new StartFailure({ errorType: 'DebuggerMissing', errorMessage, handled: false })
}
