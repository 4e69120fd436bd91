/**
 * The bare Node.js server in sandboxes made by hand: what a start costs before any platform is around it. The network is
 * the host's, which spares a container what takes longest; control groups are made where the program makes them.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findOciPrograms } from '../../../server/src/sandbox/oci-check.ts'
import { freePort } from '../http.ts'
import { startServer, type Peer, type RunningPeer } from './peer.ts'

const app = fileURLToPath(import.meta.resolve('../apps/node-http.mjs'))
const run = promisify(execFile)
const UNIFIED = '/sys/fs/cgroup/unified'
const FOLDERS = ['/usr', dirname(app), dirname(realpathSync(process.execPath))]
const LINKS = ['/bin', '/lib', '/lib64'].filter((path) => existsSync(path) && realpathSync(path) !== path)

const serverCommand = (port: number): string[] => [realpathSync(process.execPath), app, String(port)]

function bubblewrap(program: string): Peer {
  return {
    name: 'bubblewrap + node',
    async start() {
      const port = await freePort()
      const folders = FOLDERS.flatMap((path) => ['--ro-bind', path, path])
      const links = LINKS.flatMap((path) => ['--symlink', `usr${path}`, path])
      const isolation = ['--unshare-all', '--share-net', '--die-with-parent', '--proc', '/proc', '--dev', '/dev']
      return startServer([program, ...folders, ...links, ...isolation, ...serverCommand(port)], port)
    },
  }
}

function ociRuntime(program: string): Peer {
  const name = basename(program)
  return {
    name: `${name} + node`,
    async start() {
      const port = await freePort()
      const bundle = mkdtempSync(join(tmpdir(), 'sluice-bench-bundle-'))
      const id = basename(bundle)
      mkdirSync(join(bundle, 'root'))
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(bundleConfig(port, id)))
      const runtime = [program, '--root', join(bundle, 'state')]
      const command = [...runtime, 'run', '--bundle', bundle, id]
      const remove = () => rmSync(bundle, { recursive: true, force: true })
      let running: RunningPeer
      try {
        running = await startServer(name === 'crun' && existsSync(UNIFIED) ? hideUnified(command) : command, port)
      } catch (error) {
        remove()
        throw error
      }
      return {
        ...running,
        async stop() {
          // The first process of a container takes no notice of SIGTERM.
          await run(program, [...runtime.slice(1), 'kill', id, 'KILL'])
          await running.stop()
          remove()
        },
      }
    },
  }
}

/** crun up to 1.8 takes a version 2 hierarchy beside version 1 for the one to use. */
function hideUnified(command: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', `umount ${UNIFIED}; exec "$@"`, 'sh', ...command]
}

function bundleConfig(port: number, id: string): object {
  const bind = (path: string) => ({ destination: path, source: path, type: 'bind', options: ['rbind', 'ro'] })
  return {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, cwd: '/', args: serverCommand(port), env: [], noNewPrivileges: true },
    root: { path: 'root' },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
      ...[...FOLDERS, ...LINKS].map(bind),
    ],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
    },
  }
}

/** Those of which this machine has the program. */
export function containerPeers(): Peer[] {
  if (process.getuid?.() !== 0) return []
  const bwrap = ['/usr/local/bin/bwrap', '/usr/bin/bwrap'].find((path) => existsSync(path))
  const programs = findOciPrograms(process.env['PATH'] ?? '').map(({ path }) => path)
  return [...(bwrap === undefined ? [] : [bubblewrap(bwrap)]), ...programs.map(ociRuntime)]
}
