/** Runs programs under the filter and nothing else that would refuse a call: a bundle for an OCI runtime. */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { seccompProfile } from './oci-seccomp.ts'

const CODE = '/code'

export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** Why programs cannot be run so on this machine; undefined when they can. */
export function missingFor(runtime: string): string | undefined {
  if (process.platform !== 'linux') return 'seccomp is a part of Linux'
  if (process.getuid?.() !== 0) return 'only root may start containers'
  const onPath = (program: string) =>
    (process.env['PATH'] ?? '').split(delimiter).some((f) => existsSync(join(f, program)))
  const missing = [runtime, 'unshare'].filter((program) => !onPath(program))
  if (!existsSync('/usr/bin/python3')) missing.push('/usr/bin/python3')
  return missing.length === 0 ? undefined : `not on this machine: ${missing.join(', ')}`
}

/** Runs a command in a sandbox that sees the host's /usr, this Node.js, and `script` as /code/script. */
export async function runUnderFilter(runtime: string, command: readonly string[], script: string): Promise<Finished> {
  const bundle = await mkdtemp(join(tmpdir(), 'sluice-seccomp-'))
  try {
    const rootfs = join(bundle, 'rootfs')
    for (const folder of ['proc', 'dev/shm', 'tmp', 'usr', 'code'])
      await mkdir(join(rootfs, folder), { recursive: true })
    // runc gives a tmpfs the mode of the folder below it, whatever its options say.
    for (const folder of ['tmp', 'dev/shm']) await chmod(join(rootfs, folder), 0o1777)
    for (const link of ['bin', 'lib', 'lib64']) await symlink(`usr/${link}`, join(rootfs, link))
    const code = join(bundle, 'code')
    await mkdir(code)
    await writeFile(join(code, 'script'), script)
    await writeFile(join(bundle, 'config.json'), JSON.stringify(configuration(command, code)))
    return await run(runtime, bundle)
  } finally {
    await rm(bundle, { recursive: true })
  }
}

async function run(runtime: string, bundle: string): Promise<Finished> {
  const id = bundle.slice(bundle.lastIndexOf('-') + 1)
  // crun refuses to work where cgroups of both versions are mounted.
  const shell = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"'
  const args = [runtime, '--root', join(bundle, 'state'), 'run', '--bundle', bundle, `seccomp-${id}`]
  const child = spawn('unshare', ['-m', 'sh', '-c', shell, 'sh', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code, stdout, stderr }
}

function configuration(args: readonly string[], code: string): object {
  const readOnly = (source: string, destination = source) => ({
    destination,
    source,
    type: 'bind',
    options: ['bind', 'ro', 'nosuid', 'nodev'],
  })
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 200_001, gid: 200_001 },
      args,
      env: ['PATH=/usr/bin', `NODE=${process.execPath}`],
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'nodev', 'mode=1777', 'size=8m'] },
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=64m'] },
      readOnly('/usr'),
      ...(process.execPath.startsWith('/usr/') ? [] : [readOnly(dirname(process.execPath))]),
      readOnly(code, CODE),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      seccomp: seccompProfile(process.arch),
    },
  }
}
