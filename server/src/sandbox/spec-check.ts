/** What of a sandbox's specification can be seen to be wrong before anything is made. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { SandboxSpec } from './port.ts'

const PATH_USUAL = '/usr/local/bin:/usr/bin:/bin'
/** Linux: MAX_ARG_STRLEN, and what all together may take of a stack of the usual size. */
const TEXT_BYTES_MAX = 128 * 1024
const TEXTS_BYTES_MAX = 2 * 1024 * 1024

type Program = Pick<SandboxSpec, 'command' | 'environment'>

/** The reason in words, which never quotes the environment or arguments; null when there is none. */
export function problemOf({ command, environment }: Program): string | null {
  const problem = textProblemOf({ command, environment })
  if (problem !== null) return problem
  const program = command[0]!
  const candidates = program.includes('/')
    ? [program]
    : (environment['PATH'] ?? PATH_USUAL).split(delimiter).map((folder) => join(folder, program))
  if (candidates.some(isExecutable)) return null
  const exists = candidates.some((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
  return `${program} ${exists ? 'is not an executable file' : 'does not exist'}`
}

/** As `problemOf`, for a program that is not the host's to find. */
export function textProblemOf({ command, environment }: Program): string | null {
  if (!command[0]) return 'the command is empty'
  const texts = [...command, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]
  if (texts.some((text) => text.includes('\0'))) return 'its environment or arguments hold a NUL character'
  const sizes = texts.map((text) => Buffer.byteLength(text) + 1)
  if (Math.max(...sizes) > TEXT_BYTES_MAX || sizes.reduce((sum, size) => sum + size, 0) > TEXTS_BYTES_MAX) {
    return 'its environment and arguments together are larger than the system accepts'
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
