/** Runs a further program in a container. */
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { sendSignal } from './census.ts'
import { spawnExec } from './exec.ts'
import { SYSTEM_ENVIRONMENT } from './keeper.ts'
import type { OciHost } from './oci-host.ts'
import type { ExecProcess, ExecSpec } from './port.ts'

/** Between two looks for the pid of a program that is to be killed. */
const PID_LOOK_MS = 5
const TERMINAL_KIND = 'xterm-256color'

export interface ExecPlace {
  id: string
  /** Of the sandbox. */
  folder: string
  environment: Readonly<Record<string, string>>
  /** What the OCI runtime is told of the program. */
  process(spec: ExecSpec, environment: Readonly<Record<string, string>>): object
}

export async function startExec(host: OciHost, clock: Clock, spec: ExecSpec, place: ExecPlace): Promise<ExecProcess> {
  const { terminal } = spec
  const name = join(place.folder, `exec-${process.hrtime.bigint()}`)
  const [processFile, pidFile] = [`${name}.json`, `${name}.pid`]
  const environment = terminal ? { TERM: TERMINAL_KIND, ...place.environment } : place.environment
  await writeFile(processFile, JSON.stringify(place.process(spec, environment)), { mode: 0o600 })
  const options = [...(terminal ? ['--tty'] : []), '--pid-file', pidFile, '--process', processFile]
  const command = host.keeper.inside(host.command('exec', ...options, place.id))
  const exec = await spawnExec(command, { terminal, cwd: '/', env: SYSTEM_ENVIRONMENT, pidFile })
  let isEnded = false
  void exec.exited.then(async () => {
    isEnded = true
    await rm(processFile, { force: true })
    await rm(pidFile, { force: true })
  })
  return {
    stdin: exec.stdin,
    stdout: exec.stdout,
    stderr: exec.stderr,
    exited: exec.exited,
    resize: (columns, rows) => exec.resize(columns, rows),
    kill() {
      const untilMs = clock.monotonicMs() + host.options.startMsMax
      // What the OCI runtime started outlives it, and its pid is told some milliseconds after it has begun.
      const look = (): void => {
        if (isEnded) return
        const pid = pidIn(pidFile)
        if (pid === undefined && clock.monotonicMs() < untilMs) {
          clock.setTimer(PID_LOOK_MS, look)
          return
        }
        if (pid !== undefined) sendSignal(pid, 'SIGKILL')
        exec.kill()
      }
      look()
    },
  }
}

function pidIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
