/** What oci sandboxes have on this host, so that tests can see that nothing of them is left. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bridgeName, networksInUse, planNetwork } from './network-plan.ts'

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

export interface Traces {
  /** Interfaces on the host of the sandboxes that there are. */
  interfaces(): string[]
  /** Everything that a platform which runs may have and one that ended may not, in words. */
  all(): string[]
}

/** `folder` holds `live` and `state` of one runtime. */
export function tracesOf(folder: string): Traces {
  const id = createHash('sha256').update(join(folder, 'state')).digest('hex')
  const bridge = bridgeName(id)
  const routes = networksInUse(run('ip', '-json', 'route', 'show', 'table', 'all'), bridge)
  const { name } = planNetwork(id, routes)!

  const processes = (): string[] =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter(
        (pid) => read(`/proc/${pid}/cgroup`).includes(`/${name}/`) || read(`/proc/${pid}/cmdline`).includes(folder),
      )
      .map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
  const groups = (): string[] =>
    read('/proc/mounts')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
      .map(([, path]) => join(path!, name))
      .filter((path) => existsSync(path))
  const loops = (): string[] =>
    list('/sys/block')
      .map((device) => read(`/sys/block/${device}/loop/backing_file`).trim())
      .filter((file) => file.startsWith(folder))
  const namespaces = (): string[] =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/mountinfo`).includes(folder))
      .map((pid) => `mount namespace of process ${pid}`)
  const lines = (text: string, part: string): string[] => text.split('\n').filter((line) => line.includes(part))
  const rules = (): string[] => {
    try {
      return lines(run('iptables', '-S', 'FORWARD'), ` ${bridge} `)
    } catch {
      return []
    }
  }
  const files = (): string[] =>
    ['live', 'state/shared', 'state/containers', 'state/network'].flatMap((part) =>
      list(join(folder, part)).map((file) => join(folder, part, file)),
    )

  return {
    interfaces: () => list(`/sys/class/net/${bridge}/brif`),
    all: () => [
      ...[...processes(), ...groups(), ...loops(), ...namespaces(), ...rules(), ...files()],
      ...lines(read('/proc/self/mountinfo'), folder),
      ...lines(read('/proc/net/unix'), join(folder, 'live')),
      ...lines(run('nft', 'list', 'tables'), ` ${name}`),
      ...list('/sys/class/net').filter((each) => each === bridge),
    ],
  }
}
