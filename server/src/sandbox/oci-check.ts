/** Which OCI runtimes this machine has. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { OciProgram } from './oci-host.ts'

/** In the order of preference: crun starts a container in half the time of runc. */
const PROGRAMS = ['crun', 'runc']
/** Not always on the PATH of a user. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

export function findOciPrograms(path: string): OciProgram[] {
  const folders = [...path.split(delimiter), ...SYSTEM_FOLDERS]
  return PROGRAMS.flatMap((name) => {
    const found = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate))
    return found === undefined ? [] : [{ name, path: found }]
  })
}
