/**
 * The root file systems of oci sandboxes: folders of mount points, one for each kind of runtime, shared by all sandboxes
 * of the kind and read-only for them. They show what a runtime needs of the host and nothing else of it.
 */
import { createHash } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PLATFORM_NAME } from './dns-message.ts'

export const CODE_PATH = '/code'
export const LAYERS_PATH = '/opt'
export const TEMPORARY_PATH = '/tmp'
export const CHANNEL_PATH = '/run/channel.sock'

export interface BaseMount {
  source: string
  destination: string
}

/** Such as this platform, when somebody tries it in `/tmp`: the sandbox's own `/tmp` would hide it. */
export function isBelowTemporary({ destination }: BaseMount): boolean {
  return destination.startsWith(`${TEMPORARY_PATH}/`)
}

/** Programs, libraries and data of the system; nothing that an administrator put elsewhere, and no configuration. */
const SYSTEM_FOLDERS = ['/usr/bin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/share']
/** Where systems have these as folders of their own instead of links into /usr. */
const MERGED_FOLDERS = ['/bin', '/lib', '/lib32', '/lib64']
/** Of the configuration, what programs need to find libraries, certificates, fonts, time zones and types. */
const SYSTEM_FILES = [
  ...['/etc/ld.so.cache', '/etc/ssl/certs', '/etc/ssl/openssl.cnf', '/etc/pki/tls/certs', '/etc/pki/ca-trust'],
  ...['/etc/alternatives', '/etc/localtime', '/etc/mime.types', '/etc/fonts', '/etc/protocols', '/etc/services'],
]
const EMPTY_FOLDERS = ['proc', 'dev', 'sys', 'tmp', 'code', 'opt', 'run', 'etc', 'usr', 'var', 'root', 'home']

export interface RootFolder {
  path: string
  mounts: readonly BaseMount[]
}

/** The mounts that a runtime with these paths needs. What lies inside another of them is left to that. */
function baseMounts(readOnlyPaths: readonly string[]): BaseMount[] {
  const system = [...SYSTEM_FOLDERS, ...SYSTEM_FILES, ...MERGED_FOLDERS.filter((path) => !isLink(path))]
  const wanted = [...new Set([...system, ...readOnlyPaths])].filter((path) => existsSync(path))
  return wanted
    .filter((path) => !wanted.some((other) => other !== path && path.startsWith(`${other}/`)))
    .map((path) => ({ source: realpathSync(path), destination: path }))
}

/** Makes root folders on demand, each once. */
export class RootFolders {
  readonly #directory: string
  /** Of the platform for sandboxes, which also is their name server. */
  readonly #platformAddress: string
  readonly #made = new Map<string, Promise<RootFolder>>()

  constructor(directory: string, platformAddress: string) {
    this.#directory = directory
    this.#platformAddress = platformAddress
  }

  get(readOnlyPaths: readonly string[]): Promise<RootFolder> {
    const key = createHash('sha256').update(readOnlyPaths.join('\0')).digest('hex').slice(0, 16)
    let folder = this.#made.get(key)
    if (folder === undefined) {
      folder = makeRoot(join(this.#directory, key), readOnlyPaths, this.#platformAddress)
      this.#made.set(key, folder)
      // What failed (a full disk) may succeed the next time.
      folder.catch(() => this.#made.delete(key))
    }
    return folder
  }
}

async function makeRoot(path: string, readOnlyPaths: readonly string[], platformAddress: string): Promise<RootFolder> {
  const mounts = baseMounts(readOnlyPaths)
  const unfinished = `${path}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o755 })
  const inside = (name: string): string => join(unfinished, name)
  for (const name of EMPTY_FOLDERS) await mkdir(inside(name), { mode: 0o755 })
  for (const link of MERGED_FOLDERS.filter(isLink)) await symlink(`usr${link}`, inside(link))
  for (const { source, destination } of mounts) await makeMountPoint(source, inside(destination))
  await writeFile(inside(CHANNEL_PATH), '')
  for (const [name, text] of Object.entries(configuration(platformAddress)))
    await writeFile(inside(`etc/${name}`), text)
  await makeReadable(unfinished)
  await rm(path, { recursive: true, force: true })
  await rename(unfinished, path)
  return { path, mounts }
}

async function makeMountPoint(source: string, place: string): Promise<void> {
  const isFolder = statSync(source).isDirectory()
  await mkdir(isFolder ? place : dirname(place), { recursive: true, mode: 0o755 })
  if (!isFolder) await writeFile(place, '')
}

/** For the users of sandboxes, whatever the platform's own umask is. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeReadable(join(folder, entry.name))
    else if (entry.isFile()) await chmod(join(folder, entry.name), 0o644)
  }
}

/** Of /etc, what names this host and others. */
export function networkFiles(platformAddress: string): Record<string, string> {
  return {
    hostname: 'sluice\n',
    hosts: `127.0.0.1 localhost sluice\n::1 localhost\n${platformAddress} ${PLATFORM_NAME}\n`,
    'resolv.conf': `nameserver ${platformAddress}\noptions timeout:2 attempts:2\n`,
  }
}

function configuration(platformAddress: string): Record<string, string> {
  return {
    ...networkFiles(platformAddress),
    passwd: '',
    group: 'root:x:0:\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  }
}

function isLink(path: string): boolean {
  // A link resolves to somewhere else than itself; what does not exist is neither.
  return existsSync(path) && realpathSync(path) !== path
}
