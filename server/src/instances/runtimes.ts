/** Which runtime id runs on which interpreter of this host, and how it is started. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findJava } from './find-java.ts'

/** Every runtime id that Function Compute 2.0 or 3.0 knows. */
const KNOWN_RUNTIMES = [
  ...['4.4', '6', '8', '10', '12', '14', '16', '18', '20'].map((version) => `nodejs${version}`),
  ...['2.7', '3', '3.9', '3.10', '3.12'].map((version) => `python${version}`),
  ...['java8', 'java11', 'php7.2', 'dotnetcore2.1', 'dotnetcore3.1', 'go1'],
  ...['custom', 'custom.debian10', 'custom.debian11', 'custom.debian12', 'custom-container'],
] as const

export interface Interpreter {
  /** `nodejs`, `python` or `java`. */
  language: string
  /** Version of the interpreter that is here. */
  version: string
  /** Program and arguments that start the runtime. */
  command: readonly string[]
  readOnlyPaths: readonly string[]
}

export interface Runtimes {
  readonly all: readonly string[]
  available(runtime: string): { ok: true } | { ok: false; reason: string }
  /** Throws when `available` says no. */
  interpreter(runtime: string): Interpreter
  interpreters(): readonly Interpreter[]
}

const runtimesFolder = fileURLToPath(new URL('../../../runtimes', import.meta.url))

/** Looks for the interpreters on this host: Node is the one that runs us, Python the `python3` of `path`. */
export async function findRuntimes(path: string): Promise<Runtimes> {
  const found = new Map<string, Interpreter>()
  found.set('nodejs', {
    language: 'nodejs',
    version: process.versions.node,
    command: [process.execPath, join(runtimesFolder, 'nodejs', 'bootstrap.cjs')],
    readOnlyPaths: [process.execPath, join(runtimesFolder, 'nodejs')],
  })
  const [python, java] = await Promise.all([findPython(path), findJava(path, join(runtimesFolder, 'java'))])
  if (python) found.set('python', python)
  if (!('missing' in java)) found.set('java', java)

  const languageOf = (runtime: string) => /^(nodejs|python|java|php|dotnetcore|go|custom)/.exec(runtime)?.[1]
  const reasonFor = (language: string | undefined) =>
    language === 'python'
      ? 'no python3 was found on PATH; install it (Debian: apt-get install python3) and start the platform again'
      : language === 'java' && 'missing' in java
        ? java.missing
        : `this version of Sluice runs ${[...found.keys()].join(' and ')} functions only`
  return {
    all: KNOWN_RUNTIMES,
    available(runtime) {
      const language = languageOf(runtime)
      if (language !== undefined && found.has(language)) return { ok: true }
      return { ok: false, reason: reasonFor(language) }
    },
    interpreter(runtime) {
      const language = languageOf(runtime)
      const interpreter = found.get(language ?? '')
      if (!interpreter) throw new Error(reasonFor(language))
      return interpreter
    },
    interpreters: () => [...found.values()],
  }
}

async function findPython(path: string): Promise<Interpreter | null> {
  const program = path
    .split(delimiter)
    .map((folder) => join(folder, 'python3'))
    .find((candidate) => existsSync(candidate))
  if (!program) return null
  try {
    // A version manager puts a wrapper script on PATH that costs more than the interpreter's own start: ask for the real one.
    const script = 'import sys; print(sys.executable); print(sys.version.split()[0]); print(sys.prefix)'
    const { stdout } = await promisify(execFile)(program, ['-E', '-c', script], { timeout: 10_000 })
    const [executable, version, prefix] = stdout.trim().split('\n') as [string, string, string]
    return {
      language: 'python',
      version,
      // -S and -s: the host's own packages are not the function's; -E: nor is the platform's environment.
      command: [executable || program, '-u', '-S', '-E', '-s', join(runtimesFolder, 'python', 'bootstrap.py')],
      readOnlyPaths: [executable || program, prefix, dirname(executable || program), join(runtimesFolder, 'python')],
    }
  } catch {
    return null
  }
}
