/** What this machine has for isolating functions, as far as can be seen without changing anything. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readdir, readFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '../connection.ts'
import { type Cgroups, type IsolationFacts, SOUGHT_PROGRAMS } from './isolation.ts'

const PROGRAM_TIMEOUT_MS = 5_000
const CGROUPS = '/sys/fs/cgroup'
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
/** Programs for root may lie where PATH does not look. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

export async function gatherIsolationFacts(environment: Environment): Promise<IsolationFacts> {
  const folders = [...(environment['PATH'] ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS]
  const [containerRuntimes, programs, plugins, cgroups, namespaces, limits] = await Promise.all([
    versionsOf(environment['SLUICE_OCI_RUNTIME'] ? [environment['SLUICE_OCI_RUNTIME']] : ['crun', 'runc'], folders),
    filter(SOUGHT_PROGRAMS, async (name) => (await find(name, folders)) !== undefined),
    Promise.all(CNI_FOLDERS.map(list)),
    cgroupsHere(),
    list('/proc/self/ns'),
    readText('/proc/self/limits'),
  ])
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isDebian: await canAccess('/etc/debian_version', constants.F_OK),
    containerRuntimes,
    cniPlugins: plugins.find((names) => names.length > 0) ?? [],
    programs,
    cgroups,
    namespaces,
    netNamespacesMax: await readNumber('/proc/sys/user/max_net_namespaces'),
    hasLoopDevices: await canAccess('/dev/loop-control', constants.F_OK),
    openFilesMax: hardOpenFilesLimit(limits),
    inotifyInstancesMax: await readNumber('/proc/sys/fs/inotify/max_user_instances'),
  }
}

/** Of version 1 each controller is a mount of its own; of version 2 runtimes pass on what the root has. */
async function cgroupsHere(): Promise<Cgroups | undefined> {
  const unified = await readText(join(CGROUPS, 'cgroup.controllers'))
  if (unified) {
    const isWritable = await canAccess(join(CGROUPS, 'cgroup.procs'), constants.W_OK)
    return { version: 2, writableControllers: isWritable ? [...unified.trim().split(' '), 'freezer'] : [] }
  }
  const mounted = await list(CGROUPS)
  const isWritable = (name: string) => canAccess(join(CGROUPS, name, 'cgroup.procs'), constants.W_OK)
  const writableControllers = await filter(['memory', 'cpu', 'pids', 'freezer'], isWritable)
  return mounted.length === 0 ? undefined : { version: 1, writableControllers }
}

async function versionsOf(names: readonly string[], folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const path = await find(name, folders)
      if (path === undefined) return []
      try {
        const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: PROGRAM_TIMEOUT_MS })
        return [stdout.split('\n')[0]!.replace(' version ', ' ').trim()]
      } catch {
        // Not one that runs here.
        return []
      }
    }),
  )
  return found.flat()
}

/** Of the line `Max open files  soft  hard  files`; Node raises the soft limit to the hard one by itself. */
function hardOpenFilesLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  return hard === 'unlimited' ? Infinity : Number(hard ?? 0)
}

async function find(program: string, folders: readonly string[]): Promise<string | undefined> {
  const paths = isAbsolute(program) ? [program] : folders.map((folder) => join(folder, program))
  return (await filter(paths, (path) => canAccess(path, constants.X_OK)))[0]
}

async function filter(names: readonly string[], holds: (name: string) => Promise<boolean>): Promise<string[]> {
  const held = await Promise.all(names.map(holds))
  return names.filter((_, index) => held[index])
}

const canAccess = (path: string, mode: number) =>
  access(path, mode).then(
    () => true,
    () => false,
  )

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
const readText = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
const readNumber = async (path: string): Promise<number> => Number((await readText(path)).trim())
