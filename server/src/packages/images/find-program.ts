/** Whether a program is in an image, looked for on the host as the system would look for it inside. */
import { lstat, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'

/** Linux: beyond it a path is a circle. */
const LINKS_MAX = 40
const EXECUTABLE = 0o111

export type ProgramProblem = 'missing' | 'forbidden'

/**
 * What is wrong with the program `name` in the image at `rootFolder`; null: nothing that can be seen. `searchPath`: as
 * PATH; `workingFolder`: absolute, inside.
 */
export async function programProblem(
  rootFolder: string,
  name: string,
  searchPath: string,
  workingFolder: string,
): Promise<ProgramProblem | null> {
  const folders = name.includes('/') ? [workingFolder] : searchPath.split(':')
  let problem: ProgramProblem = 'missing'
  for (const folder of folders) {
    const found = await resolveInside(rootFolder, posix.resolve(workingFolder, folder, name))
    const stats = found === null ? null : await lstat(found)
    if (stats === null) continue
    if (stats.isFile() && (stats.mode & EXECUTABLE) !== 0) return null
    problem = 'forbidden'
  }
  return problem
}

/** The host's path of what an absolute path inside leads to, all links followed inside; null when there is nothing. */
async function resolveInside(rootFolder: string, path: string): Promise<string | null> {
  const ahead = path.split('/').toReversed()
  let place: string[] = []
  let links = 0
  while (ahead.length > 0) {
    const name = ahead.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      place.pop()
      continue
    }
    const here = join(rootFolder, ...place, name)
    const stats = await lstat(here).catch(() => null)
    if (stats === null) return null
    if (!stats.isSymbolicLink()) {
      place.push(name)
      continue
    }
    if (++links > LINKS_MAX) return null
    const target = await readlink(here)
    if (target.startsWith('/')) place = []
    ahead.push(...target.split('/').toReversed())
  }
  return join(rootFolder, ...place)
}
