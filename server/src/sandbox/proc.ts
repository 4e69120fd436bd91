/** What the Linux kernel tells about processes in /proc. Everything reads as undefined once the process, or /proc, is gone. */
import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs'

export interface ProcessInfo {
  pid: number
  parent: number
  /** The process that made the session; stays when the process is handed to another parent. */
  session: number
  threads: number
  cpuMs: number
  /** Clock ticks since boot: with the pid, names a process for as long as the host runs. */
  startTicks: number
}

/** Linux tells user space about CPU time in hundredths of a second, whatever its own tick is. */
const MS_PER_TICK = 10
/** Longer than any stat, statm or status. */
const TEXT_BYTES_MAX = 4096
const buffer = Buffer.alloc(TEXT_BYTES_MAX)
const AUXILIARY_PAGE_SIZE = 6n
const PAGE_BYTES_USUAL = 4096

export function readProcess(pid: number): ProcessInfo | undefined {
  return parseStat(pid, readShort(`/proc/${pid}/stat`))
}

export function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0)
  } catch {
    return []
  }
}

/** The environment that the process was started with; undefined also for processes of other users. */
export function readEnvironment(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return undefined
  }
}

/** Resident memory that the process does not share with the files it maps. */
export function readPrivateBytes(pid: number): number {
  const [, resident, shared] = (readShort(`/proc/${pid}/statm`) ?? '').split(' ').map(Number)
  return ((resident ?? 0) - (shared ?? 0)) * pageBytes()
}

/** Readings of one process, through files that stay open: cheap, and never of another process with the same pid. */
export class ProcessProbe {
  readonly #pid: number
  /** Descriptors of stat, statm and status. */
  readonly #open: number[] = []

  /** Throws when there is no such process or no /proc. */
  constructor(pid: number) {
    this.#pid = pid
    try {
      for (const name of ['stat', 'statm', 'status']) this.#open.push(openSync(`/proc/${pid}/${name}`, 'r'))
    } catch (error) {
      this.close()
      throw error
    }
  }

  info(): ProcessInfo | undefined {
    return parseStat(this.#pid, this.#read(0))
  }

  /** Three times cheaper than `memory`, and without the peak. */
  residentBytes(): number | undefined {
    const pages = Number(this.#read(1)?.split(' ')[1])
    return pages > 0 ? pages * pageBytes() : undefined
  }

  /** Undefined also for a process that has ended and was not collected yet. */
  memory(): { residentBytes: number; peakBytes: number } | undefined {
    const text = this.#read(2)
    const resident = /VmRSS:\s+(\d+) kB/.exec(text ?? '')
    const peak = /VmHWM:\s+(\d+) kB/.exec(text ?? '')
    if (!resident || !peak) return undefined
    return { residentBytes: Number(resident[1]) * 1024, peakBytes: Number(peak[1]) * 1024 }
  }

  close(): void {
    for (const descriptor of this.#open) closeSync(descriptor)
  }

  #read(which: 0 | 1 | 2): string | undefined {
    return readDescriptor(this.#open[which]!)
  }
}

/** `pid (name) state parent …`: the name may hold spaces and parentheses, so the fields count from the last parenthesis. */
export function parseStat(pid: number, text: string | undefined): ProcessInfo | undefined {
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent, , session] = fields
  const startTicks = Number(fields[19])
  if (!Number.isInteger(startTicks) || state === 'Z' || state === 'X') return undefined
  return {
    pid,
    parent: Number(parent),
    session: Number(session),
    threads: Number(fields[17]),
    cpuMs: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK,
    startTicks,
  }
}

/** `readFileSync` asks for the size and the end of files that have neither, which takes several times as long. */
function readShort(path: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    return readDescriptor(descriptor)
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function readDescriptor(descriptor: number): string | undefined {
  try {
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, TEXT_BYTES_MAX, 0))
  } catch {
    return undefined
  }
}

let pageBytesKnown: number | undefined
function pageBytes(): number {
  pageBytesKnown ??= readPageBytes()
  return pageBytesKnown
}

/** From the auxiliary vector: pairs of 64-bit kind and value. */
function readPageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (vector.readBigUInt64LE(at) === AUXILIARY_PAGE_SIZE) return Number(vector.readBigUInt64LE(at + 8))
    }
  } catch {
    // Without /proc nothing is ever measured in pages.
  }
  return PAGE_BYTES_USUAL
}
