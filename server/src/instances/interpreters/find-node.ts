/** Node.js: the one that runs us, those that `sluice runtimes install` brought, and those of the machine. */
import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { type Interpreter, type InterpreterFinder, runtimeFolder } from './interpreter.ts'
import { ask, managedVersions, namesIn, programsOn } from './programs.ts'

/** The oldest that our part of it (runtimes/nodejs) runs on. */
export const NODE_MAJOR_MIN = 14
const PROGRAM_NAME = /^node(js)?(-?\d+)?$/
const QUESTION = 'process.versions.node + "\\n" + process.execPath'

interface Found {
  program: string
  version: string
}

export const nodeFinder: InterpreterFinder = {
  language: 'nodejs',
  program: 'node',
  debianCommand: 'apt-get install nodejs',
  commandFor: ({ name, version }) => (Number(version) >= NODE_MAJOR_MIN ? `npx sluice runtimes install ${name}` : null),
  async find({ path, directory }) {
    const [installed, managed, programs, own] = await Promise.all([
      findInstalled(directory),
      managedVersions(path, 'node'),
      programsOn(path, PROGRAM_NAME),
      realpath(process.execPath),
    ])
    const asked = await Promise.all(
      programs.map(async (command) => ((await realpath(command)) === own ? null : askNode(command))),
    )
    const found = [
      { program: process.execPath, version: process.versions.node },
      ...installed,
      ...managed,
      ...asked.filter((answer) => answer !== null),
    ]
    return found
      .filter(({ version }) => Number.parseInt(version, 10) >= NODE_MAJOR_MIN)
      .map(({ program, version }) => nodeInterpreter(program, version))
  },
}

/** Packages of npm, which tell their version; what is no such package is passed over. */
async function findInstalled(directory: string): Promise<Found[]> {
  const folders = (await namesIn(directory)).filter((name) => /^nodejs-\d+$/.test(name))
  const found = await Promise.all(folders.map((name) => readPackage(join(directory, name)).catch(() => null)))
  return found.filter((one) => one !== null)
}

async function readPackage(folder: string): Promise<Found | null> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version?: unknown }
  const program = join(folder, 'bin', 'node')
  // Some of these packages write v18.20.8.
  return typeof version === 'string' && existsSync(program) ? { program, version: version.replace(/^v/, '') } : null
}

/** Of a wrapper the program that it leads to. */
async function askNode(command: string): Promise<Found | null> {
  const [version, program] = (await ask(command, ['-p', QUESTION])) ?? []
  return version && program ? { program, version } : null
}

function nodeInterpreter(program: string, version: string): Interpreter {
  const folder = runtimeFolder('nodejs')
  return {
    language: 'nodejs',
    version,
    program,
    command: [program, join(folder, 'bootstrap.cjs')],
    readOnlyPaths: [program, folder],
  }
}
