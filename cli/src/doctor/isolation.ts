/** Whether functions can be isolated here (`sandbox: oci`), judged from facts; each thing missing says what it costs. */
import { type Check, ok, warn } from './check.ts'

export interface Cgroups {
  version: 1 | 2
  /** Of version 2 the freezer is part, whatever the kernel was built with. */
  writableControllers: readonly string[]
}

export interface IsolationFacts {
  /** As `process.platform` tells it. */
  platform: string
  isRoot: boolean
  /** Packages come by apt-get. */
  isDebian: boolean
  /** Names with versions: `crun 1.8.1`. */
  containerRuntimes: readonly string[]
  cniPlugins: readonly string[]
  /** Of those asked for, the programs that are there. */
  programs: readonly string[]
  /** Undefined where none are mounted. */
  cgroups: Cgroups | undefined
  /** As /proc/self/ns names them. */
  namespaces: readonly string[]
  netNamespacesMax: number
  hasLoopDevices: boolean
  openFilesMax: number
  inotifyInstancesMax: number
}

/** Programs that fetch and unpack the images of functions. */
const IMAGE_PROGRAMS = ['skopeo', 'umoci']
/** Programs that the oci sandbox is made with, and those for images. */
export const SOUGHT_PROGRAMS = ['ip', 'nft', 'mount', 'nsenter', 'mkfs.ext4', ...IMAGE_PROGRAMS]

const CNI_PLUGINS = ['bridge', 'host-local']
const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']
const NET_NAMESPACES_MIN = 1024
/** Each instance takes a few of the platform's: channel, output, log. */
const OPEN_FILES_MIN = 16_384
/** The kernel's own default. */
const INOTIFY_INSTANCES_MIN = 128
const NO_ISOLATION = 'functions run without isolation'

/** Without one of them there are no containers. */
const CONTROLLERS = ['memory', 'cpu', 'pids', 'freezer']

export function checkIsolation(facts: IsolationFacts): Check[] {
  if (facts.platform !== 'linux') {
    return [
      warn('isolation', `containers need Linux: ${NO_ISOLATION}`, 'run the platform on Linux, or only code you trust'),
    ]
  }
  return [
    checkRoot(facts),
    checkRuntime(facts),
    checkPlugins(facts),
    checkFirewall(facts),
    checkTools(facts),
    checkCgroups(facts),
    checkNamespaces(facts),
    checkTemporary(facts),
    checkOpenFiles(facts),
    checkInotify(facts),
    checkImages(facts),
  ]
}

function install({ isDebian }: IsolationFacts, debianPackages: string): string {
  return isDebian ? `apt-get install -y ${debianPackages}` : `install ${debianPackages} with your package manager`
}

function checkRoot({ isRoot }: IsolationFacts): Check {
  if (isRoot) return ok('root', 'may start containers')
  return warn('root', `only root may start containers: ${NO_ISOLATION}`, 'start it as root: sudo npx sluice up')
}

function checkRuntime(facts: IsolationFacts): Check {
  const { containerRuntimes } = facts
  if (containerRuntimes.length > 0) return ok('container runtime', containerRuntimes.join(', '))
  return warn('container runtime', `neither crun nor runc on PATH: ${NO_ISOLATION}`, install(facts, 'crun'))
}

function checkPlugins(facts: IsolationFacts): Check {
  const missing = CNI_PLUGINS.filter((name) => !facts.cniPlugins.includes(name))
  if (missing.length === 0) return ok('network plugins', CNI_PLUGINS.join(', '))
  const detail = `no ${missing.join(', ')}: ${NO_ISOLATION}`
  return warn('network plugins', detail, install(facts, 'containernetworking-plugins'))
}

function checkFirewall(facts: IsolationFacts): Check {
  if (facts.programs.includes('nft')) return ok('firewall', 'nft')
  return warn('firewall', `no nft: ${NO_ISOLATION}`, install(facts, 'nftables'))
}

