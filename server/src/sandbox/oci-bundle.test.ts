import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundleConfig, execProcess, imageBundleConfig, occupantOf } from './oci-bundle.ts'

interface Mount {
  destination: string
  source: string
  options: string[]
}

interface Program {
  user: { uid: number; gid: number }
  args: string[]
  cwd: string
  env: string[]
  noNewPrivileges: boolean
  capabilities: Record<string, string[]>
  rlimits: { type: string; soft: number; hard: number }[]
}

interface Config {
  process: Program
  root: { readonly: boolean }
  mounts: Mount[]
  linux: {
    namespaces: { type: string; path?: string }[]
    resources: { memory: object; cpu: object; pids: object; devices: object[] }
    seccomp: { defaultAction: string }
    maskedPaths: string[]
    readonlyPaths: string[]
  }
}

const LIMITS = { memoryBytes: 1000, diskBytes: 2000, processes: 30, openFiles: 40, cpu: 0.5 }
const USER = 123_456

function configWith(environment: Record<string, string> = { GREETING: 'hello' }): Config {
  return bundleConfig({
    spec: {
      id: 'c-01',
      command: ['/usr/bin/node', 'a b', '$HOME'],
      environment: {},
      readOnlyPaths: [],
      channelSocket: '/host/channel.sock',
      limits: LIMITS,
      onOutput() {},
    },
    user: USER,
    root: {
      path: '/host/root',
      mounts: ['/srv/node', '/tmp/node'].map((path) => ({ source: path, destination: path })),
    },
    passwdFile: '/host/passwd',
    temporaryFolder: '/host/tmp',
    codeMountPoint: '/host/code',
    layersMountPoint: '/host/layers',
    network: '/host/network',
    cgroupPath: '/sluice/c-01',
    environment,
  }) as Config
}

const imagePlan = {
  spec: {
    id: 'c-02',
    command: ['serve', '$HOME'],
    environment: {},
    limits: LIMITS,
    onOutput() {},
    image: { rootFolder: '/host/image', workingFolder: '/srv', user: { uid: 3, gid: 4, groups: [5] } },
  },
  root: '/run/shown',
  owner: 700_000,
  owners: 65_536,
  network: '/host/network',
  cgroupPath: '/sluice/c-02',
}

test('what a runtime needs of the host’s /tmp is not hidden by the sandbox’s own', () => {
  const order = configWith().mounts.map(({ destination }) => destination)
  assert.ok(order.indexOf('/srv/node') < order.indexOf('/tmp'), order.join(' '))
  assert.ok(order.indexOf('/tmp') < order.indexOf('/tmp/node'), order.join(' '))
})

test('a program has a user of its own, no capability and no way to gain one, in the container and in exec', () => {
  const exec = { command: ['sh'], terminal: true }
  const programs = [configWith().process, execProcess(exec, { user: USER, environment: {}, limits: LIMITS }) as Program]
  for (const program of programs) {
    assert.deepEqual([program.user.uid, program.user.gid, program.noNewPrivileges], [USER, USER, true])
    assert.deepEqual(Object.keys(program.capabilities).length, 5)
    assert.deepEqual(Object.values(program.capabilities).flat(), [])
    const limitOf = (type: string) => program.rlimits.find((limit) => limit.type === type)
    assert.deepEqual(limitOf('RLIMIT_CORE'), { type: 'RLIMIT_CORE', soft: 0, hard: 0 })
    assert.deepEqual(limitOf('RLIMIT_NOFILE'), { type: 'RLIMIT_NOFILE', soft: 40, hard: 40 })
  }
})

test('every mount from the host is read-only but the temporary folder and the channel; none has set-uid or devices', () => {
  const { mounts, root } = configWith()
  assert.equal(root.readonly, true)
  const fromHost = mounts.filter(({ source }) => source.startsWith('/'))
  assert.deepEqual(fromHost.map(({ destination }) => destination).sort(), [
    ...['/code', '/etc/passwd', '/opt', '/run/channel.sock', '/srv/node', '/tmp', '/tmp/node'],
  ])
  for (const { destination, options } of fromHost) {
    const isWritable = ['/tmp', '/run/channel.sock'].includes(destination)
    assert.equal(options.includes('ro'), !isWritable, destination)
    for (const option of ['nosuid', 'nodev']) assert.ok(options.includes(option), `${destination} ${option}`)
  }
  for (const { destination, options } of mounts) assert.ok(options.includes('nosuid'), destination)
})

