/** Whether this machine has what the oci sandbox is made with; pure but for looking at which files there are. */
import { existsSync } from 'node:fs'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import { SYSTEM_ENVIRONMENT } from './keeper.ts'
import type { OciProgram } from './oci-host.ts'

/** In the order of preference: crun starts a container in half the time of runc. */
const PROGRAMS = ['crun', 'runc']
/** Not always on the PATH of a user. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']
/** Where Debian has the CNI plugins, and where others put them. */
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
const CNI_PLUGINS = ['bridge', 'host-local']
const TOOLS = ['ip', 'nft', 'mount', 'nsenter', 'mkfs.ext4']

export interface OciParts {
  program: OciProgram
  cniFolder: string
  python: string
}

function find(name: string, path: string): string | undefined {
  return [...path.split(delimiter), ...SYSTEM_FOLDERS]
    .map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate))
}

/** The OCI runtimes that are preferred, best first. */
export function findOciPrograms(path: string): OciProgram[] {
  return PROGRAMS.flatMap((name) => {
    const found = find(name, path)
    return found === undefined ? [] : [{ name, path: found }]
  })
}

/** The parts, or why they are not all there. `wanted`: name or path of an OCI runtime; empty: one that is preferred. */
export function findOciParts(path: string, wanted: string, python: string | undefined): OciParts | { missing: string } {
  if (process.platform !== 'linux') return { missing: 'it needs Linux' }
  if (process.getuid?.() !== 0) return { missing: 'it needs the platform to run as root' }
  const program = wanted === '' ? findOciPrograms(path)[0] : findWanted(wanted, path)
  if (program === undefined) return { missing: `there is no ${wanted || 'crun or runc'} on PATH` }
  const cniFolder = CNI_FOLDERS.find((folder) => CNI_PLUGINS.every((plugin) => existsSync(join(folder, plugin))))
  if (cniFolder === undefined) {
    return { missing: `the CNI plugins ${CNI_PLUGINS.join(', ')} are not in ${CNI_FOLDERS.join(' or ')}` }
  }
  // They are run with this path, whatever ours is.
  const tools = TOOLS.filter((tool) => find(tool, SYSTEM_ENVIRONMENT.PATH) === undefined)
  if (tools.length > 0) return { missing: `${tools.join(', ')} cannot be found` }
  if (python === undefined) return { missing: 'there is no python3 on PATH' }
  return { program, cniFolder, python }
}

function findWanted(wanted: string, path: string): OciProgram | undefined {
  const found = isAbsolute(wanted) ? (existsSync(wanted) ? wanted : undefined) : find(wanted, path)
  return found === undefined ? undefined : { name: basename(wanted), path: found }
}