function checkTools(facts: IsolationFacts): Check {
  const packages = { ip: 'iproute2', nsenter: 'util-linux', mount: 'mount' }
  const missing = Object.entries(packages).filter(([program]) => !facts.programs.includes(program))
  if (missing.length === 0) return ok('namespace tools', Object.keys(packages).join(', '))
  const names = missing.map(([program]) => program).join(', ')
  const wanted = [...new Set(missing.map(([, name]) => name))]
  return warn('namespace tools', `no ${names}: ${NO_ISOLATION}`, install(facts, wanted.join(' ')))
}

function checkCgroups({ cgroups, isRoot }: IsolationFacts): Check {
  if (!cgroups) {
    const mount = 'mount -t cgroup2 none /sys/fs/cgroup'
    return warn('cgroups', `none are mounted: ${NO_ISOLATION}`, mount)
  }
  const { version, writableControllers } = cgroups
  const missing = CONTROLLERS.filter((name) => !writableControllers.includes(name))
  if (missing.length === 0) return ok('cgroups', `version ${version}: ${writableControllers.join(', ')}`)
  const fix = isRoot ? provideControllers(cgroups, missing) : 'look again as root: sudo npx sluice doctor'
  return warn('cgroups', `version ${version}, no ${missing.join(', ')}: ${NO_ISOLATION}`, fix)
}

function provideControllers({ version, writableControllers }: Cgroups, missing: readonly string[]): string {
  if (version === 1) {
    const folder = (name: string) => `/sys/fs/cgroup/${name}`
    const mount = (name: string) => `mkdir -p ${folder(name)} && mount -t cgroup -o ${name} none ${folder(name)}`
    return missing.map(mount).join(' && ')
  }
  if (writableControllers.length === 0) return 'mount -o remount,rw /sys/fs/cgroup'
  return `boot the kernel with cgroup_enable=${missing.join(',')}`
}

function checkNamespaces({ namespaces, netNamespacesMax }: IsolationFacts): Check {
  const missing = NAMESPACES.filter((name) => !namespaces.includes(name))
  if (missing.length > 0) {
    return warn(
      'namespaces',
      `the kernel has no ${missing.join(', ')}: ${NO_ISOLATION}`,
      'boot a kernel built with them',
    )
  }
  if (netNamespacesMax >= NET_NAMESPACES_MIN) return ok('namespaces', NAMESPACES.join(', '))
  const detail = `at most ${netNamespacesMax} networks, hence no more instances than that`
  return warn('namespaces', detail, `sysctl -w user.max_net_namespaces=${NET_NAMESPACES_MIN * 16}`)
}

function checkTemporary(facts: IsolationFacts): Check {
  const hasTool = facts.programs.includes('mkfs.ext4')
  if (hasTool && facts.hasLoopDevices) return ok('instance disks', 'files in /tmp lie on disk (loop devices)')
  const lack = facts.hasLoopDevices ? 'no mkfs.ext4' : 'no loop devices'
  return warn(
    'instance disks',
    `${lack}: ${NO_ISOLATION}`,
    facts.hasLoopDevices ? install(facts, 'e2fsprogs') : 'modprobe loop',
  )
}

function checkOpenFiles({ openFilesMax }: IsolationFacts): Check {
  if (openFilesMax >= OPEN_FILES_MIN) return ok('open files', `up to ${openFilesMax}`)
  return warn('open files', `up to ${openFilesMax}: too few for many instances`, `ulimit -Hn ${OPEN_FILES_MIN * 4}`)
}

function checkInotify({ inotifyInstancesMax }: IsolationFacts): Check {
  if (inotifyInstancesMax >= INOTIFY_INSTANCES_MIN) return ok('inotify', `up to ${inotifyInstancesMax} per user`)
  const detail = `up to ${inotifyInstancesMax} per user: functions that watch files may fail`
  return warn('inotify', detail, `sysctl -w fs.inotify.max_user_instances=${INOTIFY_INSTANCES_MIN * 8}`)
}

function checkImages(facts: IsolationFacts): Check {
  const missing = IMAGE_PROGRAMS.filter((name) => !facts.programs.includes(name))
  if (missing.length === 0) return ok('container images', IMAGE_PROGRAMS.join(', '))
  const detail = `no ${missing.join(', ')}: functions with the runtime custom-container cannot be deployed`
  return warn('container images', detail, install(facts, missing.join(' ')))
}