test('a container shares no namespace with the host, and its network is the one it was given', () => {
  const { namespaces } = configWith().linux
  assert.deepEqual(namespaces.map(({ type }) => type).sort(), ['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts'])
  assert.deepEqual(
    namespaces.filter(({ path }) => path !== undefined),
    [{ type: 'network', path: '/host/network' }],
  )
})

test('limits are limits of the control group: memory without swap, CPU, processes, no devices', () => {
  const { resources } = configWith().linux
  assert.deepEqual(resources.memory, { limit: 1000, swap: 1000 })
  assert.deepEqual(resources.cpu, { shares: 512, quota: 100_000, period: 100_000 })
  assert.deepEqual(resources.pids, { limit: 30 })
  assert.deepEqual(resources.devices, [{ allow: false, access: 'rwm' }])
})

test('system calls are filtered, and what /proc tells of the host is masked or cannot be changed', () => {
  const { seccomp, maskedPaths, readonlyPaths } = configWith().linux
  assert.notEqual(seccomp.defaultAction, 'SCMP_ACT_ALLOW')
  for (const name of ['kcore', 'keys', 'timer_list', 'kallsyms']) assert.ok(maskedPaths.includes(`/proc/${name}`), name)
  for (const name of ['sys', 'sysrq-trigger', 'irq', 'bus']) assert.ok(readonlyPaths.includes(`/proc/${name}`), name)
})

test('arguments are passed on as they are; of what shells set, only what was asked for stays', () => {
  const { args, env } = configWith({ PATH: '/bin', HOME: '/here' }).process
  assert.deepEqual(args.slice(-3), ['/usr/bin/node', 'a b', '$HOME'])
  assert.deepEqual(env, ['PATH=/bin', 'HOME=/here'])
  const script = args[2]!
  assert.match(script, /^unset PWD OLDPWD SHLVL;/)
})

test('layers have their place unless the runtime lies there', () => {
  const at = (...paths: string[]) => paths.map((path) => ({ source: path, destination: path }))
  assert.equal(occupantOf(at('/usr/bin', '/optional', '/srv/opt')), null)
  assert.match(occupantOf(at('/usr/bin', '/opt/node'))!, /needs \/opt\/node, .* install it elsewhere/)
  assert.match(occupantOf(at('/opt'))!, /needs \/opt,/)
})

test('root of an image is a user of the host that means nothing, and sees no folder of the host', () => {
  const { spec } = imagePlan
  const config = imageBundleConfig(imagePlan) as Config & {
    linux: { uidMappings: object[]; gidMappings: object[]; rootfsPropagation: string }
  }
  const mapping = [{ containerID: 0, hostID: 700_000, size: 65_536 }]
  assert.deepEqual([config.linux.uidMappings, config.linux.gidMappings], [mapping, mapping])
  assert.deepEqual(
    config.mounts.filter(({ source }) => source.startsWith('/')),
    [],
  )
  const types = config.linux.namespaces.map(({ type }) => type).sort()
  assert.deepEqual(types, ['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts'])
  const { args, cwd, user, capabilities, noNewPrivileges } = config.process
  assert.deepEqual([args, cwd, noNewPrivileges], [spec.command, '/srv', true])
  assert.deepEqual(user, { uid: 3, gid: 4, additionalGids: [5], umask: 0o022 })
  assert.deepEqual([capabilities['inheritable'], capabilities['ambient']], [[], []])
  for (const name of [
    'CAP_SYS_ADMIN',
    'CAP_NET_ADMIN',
    'CAP_NET_RAW',
    'CAP_MKNOD',
    'CAP_SYS_PTRACE',
    'CAP_SYS_CHROOT',
  ]) {
    assert.ok(!capabilities['bounding']!.includes(name), name)
  }
  assert.deepEqual(config.linux.resources, configWith().linux.resources)
  assert.deepEqual(config.linux.seccomp, configWith().linux.seccomp)
})
