/** Control groups of sandboxes, version 1 and 2: limits, freezing, what is used. Plain files, read and written at once. */
import { closeSync, openSync, readFileSync, readSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sendSignal } from './census.ts'
import type { SandboxLimits } from './port.ts'

export const CPU_PERIOD_US = 100_000
const SHARES_PER_CORE = 1024
/** Bounds of cpu.shares, and of cpu.weight that they are mapped to (Linux, cgroup-v1 and cgroup-v2). */
const SHARES = { min: 2, max: 262_144 }
const WEIGHT = { min: 1, max: 10_000 }
/** A function may use this much when nobody else wants it, though its share is less. */
const CPU_CEILING_MIN = 1
const NS_PER_MS = 1e6
const US_PER_MS = 1e3

export interface CgroupMounts {
  version: 1 | 2
  /** Where each controller is mounted; in version 2 all are at one place. */
  controllers: ReadonlyMap<string, string>
  /** A version 2 hierarchy without controllers beside version 1, which confuses some OCI runtimes. */
  unified: string | null
}

const REASONS: Record<string, string> = {
  EBUSY: 'more is in use already',
  ENOENT: 'there is no such control group or file',
}

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct', 'freezer']

/** Reads /proc/mounts; null when a controller that sandboxes need is missing. */
export function findCgroups(procMounts: string): CgroupMounts | null {
  const mounts = procMounts
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, path = '', type, options = '']) => ({ path, type, options: options.split(',') }))
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.path ?? null
  const legacy = mounts.filter(({ type }) => type === 'cgroup')
  const controllers = new Map<string, string>()
  for (const { path, options } of legacy) {
    for (const name of options) if (CONTROLLERS.includes(name)) controllers.set(name, path)
  }
  if (CONTROLLERS.every((name) => controllers.has(name))) {
    // Every hierarchy, for removal: OCI runtimes make a group in each.
    for (const { path } of legacy) if (![...controllers.values()].includes(path)) controllers.set(path, path)
    return { version: 1, controllers, unified }
  }
  if (unified === null || controllers.has('memory')) return null
  return { version: 2, controllers: new Map([['all', unified]]), unified: null }
}

/** `cpu` cores as cpu.shares; what is between is proportional. */
export function cpuShares(cpu: number): number {
  return Math.min(SHARES.max, Math.max(SHARES.min, Math.round(cpu * SHARES_PER_CORE)))
}

/** cpu.shares as cpu.weight, by the mapping that OCI runtimes use. */
export function cpuWeight(shares: number): number {
  return WEIGHT.min + Math.floor(((shares - SHARES.min) * (WEIGHT.max - WEIGHT.min)) / (SHARES.max - SHARES.min))
}

/** Most CPU time in each period, in microseconds. */
export function cpuQuotaUs(cpu: number): number {
  return Math.round(Math.max(cpu, CPU_CEILING_MIN) * CPU_PERIOD_US)
}

/** The first number after `key` at the beginning of a line. */
export function field(text: string, key: string): number {
  const at = text.startsWith(`${key} `) ? 0 : text.indexOf(`\n${key} `) + 1
  if (at === 0 && !text.startsWith(`${key} `)) return 0
  return Number.parseInt(text.slice(at + key.length + 1), 10) || 0
}

export interface CgroupUsage {
  memoryBytes: number
  cpuMs: number
}

/** One group, made and removed by the OCI runtime. */
export class Cgroup {
  readonly #mounts: CgroupMounts
  readonly #name: string
  #oomFile: number | null = null
  #limitBytes: number

  constructor(mounts: CgroupMounts, name: string, limitBytes: number) {
    this.#mounts = mounts
    this.#name = name
    this.#limitBytes = limitBytes
  }

  /** Throws when the kernel refuses a limit, as when more memory is in use already. */
  setLimits({ memoryBytes, processes, cpu }: SandboxLimits): void {
    if (this.#mounts.version === 2) {
      this.#write('memory', 'memory.max', memoryBytes)
      this.#writeIfThere('memory', 'memory.swap.max', 0)
      this.#write('cpu', 'cpu.weight', cpuWeight(cpuShares(cpu)))
      this.#write('cpu', 'cpu.max', `${cpuQuotaUs(cpu)} ${CPU_PERIOD_US}`)
    } else {
      const isLower = memoryBytes < this.#limitBytes
      // Memory with swap may never be set below memory alone.
      if (!isLower) this.#writeIfThere('memory', 'memory.memsw.limit_in_bytes', memoryBytes)
      this.#write('memory', 'memory.limit_in_bytes', memoryBytes)
      if (isLower) this.#writeIfThere('memory', 'memory.memsw.limit_in_bytes', memoryBytes)
      this.#write('cpu', 'cpu.shares', cpuShares(cpu))
      this.#write('cpu', 'cpu.cfs_quota_us', cpuQuotaUs(cpu))
    }
    this.#write('pids', 'pids.max', processes)
    this.#limitBytes = memoryBytes
  }

