/** What processes use, as Linux tells it under /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Kernel ticks are hundredths of a second on every Linux that Node.js runs on. */
const TICK_MS = 10

export const hasProc = existsSync('/proc/self/smaps_rollup')

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    // The process has ended meanwhile.
    return undefined
  }
}

/** The fields of /proc/{pid}/stat after the name, which may itself hold spaces and brackets. */
function statFields(pid: number): string[] | undefined {
  const stat = readProc(`${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** The processes and all below them. */
export function processTree(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    const parent = Number.isInteger(pid) ? Number(statFields(pid)?.[1]) : Number.NaN
    if (Number.isInteger(parent)) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const tree: number[] = []
  const open = roots.filter((pid) => existsSync(`/proc/${pid}`))
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    tree.push(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return tree
}

/** CPU time of the processes and of the children they have waited for, in ms. */
export function cpuMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = statFields(pid)
    return fields ? fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) : 0
  })
  return ticks.reduce((sum, count) => sum + count, 0) * TICK_MS
}

/** Program and arguments; empty for a process that has ended. */
export function commandLine(pid: number): string[] {
  return (readProc(`${pid}/cmdline`) ?? '').split('\0').slice(0, -1)
}

/** Proportional set size: pages shared by several processes count in parts. */
export function pssBytes(pids: readonly number[]): number {
  return pids
    .map((pid) => /^Pss:\s+(\d+) kB/m.exec(readProc(`${pid}/smaps_rollup`) ?? ''))
    .reduce((sum, match) => sum + Number(match?.[1] ?? 0) * 1024, 0)
}

/** The most physical memory that the process ever had. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readProc(`${pid}/status`) ?? '')?.[1] ?? 0) * 1024
}
