/** Who the first process of an image runs as, by the image's own files. */
import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '../limits.ts'
import type { ImageUser } from '../port.ts'
import { ImageError, OWNERS_MAX } from './limits.ts'

const FILE_BYTES_MAX = 1024 * 1024

/** `user`: `name-or-id[:name-or-id]`, empty for root. Rejects with ImageError when a name is not known in `rootFolder`. */
export async function resolveUser(user: string, rootFolder: string): Promise<ImageUser> {
  const [wantedUser, wantedGroup] = (user || '0').split(/:(.*)/s) as [string, string?]
  const accounts = await readRecords(rootFolder, 'passwd')
  const groups = await readRecords(rootFolder, 'group')
  const account = accounts.find(([name, , id]) => name === wantedUser || id === wantedUser)
  const uid = idOf(wantedUser, account?.[2], 'user')
  const group = groups.find(([name, , id]) => name === wantedGroup || id === wantedGroup)
  const gid = wantedGroup ? idOf(wantedGroup, group?.[2], 'group') : idOf(account?.[3] ?? '0', undefined, 'group')
  const name = account?.[0]
  const memberships = groups.filter(([, , , members = '']) => name !== undefined && members.split(',').includes(name))
  const additional = memberships.map(([, , id]) => Number(id)).filter((id) => isId(id) && id !== gid)
  // A group that the image names takes the place of all that the user is in.
  return { uid, gid, groups: wantedGroup ? [] : additional }
}

function idOf(wanted: string, known: string | undefined, kind: string): number {
  const id = Number(known ?? (/^\d+$/.test(wanted) ? wanted : Number.NaN))
  if (isId(id)) return id
  throw new ImageError(`its ${kind} ${quote(wanted)} is not in the image's /etc, or has an id above ${OWNERS_MAX - 1}`)
}

function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < OWNERS_MAX
}

/** Read on the host, so no link is followed: it could lead to the host's own file. */
async function readRecords(rootFolder: string, name: string): Promise<string[][]> {
  const folder = join(rootFolder, 'etc')
  const isFolder = await lstat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return []
  const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => null,
  )
  if (file === null) return []
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > FILE_BYTES_MAX) return []
    return (await file.readFile('utf8')).split('\n').map((line) => line.split(':'))
  } finally {
    await file.close()
  }
}