  setFrozen(frozen: boolean): void {
    if (this.#mounts.version === 2) this.#write('freezer', 'cgroup.freeze', frozen ? 1 : 0)
    else this.#write('freezer', 'freezer.state', frozen ? 'FROZEN' : 'THAWED')
  }

  /** Without what the kernel can take back at once: file pages that are not in use. */
  usage(): CgroupUsage {
    if (this.#mounts.version === 2) {
      const inactiveBytes = field(this.#read('memory', 'memory.stat'), 'inactive_file')
      return {
        memoryBytes: Math.max(0, Number(this.#read('memory', 'memory.current')) - inactiveBytes),
        cpuMs: field(this.#read('cpu', 'cpu.stat'), 'usage_usec') / US_PER_MS,
      }
    }
    const inactiveBytes = field(this.#read('memory', 'memory.stat'), 'total_inactive_file')
    return {
      memoryBytes: Math.max(0, Number(this.#read('memory', 'memory.usage_in_bytes')) - inactiveBytes),
      cpuMs: Number(this.#read('cpuacct', 'cpuacct.usage')) / NS_PER_MS,
    }
  }

  /** The most there was, file pages included; 0 where the kernel does not say. */
  peakBytes(): number {
    try {
      return Number(
        this.#read('memory', this.#mounts.version === 2 ? 'memory.peak' : 'memory.max_usage_in_bytes').trim(),
      )
    } catch {
      return 0
    }
  }

  /** How many processes the kernel has killed for want of memory. Cheap: called often. */
  oomKills(): number {
    this.#oomFile ??= openSync(
      this.#path('memory', this.#mounts.version === 2 ? 'memory.events' : 'memory.oom_control'),
      'r',
    )
    const bytes = readSync(this.#oomFile, scratch, 0, scratch.length, 0)
    return field(scratch.toString('latin1', 0, bytes), 'oom_kill')
  }

  /** Pids on the host. */
  processes(): number[] {
    return readGroupProcesses(this.#path('pids', ''))
  }

  close(): void {
    if (this.#oomFile !== null) closeSync(this.#oomFile)
    this.#oomFile = null
  }

  #path(controller: string, file: string): string {
    const { version, controllers } = this.#mounts
    return join(controllers.get(version === 2 ? 'all' : controller)!, this.#name, file)
  }

  #read(controller: string, file: string): string {
    return readFileSync(this.#path(controller, file), 'latin1')
  }

  #write(controller: string, file: string, value: string | number): void {
    try {
      writeFileSync(this.#path(controller, file), String(value), { flag: 'r+' })
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      const reason = REASONS[code] ?? 'the kernel refuses'
      throw Object.assign(new Error(`cannot set ${file} to ${value}: ${reason} (${code})`, { cause: error }), { code })
    }
  }

  /** Kernels without swap accounting lack some files. */
  #writeIfThere(controller: string, file: string, value: string | number): void {
    try {
      this.#write(controller, file, value)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

const scratch = Buffer.alloc(512)

function readGroupProcesses(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Ends everything in the groups below `parent`, frozen or not; returns the names of the groups there were. */
export function killGroups(mounts: CgroupMounts, parent: string): Set<string> {
  const found = new Set<string>()
  for (const mount of new Set(mounts.controllers.values())) {
    const folder = join(mount, parent)
    for (const name of folders(folder)) {
      found.add(name)
      const group = join(folder, name)
      for (const pid of readGroupProcesses(group)) sendSignal(pid, 'SIGKILL')
      // A frozen process dies only when it is thawed; each version and hierarchy has one of these at most.
      tryWrite(join(group, 'cgroup.freeze'), '0')
      tryWrite(join(group, 'freezer.state'), 'THAWED')
    }
  }
  return found
}

/** Removes one group in every hierarchy; returns whether it is gone, which it is not while a process is in it. */
export function removeGroup(mounts: CgroupMounts, name: string): boolean {
  return [...new Set(mounts.controllers.values())].map((mount) => tryRemove(join(mount, name))).every(Boolean)
}

/** Removes the groups below `parent`, and `parent`; returns whether none is left, which takes until the last process is gone. */
export function removeGroups(mounts: CgroupMounts, parent: string): boolean {
  let isGone = true
  for (const mount of new Set(mounts.controllers.values())) {
    const folder = join(mount, parent)
    for (const name of folders(folder)) isGone = tryRemove(join(folder, name)) && isGone
    isGone = tryRemove(folder) && isGone
  }
  return isGone
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

function tryWrite(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' })
  } catch {
    // Not there, or gone meanwhile.
  }
}
