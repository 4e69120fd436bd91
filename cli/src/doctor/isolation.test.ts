import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkIsolation, SOUGHT_PROGRAMS, type IsolationFacts } from './isolation.ts'

const complete: IsolationFacts = {
  platform: 'linux',
  isRoot: true,
  isDebian: true,
  containerRuntimes: ['crun 1.8.1'],
  cniPlugins: ['bridge', 'host-local', 'portmap'],
  programs: SOUGHT_PROGRAMS,
  cgroups: { version: 2, writableControllers: ['cpu', 'memory', 'pids', 'freezer'] },
  namespaces: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts', 'user'],
  netNamespacesMax: 96_365,
  hasLoopDevices: true,
  openFilesMax: 1_048_576,
  inotifyInstancesMax: 128,
}

const without = (...names: string[]) => SOUGHT_PROGRAMS.filter((name) => !names.includes(name))

/** What is not well when these facts differ. */
function problems(facts: Partial<IsolationFacts>): { name: string; detail: string; fix: string | undefined }[] {
  return checkIsolation({ ...complete, ...facts })
    .filter(({ status }) => status !== 'ok')
    .map(({ name, detail, fix }) => ({ name, detail, fix }))
}

test('a machine that has everything has no problem', () => {
  assert.deepEqual(problems({}), [])
  assert.deepEqual(problems({ containerRuntimes: ['runc 1.1.5'] }), [])
})

test('elsewhere than on Linux there is one problem, and nothing to install', () => {
  const [only, ...others] = problems({ platform: 'darwin', isRoot: false, containerRuntimes: [], cgroups: undefined })
  assert.deepEqual([only!.name, others], ['isolation', []])
})

test('each thing that is missing is named with one command that brings it', () => {
  const cases: [Partial<IsolationFacts>, string, string][] = [
    [{ isRoot: false }, 'root', 'start it as root: sudo npx sluice up'],
    [{ containerRuntimes: [] }, 'container runtime', 'apt-get install -y crun'],
    [{ cniPlugins: ['bridge'] }, 'network plugins', 'apt-get install -y containernetworking-plugins'],
    [{ programs: without('nft') }, 'firewall', 'apt-get install -y nftables'],
    [{ programs: without('ip', 'nsenter') }, 'namespace tools', 'apt-get install -y iproute2 util-linux'],
    [{ programs: without('mkfs.ext4') }, 'instance disks', 'apt-get install -y e2fsprogs'],
    [{ hasLoopDevices: false }, 'instance disks', 'modprobe loop'],
    [{ cgroups: undefined }, 'cgroups', 'mount -t cgroup2 none /sys/fs/cgroup'],
    [{ namespaces: ['mnt'] }, 'namespaces', 'boot a kernel built with them'],
    [{ netNamespacesMax: 0 }, 'namespaces', 'sysctl -w user.max_net_namespaces=16384'],
    [{ openFilesMax: 4096 }, 'open files', 'ulimit -Hn 65536'],
    [{ programs: without('skopeo', 'umoci') }, 'container images', 'apt-get install -y skopeo umoci'],
    [{ inotifyInstancesMax: 8 }, 'inotify', 'sysctl -w fs.inotify.max_user_instances=1024'],
  ]
  for (const [facts, name, fix] of cases) {
    assert.deepEqual(
      problems(facts).map((problem) => [problem.name, problem.fix]),
      [[name, fix]],
    )
  }
})

test('whether controllers can be written is left open to those who may not write them anyway', () => {
  const [root, cgroups] = problems({ isRoot: false, cgroups: { version: 1, writableControllers: [] } })
  assert.deepEqual([root!.name, cgroups!.fix], ['root', 'look again as root: sudo npx sluice doctor'])
})

test('where packages do not come by apt-get, the package is named and no command made up', () => {
  assert.equal(problems({ isDebian: false, containerRuntimes: [] })[0]!.fix, 'install crun with your package manager')
})

test('each controller that cannot be used is named with what brings it, in both versions of cgroups', () => {
  const [unified] = problems({ cgroups: { version: 2, writableControllers: ['cpu', 'freezer'] } })
  assert.match(unified!.detail, /no memory, pids: /)
  assert.equal(unified!.fix, 'boot the kernel with cgroup_enable=memory,pids')
  const [readOnly] = problems({ cgroups: { version: 2, writableControllers: [] } })
  assert.equal(readOnly!.fix, 'mount -o remount,rw /sys/fs/cgroup')
  const [legacy] = problems({ cgroups: { version: 1, writableControllers: ['cpu', 'memory', 'pids'] } })
  assert.match(legacy!.detail, /no freezer: /)
  assert.equal(legacy!.fix, 'mkdir -p /sys/fs/cgroup/freezer && mount -t cgroup -o freezer none /sys/fs/cgroup/freezer')
})
