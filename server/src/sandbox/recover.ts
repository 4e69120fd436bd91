/** Finds and removes the process sandboxes that a killed platform left behind. */
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ProcessCensus, killProcess } from './census.ts'
import { readProcess } from './proc.ts'
import { removeFolder } from './remove-folder.ts'

const PID_FILE = 'process'
const LOOK_PAUSE_MS = 5
const LOOKS_MAX = 400

/** `c-` and hex, in groups; nothing that means anything to a file system. */
export function isSandboxId(name: string): boolean {
  return /^c-[0-9a-f-]{1,64}$/.test(name)
}

/** Writes down which process the sandbox began with. Start time and boot tell it from a later one with the same pid. */
export function writePidFile(folder: string, pid: number, startTicks: number): void {
  writeFileSync(join(folder, PID_FILE), `${pid} ${startTicks} ${bootId()}\n`, { mode: 0o600 })
}

/**
 * Kills what still runs and removes the folders; returns the ids of the sandboxes that were found. Sandboxes are known by their pid
 * file, and by the TMPDIR that their processes were started with. Whatever else lies in the directory is left alone.
 */
export async function recoverSandboxes(directory: string): Promise<Set<string>> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = new Set((await readdir(directory)).filter(isSandboxId))
  const census = new ProcessCensus(directory)
  for (const id of found) {
    const pid = readPidFile(join(directory, id))
    if (pid !== undefined) census.register(id, pid)
  }
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const members = [...(await census.take())].filter(([id]) => isSandboxId(id))
    if (members.length === 0) break
    for (const [id, processes] of members) {
      found.add(id)
      for (const info of processes) killProcess(info)
    }
    await setTimeout(LOOK_PAUSE_MS)
  }
  for (const id of found) await removeFolder(join(directory, id)).catch(() => {})
  return found
}

/** The recorded process, when it still is that process. */
function readPidFile(folder: string): number | undefined {
  try {
    const [pid, startTicks, boot] = readFileSync(join(folder, PID_FILE), 'utf8').trim().split(' ')
    const running = readProcess(Number(pid))
    if (boot !== bootId() || running === undefined || running.startTicks !== Number(startTicks)) return undefined
    return running.pid
  } catch {
    return undefined
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
