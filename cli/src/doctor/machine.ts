/** Checks of this machine: programs, folders, space. */
import { execFile } from 'node:child_process'
import { mkdtemp, rmdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '../connection.ts'
import { formatSize } from '../output.ts'
import { type Check, fail, ok, warn } from './check.ts'

const PROGRAM_TIMEOUT_MS = 5_000
const NODE_MAJOR_MIN = 26
const PYTHON_MIN = [3, 9] as const
const SPACE_BYTES_WARN = 1024 ** 3
const SPACE_BYTES_MIN = 100 * 1024 ** 2

export function checkNode(): Check {
  const { version } = process
  if (Number.parseInt(version.slice(1), 10) >= NODE_MAJOR_MIN) return ok('node', version)
  return fail('node', `${version} is too old`, `run npm install in the checkout: it brings Node ${NODE_MAJOR_MIN}`)
}

export async function checkPython(environment: Environment): Promise<Check> {
  try {
    const env = environment as NodeJS.ProcessEnv
    const { stdout } = await promisify(execFile)('python3', ['--version'], { timeout: PROGRAM_TIMEOUT_MS, env })
    return judgePython(stdout.trim())
  } catch {
    return judgePython(undefined)
  }
}

/** `version` as `python3 --version` prints it; undefined when there is none. */
export function judgePython(version: string | undefined): Check {
  const fix = `install python3, ${PYTHON_MIN.join('.')} or newer, and put it on PATH`
  if (version === undefined)
    return warn('python3', 'not found: functions in Python cannot run, nor can functions be isolated', fix)
  const [major = 0, minor = 0] = (/\d+\.\d+/.exec(version)?.[0] ?? '').split('.').map(Number)
  const isNewEnough = major > PYTHON_MIN[0] || (major === PYTHON_MIN[0] && minor >= PYTHON_MIN[1])
  return isNewEnough
    ? ok('python3', version)
    : warn('python3', `${version} is too old: functions in Python cannot run, nor can functions be isolated`, fix)
}

export async function checkDataFolder(folder: string): Promise<Check> {
  const stats = await stat(folder).catch(() => undefined)
  if (!stats) return ok('data folder', `${folder} is made at the first start`)
  if (!stats.isDirectory()) return fail('data folder', `${folder} is no folder`, 'set SLUICE_DATA_DIR to a folder')
  try {
    await rmdir(await mkdtemp(join(folder, '.doctor-')))
  } catch {
    return fail('data folder', `${folder} cannot be written`, `make it yours: chown -R "$USER" '${folder}'`)
  }
  const key = await stat(join(folder, 'credentials.json')).catch(() => undefined)
  if (key && (key.mode & 0o077) !== 0) {
    return warn('data folder', 'others can read the key in credentials.json', `chmod 600 '${folder}/credentials.json'`)
  }
  if ((stats.mode & 0o022) !== 0) return warn('data folder', `others can write ${folder}`, `chmod go-w '${folder}'`)
  return ok('data folder', folder)
}

export async function checkSpace(folder: string): Promise<Check> {
  let existing = folder
  while (!(await stat(existing).catch(() => undefined)) && existing !== dirname(existing)) existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  const freeBytes = bavail * bsize
  const detail = `${formatSize(freeBytes)} free at ${existing}`
  if (freeBytes < SPACE_BYTES_MIN) return fail('disk space', detail, 'free some: the platform cannot keep anything')
  if (freeBytes < SPACE_BYTES_WARN) return warn('disk space', detail, 'free some before code and logs fill it')
  return ok('disk space', detail)
}
