/** What an OCI runtime is told of one sandbox: the config.json of its bundle (OCI runtime specification 1.0). Pure. */
import { CHANNEL_PATH, CODE_PATH, isBelowTemporary, LAYERS_PATH, TEMPORARY_PATH, type BaseMount } from './oci-root.ts'
import type { ExecSpec, ImageSandboxSpec, SandboxLimits, SandboxSpec } from './port.ts'
import { CPU_PERIOD_US, cpuQuotaUs, cpuShares } from './cgroups.ts'
import { OUT_OF_MEMORY_SCORE } from './launch.ts'
import { seccompProfile } from './oci-seccomp.ts'

const SHARED_MEMORY_BYTES_MAX = 64 * 1024 * 1024
/** Variables that the shell below and OCI runtimes set by themselves. */
const UNASKED_VARIABLES = ['HOME', 'PWD', 'OLDPWD', 'SHLVL']

/**
 * The first process: starts the program and waits for it, reaps whatever loses its parent, and ends with the program's
 * exit code. A program that were itself the first process of its namespace could not end by a signal of its own, and
 * would collect the dead of its children. The shell's own remarks ("Killed") are not the function's output: redirected
 * without the subshell, stderr would be the program's while the shell waits and remarks.
 */
function initScript(environment: Readonly<Record<string, string>>): string {
  const unasked = UNASKED_VARIABLES.filter((name) => environment[name] === undefined)
  return `unset ${unasked.join(' ')}; exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit $?`
}

const HOST_NAME = 'sluice'
/**
 * Of root inside an image, over the users and files of the image alone: a user namespace keeps them from meaning anything
 * outside. Container engines give more, which the system call filter would refuse.
 */
