/** Starts one container: user, network, folders, disk, pipes, bundle, OCI runtime; and undoes it all. */
import { closeSync, constants, openSync } from 'node:fs'
import { chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname, join, relative } from 'node:path'
import type { Clock } from '../clock.ts'
import { Cgroup, removeGroup } from './cgroups.ts'
import { ProgramFailure, type Keeper, type KeeperExit } from './keeper.ts'
import { bundleConfig, execProcess, occupantOf } from './oci-bundle.ts'
import { startExec, type ExecPlace } from './oci-exec.ts'
import type { OciHost } from './oci-host.ts'
import { CHANNEL_PATH, isBelowTemporary, TEMPORARY_PATH, type BaseMount } from './oci-root.ts'
import { OciSandbox, type OciSandboxHost } from './oci-sandbox.ts'
import { removeFolder } from './remove-folder.ts'
import type { ExecSpec, SandboxSpec } from './port.ts'

export type Undo = (() => unknown)[]

/** The last first; what cannot be undone (the keeper is lost) keeps nothing else from being undone. */
export async function undoAll(undo: Undo): Promise<void> {
  for (const step of undo.splice(0).toReversed()) {
    try {
      await step()
    } catch {
      // The next start of the platform removes it.
    }
  }
}

/** Waits for all even when one rejects, so that nothing is made any more when it is undone. */
export async function together<Results extends readonly unknown[]>(steps: {
  [At in keyof Results]: Promise<Results[At]>
}): Promise<Results> {
  await Promise.allSettled(steps)
  return Promise.all(steps)
}

/** `folder` exists, is empty, and is the sandbox's own. Rejects with the reason in words; nothing is left then. */
export async function startContainer(
  host: OciHost,
  spec: SandboxSpec,
  folder: string,
  clock: Clock,
): Promise<OciSandbox> {
  const undo: Undo = []
  try {
    return await start(host, spec, folder, clock, undo)
  } catch (error) {
    await undoAll(undo)
    throw error
  }
}

async function start(
  host: OciHost,
  wanted: SandboxSpec,
  folder: string,
  clock: Clock,
  undo: Undo,
): Promise<OciSandbox> {
  // More open files than the platform itself may have cannot be given.
  const openFiles = Math.min(wanted.limits.openFiles, host.openFilesMax)
  const spec = { ...wanted, limits: { ...wanted.limits, openFiles } }
  const { id, limits } = spec
  const { keeper, options } = host
  const inFolder = (name: string): string => join(folder, name)
  const temporaryFolder = inFolder('tmp')
  const shared = join(options.stateDirectory, 'shared', id)
  const [codeMountPoint, layersMountPoint] = ['code', 'layers'].map((name) => join(shared, name)) as [string, string]
  const pipes: [string, string] = [inFolder('stdout'), inFolder('stderr')]
  const cgroupPath = `/${options.cgroupParent}/${id}`
  const environment = { ...spec.environment, SLUICE_CHANNEL: CHANNEL_PATH, TMPDIR: TEMPORARY_PATH }

  undo.push(() => removeFolder(folder))
  const user = host.takeUser()
  undo.push(() => host.giveUserBack(user))
  undo.push(() => rm(shared, { recursive: true, force: true }))
  // A search path for libraries that does not exist when a program starts is never looked at again.
  for (const mountPoint of [codeMountPoint, layersMountPoint]) await mkdir(join(mountPoint, 'lib'), { recursive: true })
  undo.push(() => keeper.unmount([codeMountPoint, layersMountPoint]))
  undo.push(() => keeper.discard(temporaryFolder))

  const [root, network] = await together([
    host.roots.get(spec.readOnlyPaths),
    host.network.take().then((slot) => (undo.push(() => host.network.giveBack(slot)), slot)),
    host.disks.attach(inFolder('disk'), temporaryFolder, limits.diskBytes),
    keeper.pipes(pipes, user),
    // Whoever owns a socket may connect to it, and of the other users only root.
    chown(spec.channelSocket, user, user),
    writeFile(inFolder('passwd'), `root:x:0:0::/:/bin/sh\nuser:x:${user}:${user}::${TEMPORARY_PATH}:/bin/sh\n`),
  ])
  await makeWays(keeper, temporaryFolder, root.mounts)
  const passwdFile = inFolder('passwd')
  const occupant = occupantOf(root.mounts)
  const places = {
    ...{ root, passwdFile, temporaryFolder, codeMountPoint, cgroupPath, network: network.path },
    layersMountPoint: occupant === null ? layersMountPoint : null,
  }
  await writeFile(
    inFolder('config.json'),
    JSON.stringify(bundleConfig({ spec, user, environment, ...places })),
    { mode: 0o600 }, // the environment is in it
  )

  const exec = (process: ExecSpec, variables: Readonly<Record<string, string>>) =>
    execProcess(process, { user, environment: variables, limits })
  return runBundle(host, clock, undo, {
    ...{ spec, folder, pipes, cgroupPath },
    address: network.address,
    exec: { id, folder, environment, process: exec },
    show({ code, layers }) {
      if (layers === null) return showFolders(host, [[code, codeMountPoint]], inFolder('staging'))
      if (occupant !== null) throw new Error(`cannot show layers: ${occupant}`)
      const shown: Shown[] = [
        [code, codeMountPoint],
        [layers, layersMountPoint],
      ]
      return showFolders(host, shown, inFolder('staging'))
    },
  })
}

