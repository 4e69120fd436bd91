/** What the promises of the sandbox contract are checked with. */
import { readFileSync, readdirSync } from 'node:fs'
import type { Agent, AgentOptions } from './contract-agent.ts'
import type { SandboxRuntime, SandboxSpec } from './port.ts'

/** In another process, makes a runtime and a sandbox over `directory`, and is killed with SIGKILL while that runs. */
export type LeaveBehind = (directory: string, spec: Pick<SandboxSpec, 'id' | 'command'>) => Promise<void>

export interface Scene {
  runtime: SandboxRuntime
  /** Of the runtime. */
  directory: string
  /** For anything else. */
  scratch: string
  leaveBehind: LeaveBehind
  agent: (options?: Partial<AgentOptions>) => Promise<Agent>
}

/** A check for each promise, by the promise's name. */
export type Promises = Readonly<Record<string, (scene: Scene) => Promise<void>>>

export const SHELL = '/bin/sh'

/** For an agent: starts a process that leaves its session, its parent and its process group, as daemons do. */
export function daemon(seconds: string): string {
  return `void child_process.spawn('${SHELL}', ['-c', 'sleep ${seconds} &'], { detached: true, stdio: 'ignore' })`
}

/** For `sleep`: a number that no other run of the suite on this host uses. */
export const seconds = (whole: number): string => `${whole}.${process.pid}`

/** Pids on the host that have this argument. */
export function processesWith(argument: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)
    } catch {
      return false
    }
  })
}

/** For what announces itself by no event: other processes coming to be. The time-out of the test bounds it. */
export async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}
