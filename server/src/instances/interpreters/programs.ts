/** Looks for programs on PATH and asks them what they are. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const ANSWER_MS_MAX = 10_000

/** The programs with such names in the folders of `path`, in their order; of several links to one file the first. */
export async function programsOn(path: string, name: RegExp): Promise<string[]> {
  const folders = path.split(delimiter).filter((folder) => folder !== '' && versionsBehind(folder) === null)
  const candidates = await Promise.all(
    folders.map(async (folder) =>
      (await namesIn(folder)).filter((entry) => name.test(entry)).map((entry) => join(folder, entry)),
    ),
  )
  const programs = new Map<string, string>()
  for (const program of candidates.flat()) {
    // A link to nowhere is no program.
    const file = await realpath(program).catch(() => null)
    if (file !== null && !programs.has(file)) programs.set(file, program)
  }
  return [...programs.values()]
}

/**
 * The versions of a program that a version manager (pyenv, nodenv) keeps behind its wrapper scripts on `path`. A wrapper
 * takes longer to start than the program, and leads to one of them only.
 */
export async function managedVersions(
  path: string,
  name: string,
): Promise<{ version: string; folder: string; program: string }[]> {
  const roots = [...new Set(path.split(delimiter).map(versionsBehind))].filter((root) => root !== null)
  const found = await Promise.all(
    roots.map(async (root) =>
      (await namesIn(root)).map((version) => {
        const folder = join(root, version)
        return { version, folder, program: join(folder, 'bin', name) }
      }),
    ),
  )
  return found.flat().filter(({ version, program }) => /^\d+(\.\d+)+$/.test(version) && existsSync(program))
}

function versionsBehind(folder: string): string | null {
  return basename(folder) === 'shims' ? join(dirname(folder), 'versions') : null
}

/** In their order by name; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort((a, b) => (a < b ? -1 : 1))
}

/** The lines that it prints; null when it fails or does not end. */
export async function ask(program: string, args: readonly string[]): Promise<string[] | null> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: ANSWER_MS_MAX })
    return stdout.trim().split('\n')
  } catch {
    return null
  }
}