/** For what is mounted below the sandbox's `/tmp`: folders that the OCI runtime made on the way there would be root's alone. */
async function makeWays(keeper: Keeper, temporaryFolder: string, mounts: readonly BaseMount[]): Promise<void> {
  const ways = mounts
    .filter(isBelowTemporary)
    .map(({ destination }) => join(temporaryFolder, relative(TEMPORARY_PATH, dirname(destination))))
  if (ways.length > 0) await keeper.run(['/bin/sh', '-c', 'umask 022; mkdir -p "$@"', 'sh', ...new Set(ways)])
}

interface Bundle {
  spec: Pick<SandboxSpec, 'id' | 'limits' | 'onOutput'>
  /** Holds config.json. */
  folder: string
  pipes: [string, string]
  cgroupPath: string
  /** In the network of the sandboxes. */
  address: string
  exec: ExecPlace
  show: OciSandboxHost['show']
}

/** Starts what the bundle says, and undoes everything when it has ended. */
export async function runBundle(host: OciHost, clock: Clock, undo: Undo, bundle: Bundle): Promise<OciSandbox> {
  const { spec, folder, pipes, cgroupPath } = bundle
  const { id } = spec
  const { keeper, options } = host
  // Opened before anybody writes, so that nothing is lost, and read only from when somebody does: else it would be the end.
  const ends = pipes.map((path) => new PipeEnd(path))
  undo.push(() => ends.forEach((end) => end.close()))
  const { promise: ended, resolve: onExit } = Promise.withResolvers<KeeperExit>()
  undo.push(() => removeContainer(host, id, cgroupPath))
  await run(host, id, folder, pipes, onExit)
  const [stdout, stderr] = ends.map((end) => end.read()) as [Socket, Socket]
  return new OciSandbox({
    spec,
    address: bundle.address,
    clock,
    ended,
    cgroup: new Cgroup(options.cgroups, cgroupPath, spec.limits.memoryBytes),
    output: { stdout, stderr },
    host: {
      show: bundle.show,
      kill: () => keeper.kill(id),
      exec: (exec) => startExec(host, clock, exec, bundle.exec),
      cleanUp: () => undoAll(undo),
    },
  })
}

async function run(
  host: OciHost,
  id: string,
  folder: string,
  pipes: [string, string],
  onExit: (exit: KeeperExit) => void,
): Promise<void> {
  const [pidFile, logFile] = [join(folder, 'pid'), join(folder, 'log')]
  const command = host.command(
    ...['--log', logFile, '--log-format', 'json'],
    ...['run', '--detach', '--pid-file', pidFile, '--bundle', folder, id],
  )
  try {
    await host.keeper.start(id, command, { pidFile, pipes, timeoutMs: host.options.startMsMax }, onExit)
  } catch (error) {
    if (!(error instanceof ProgramFailure)) throw error
    // The OCI runtime writes its reasons to the log, the last one last.
    const last = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').at(-1) ?? ''
    throw new Error(`${host.options.program.name}: ${messageOf(last) || error.message}`, { cause: error })
  }
}

/** Without the OCI runtime, which would take as long as to start: it is asked only when something still runs. */
async function removeContainer(host: OciHost, id: string, cgroupPath: string): Promise<void> {
  const { cgroups, startMsMax, stateDirectory } = host.options
  if (!removeGroup(cgroups, cgroupPath)) {
    await host.keeper.attempt(host.command('delete', '--force', id), { timeoutMs: startMsMax })
  }
  await rm(join(stateDirectory, 'containers', id), { recursive: true, force: true })
}

function messageOf(line: string): string {
  try {
    return (JSON.parse(line) as { msg?: string }).msg ?? ''
  } catch {
    return line
  }
}

class PipeEnd {
  readonly #fd: number
  #socket: Socket | null = null

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  read(): Socket {
    this.#socket = new Socket({ fd: this.#fd, readable: true, writable: false })
    return this.#socket
  }

  close(): void {
    if (this.#socket === null) closeSync(this.#fd)
    else this.#socket.destroy()
  }
}

type Shown = readonly [source: string, target: string]

/** Shows all or, when one does not exist, none. */
async function showFolders(host: OciHost, folders: readonly Shown[], staging: string): Promise<void> {
  for (const [source] of folders) {
    const found = await stat(source).catch(() => undefined)
    if (!found?.isDirectory()) throw new Error(`cannot show folders: ${source} does not exist`)
  }
  // Asked for at once, as the keeper may be busy with others between.
  await Promise.all(folders.map(([source, target], at) => host.keeper.bind(source, target, `${staging}${at}`)))
}