const IMAGE_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'].map(
  (name) => `CAP_${name}`,
)
const CAPABILITY_SETS = ['bounding', 'effective', 'inheritable', 'permitted', 'ambient']
/** As container engines do: files of /proc that tell of the host or change it. */
const MASKED_PATHS = [
  ...['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'],
  ...['interrupts', 'kallsyms', 'kmsg', 'modules', 'swaps', 'vmallocinfo', 'zoneinfo', 'buddyinfo'],
].map((name) => `/proc/${name}`)
const READ_ONLY_PATHS = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`)

export interface BundlePlan {
  spec: SandboxSpec
  /** User and group id on the host, of this sandbox alone. */
  user: number
  root: { path: string; mounts: readonly BaseMount[] }
  /** Host folders and files. */
  passwdFile: string
  temporaryFolder: string
  codeMountPoint: string
  /** Null where the system has something of its own at the place of layers. */
  layersMountPoint: string | null
  network: string
  cgroupPath: string
  environment: Readonly<Record<string, string>>
}

export function bundleConfig(plan: BundlePlan): object {
  const { spec, user, environment } = plan
  const { limits } = spec
  const [belowTemporary, others] = partition(plan.root.mounts, isBelowTemporary)
  return {
    ociVersion: '1.0.2',
    hostname: HOST_NAME,
    process: {
      ...unprivileged(user, environment, limits.openFiles),
      terminal: false,
      cwd: TEMPORARY_PATH,
      args: ['/bin/sh', '-c', initScript(environment), 'sh', ...spec.command],
    },
    root: { path: plan.root.path, readonly: true },
    mounts: [...systemMounts(), ...others.map(readOnlyMount), ...ownMounts(plan), ...belowTemporary.map(readOnlyMount)],
    linux: {
      // Mounts of code and layers arrive after the start, through their mount points.
      rootfsPropagation: 'rslave',
      namespaces: namespaces(plan.network),
      ...confinement(plan.cgroupPath, limits),
    },
  }
}

/** Why layers cannot have their place: they would hide what a runtime needs of the host's own; null when they can. */
export function occupantOf(mounts: readonly BaseMount[]): string | null {
  const inside = mounts.find(({ destination }) => `${destination}/`.startsWith(`${LAYERS_PATH}/`))
  if (!inside) return null
  return `the runtime itself needs ${inside.destination}, which layers at ${LAYERS_PATH} would hide; install it elsewhere`
}

export interface ImageBundlePlan {
  spec: ImageSandboxSpec
  /** Host folder that shows the image and takes what is written. */
  root: string
  /** Host users that those of the image are, from 0 on. */
  owner: number
  owners: number
  network: string
  cgroupPath: string
}

/** The first process is the image's own, as images are made for. */
export function imageBundleConfig(plan: ImageBundlePlan): object {
  const { spec, owner, owners } = plan
  const mapping = [{ containerID: 0, hostID: owner, size: owners }]
  return {
    ociVersion: '1.0.2',
    hostname: HOST_NAME,
    process: imageProcess(spec, { command: spec.command, terminal: false }),
    root: { path: plan.root, readonly: false },
    mounts: systemMounts(),
    linux: {
      rootfsPropagation: 'private',
      uidMappings: mapping,
      gidMappings: mapping,
      namespaces: [...namespaces(plan.network), { type: 'user' }],
      ...confinement(plan.cgroupPath, spec.limits),
    },
  }
}

/** What is told of a program in a container of an image, the first or a further one. */
export function imageProcess(
  { image, environment, limits }: ImageSandboxSpec,
  { command, terminal }: ExecSpec,
): object {
  const { uid, gid, groups } = image.user
  return {
    ...confined(environment, limits.openFiles, IMAGE_CAPABILITIES),
    user: { uid, gid, additionalGids: groups, umask: 0o022 },
    terminal,
    cwd: image.workingFolder,
    args: command,
  }
}

/** What is told of a further program in the container. */
export function execProcess(
  { command, terminal }: ExecSpec,
  { user, environment, limits }: { user: number; environment: Readonly<Record<string, string>>; limits: SandboxLimits },
): object {
  return { ...unprivileged(user, environment, limits.openFiles), terminal, cwd: CODE_PATH, args: command }
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

function namespaces(network: string): object[] {
  return [...['pid', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })), { type: 'network', path: network }]
}

function confinement(cgroupPath: string, limits: SandboxLimits): object {
  return {
    cgroupsPath: cgroupPath,
    resources: {
      memory: { limit: limits.memoryBytes, swap: limits.memoryBytes },
      cpu: { shares: cpuShares(limits.cpu), quota: cpuQuotaUs(limits.cpu), period: CPU_PERIOD_US },
      pids: { limit: limits.processes },
      devices: [{ allow: false, access: 'rwm' }],
    },
    seccomp: seccompProfile(process.arch),
    maskedPaths: MASKED_PATHS,
    readonlyPaths: READ_ONLY_PATHS,
  }
}

function unprivileged(user: number, environment: Readonly<Record<string, string>>, openFiles: number): object {
  return { user: { uid: user, gid: user, umask: 0o022 }, ...confined(environment, openFiles, []) }
}

function confined(
  environment: Readonly<Record<string, string>>,
  openFiles: number,
  capabilities: readonly string[],
): object {
  const setsOfUser = ['bounding', 'effective', 'permitted']
  return {
    env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    capabilities: Object.fromEntries(
      CAPABILITY_SETS.map((name) => [name, setsOfUser.includes(name) ? capabilities : []]),
    ),
    noNewPrivileges: true,
    oomScoreAdj: OUT_OF_MEMORY_SCORE,
    rlimits: [
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
      { type: 'RLIMIT_NOFILE', soft: openFiles, hard: openFiles },
    ],
  }
}

function systemMounts(): object[] {
  const mount = (destination: string, type: string, options: string[]) => ({ destination, type, source: type, options })
  return [
    mount('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
    mount('/dev', 'tmpfs', ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=64k']),
    mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']),
    mount('/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${SHARED_MEMORY_BYTES_MAX}`]),
  ]
}

function readOnlyMount({ source, destination }: BaseMount): object {
  const options = ['bind', 'ro', 'nosuid', 'nodev', 'private']
  return { destination, type: 'bind', source, options }
}

/** Shows what will be mounted there. */
const LATER = ['rbind', 'ro', 'nosuid', 'nodev', 'rslave']

function ownMounts({ spec, passwdFile, temporaryFolder, codeMountPoint, layersMountPoint }: BundlePlan): object[] {
  const bind = (source: string, destination: string, options: string[]) => ({
    destination,
    type: 'bind',
    source,
    options,
  })
  return [
    readOnlyMount({ source: passwdFile, destination: '/etc/passwd' }),
    bind(temporaryFolder, TEMPORARY_PATH, ['bind', 'rw', 'nosuid', 'nodev', 'private']),
    bind(codeMountPoint, CODE_PATH, LATER),
    ...(layersMountPoint === null ? [] : [bind(layersMountPoint, LAYERS_PATH, LATER)]),
    bind(spec.channelSocket, CHANNEL_PATH, ['bind', 'rw', 'nosuid', 'nodev', 'noexec', 'private']),
  ]
}
