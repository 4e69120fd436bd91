/** Python 3: those on PATH, and those that pyenv keeps behind its wrapper scripts. */
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type Interpreter, type InterpreterFinder, runtimeFolder } from './interpreter.ts'
import { ask, managedVersions, programsOn } from './programs.ts'

/** The oldest that our part of it (runtimes/python) runs on. */
const PYTHON_MINOR_MIN = 7
const PROGRAM_NAME = /^python3(\.\d+)?$/
const QUESTION = 'import sys; print(sys.executable); print(sys.version.split()[0]); print(sys.base_prefix)'

export const pythonFinder: InterpreterFinder = {
  language: 'python',
  program: 'python3',
  debianCommand: 'apt-get install python3',
  commandFor: () => null,
  async find({ path }) {
    const [programs, managed] = await Promise.all([programsOn(path, PROGRAM_NAME), managedVersions(path, 'python3')])
    const asked = await Promise.all(programs.map(askPython))
    return [...asked.filter((found) => found !== null), ...managed].filter(isNewEnough).map(pythonInterpreter)
  },
}

/** Of it a sandbox sees what programs of the system need, and no more. */
const SYSTEM_FOLDER = '/usr'

interface Found {
  program: string
  version: string
  /** That it is installed into. */
  folder: string
}

async function askPython(command: string): Promise<Found | null> {
  const [executable, version, folder] = (await ask(command, ['-E', '-S', '-c', QUESTION])) ?? []
  if (!executable || !version || !folder) return null
  // In a virtual environment it is a link to the Python that the environment was made from.
  return { program: await realpath(executable).catch(() => executable), version, folder }
}

function isNewEnough({ version }: Found): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major === 3 && minor! >= PYTHON_MINOR_MIN
}

function pythonInterpreter({ program, version, folder }: Found): Interpreter {
  const ours = runtimeFolder('python')
  return {
    language: 'python',
    version: /^[\d.]*\d/.exec(version)![0],
    program,
    // -S and -s: the host's own packages are not the function's; -E: nor is the platform's environment.
    command: [program, '-u', '-S', '-E', '-s', join(ours, 'bootstrap.py')],
    readOnlyPaths: [program, ...(folder === SYSTEM_FOLDER ? [] : [folder]), ours],
  }
}
