/** Instances for tests: they exist in name, and exec starts real programs on this machine. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { InstanceControl } from '../instance-control.ts'
import type { ExecProcess, ExecSpec, InstanceInfo } from '../../instances/port.ts'

export function liveInstance(instanceId: string, functionKey: string, given: Partial<InstanceInfo> = {}): InstanceInfo {
  const plain = { versionId: 'LATEST', qualifier: 'LATEST', state: 'ready', inFlight: 0, createdMs: 1_893_456_000_000 }
  return { instanceId, functionKey, isProvisioned: false, ...plain, ...given }
}

export interface Started {
  spec: ExecSpec
  pid: number
  sizes: [columns: number, rows: number][]
  exited: ExecProcess['exited']
}

/** `started` tells of each program that exec began. */
export function realPrograms(list: () => readonly InstanceInfo[]): InstanceControl & { started: Started[] } {
  const started: Started[] = []
  return {
    started,
    list,
    provisionStatus: () => undefined,
    async exec(_instanceId, spec) {
      const child = spawn(spec.command[0]!, spec.command.slice(1), { stdio: 'pipe', detached: true })
      if (child.pid === undefined) {
        await once(child, 'error').catch(() => {})
        throw new Error(`cannot run the program: ${spec.command[0]} does not exist`)
      }
      const { pid } = child
      const sizes: Started['sizes'] = []
      const exited: ExecProcess['exited'] = new Promise((resolve) => {
        child.once('close', (code, signal) => resolve({ code, signal }))
      })
      started.push({ spec, pid, sizes, exited })
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        resize: (columns, rows) => void sizes.push([columns, rows]),
        exited,
        kill() {
          try {
            process.kill(-pid, 'SIGKILL')
          } catch {
            // It has ended already.
          }
        },
      }
    },
  }
}
