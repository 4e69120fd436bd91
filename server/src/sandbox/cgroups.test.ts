import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { syncBuiltinESMExports } from 'node:module'
import { after, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import {
  Cgroup,
  cpuQuotaUs,
  cpuShares,
  cpuWeight,
  field,
  findCgroups,
  killGroups,
  removeGroups,
  type CgroupMounts,
} from './cgroups.ts'

const root = mkdtempSync(join(tmpdir(), 'cgroups-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0

const V1 = `proc /proc proc rw 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0
cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0
cgroup /sys/fs/cgroup/devices cgroup rw,devices 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0
`
const UNIFIED = 'cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0\n'

test('version 1: each controller where it is mounted, two on one mount too, and every hierarchy to clean up in', () => {
  const { version, controllers, unified } = findCgroups(V1)!
  assert.deepEqual([version, unified], [1, null])
  assert.equal(controllers.get('cpu'), '/sys/fs/cgroup/cpu,cpuacct')
  assert.equal(controllers.get('cpuacct'), '/sys/fs/cgroup/cpu,cpuacct')
  assert.equal(controllers.get('memory'), '/sys/fs/cgroup/memory')
  for (const name of ['devices', 'systemd']) assert.ok([...controllers.values()].includes(`/sys/fs/cgroup/${name}`))
})

test('version 1 beside a version 2 without controllers: version 1 is used, and the other is told', () => {
  const found = findCgroups(V1 + UNIFIED)!
  assert.deepEqual([found.version, found.unified], [1, '/sys/fs/cgroup/unified'])
})

test('version 2 alone', () => {
  const found = findCgroups('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n')!
  assert.deepEqual([found.version, found.unified], [2, null])
  assert.deepEqual([...found.controllers.values()], ['/sys/fs/cgroup'])
})

test('without a controller that sandboxes need, there are none', () => {
  assert.equal(findCgroups(''), null)
  assert.equal(findCgroups('proc /proc proc rw 0 0\n'), null)
  for (const name of ['memory', 'pids', 'freezer', 'cpu,cpuacct']) {
    const without = V1.split('\n').filter((line) => !line.includes(`/${name} `))
    assert.equal(findCgroups(without.join('\n')), null, name)
  }
  // Memory is bound to version 1, so version 2 cannot limit it.
  assert.equal(findCgroups(`cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n${UNIFIED}`), null)
})

test('shares and weights are within the bounds of the kernel and grow with the cores', () => {
  assert.deepEqual([cpuShares(1), cpuShares(0.05), cpuShares(0), cpuShares(1e6)], [1024, 51, 2, 262_144])
  assert.deepEqual([cpuWeight(2), cpuWeight(1024), cpuWeight(262_144)], [1, 39, 10_000])
  const cores = fc.double({ min: 0, max: 1000, noNaN: true })
  fc.assert(
    fc.property(cores, cores, (a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a]
      assert.ok(cpuShares(less) <= cpuShares(more) && cpuWeight(cpuShares(less)) <= cpuWeight(cpuShares(more)))
      assert.ok(cpuWeight(cpuShares(less)) >= 1 && cpuWeight(cpuShares(more)) <= 10_000)
      assert.ok(cpuQuotaUs(less) >= 100_000, 'a core is there for who is alone')
      assert.ok(cpuQuotaUs(more) <= cpuQuotaUs(less) || more > 1)
    }),
  )
})

test('a field is found by its whole name, at the beginning of a line', () => {
  const text = 'file 1\ninactive_file 22\ntotal_inactive_file 333\noom 4\noom_kill 5\n'
  assert.deepEqual([field(text, 'inactive_file'), field(text, 'total_inactive_file')], [22, 333])
  assert.deepEqual([field(text, 'oom_kill'), field(text, 'oom'), field(text, 'file')], [5, 4, 1])
  assert.deepEqual([field(text, 'kill'), field('', 'file'), field('file x\n', 'file')], [0, 0, 0])
})

const NAME = '/sluice-test/c-01'
const LIMITS = { memoryBytes: 1000, diskBytes: 0, processes: 7, openFiles: 0, cpu: 0.5 }

/** A folder with the files of a group, as the kernel would have them. */
function groupWith(files: Record<string, string>, version: 1 | 2): { mounts: CgroupMounts; group: string } {
  const mount = join(root, String(++folders))
  const group = join(mount, NAME)
  mkdirSync(group, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(group, name), text)
  const names = version === 2 ? ['all'] : ['memory', 'pids', 'cpu', 'cpuacct', 'freezer']
  return { group, mounts: { version, controllers: new Map(names.map((name) => [name, mount])), unified: null } }
}

const FILES_1 = {
  'memory.limit_in_bytes': '',
  'memory.memsw.limit_in_bytes': '',
  'cpu.shares': '',
  'cpu.cfs_quota_us': '',
  'pids.max': '',
  'freezer.state': '',
}

/** Names of the files that are written from now on, in order, and what to. */
function watchWrites(t: TestContext): string[] {
  const written: string[] = []
  const original = fs.writeFileSync
  t.mock.method(fs, 'writeFileSync', (path: string, text: string, options: object) => {
    written.push(`${path.split('/').at(-1)}=${text}`)
    original(path, text, options)
  })
  syncBuiltinESMExports()
  t.after(() => syncBuiltinESMExports())
  return written
}

test('version 1: memory with swap is never below memory, whichever way the limit goes', (t) => {
  const { mounts } = groupWith(FILES_1, 1)
  const group = new Cgroup(mounts, NAME, 1000)
  const written = watchWrites(t)
  const memory = (bytes: number): string[] => {
    written.length = 0
    group.setLimits({ ...LIMITS, memoryBytes: bytes })
    return written.filter((each) => each.startsWith('memory')).map((each) => each.replace('limit_in_bytes', ''))
  }
  assert.deepEqual(memory(2000), ['memory.memsw.=2000', 'memory.=2000'])
  assert.deepEqual(memory(500), ['memory.=500', 'memory.memsw.=500'])
  assert.deepEqual(memory(600), ['memory.memsw.=600', 'memory.=600'])
  for (const each of ['cpu.shares=512', 'cpu.cfs_quota_us=100000', 'pids.max=7']) assert.ok(written.includes(each))
})

test('version 1 without accounting of swap: the limit of memory is set all the same', () => {
  const { 'memory.memsw.limit_in_bytes': _, ...files } = FILES_1
  const { mounts, group } = groupWith(files, 1)
  new Cgroup(mounts, NAME, 1000).setLimits(LIMITS)
  assert.equal(readFileSync(join(group, 'memory.limit_in_bytes'), 'utf8'), '1000')
  assert.equal(existsSync(join(group, 'memory.memsw.limit_in_bytes')), false)
})

test('version 2: limits, freezing and use are in the files of version 2', () => {
  const { mounts, group } = groupWith(
    {
      ...{ 'memory.max': '', 'memory.swap.max': '', 'cpu.weight': '', 'cpu.max': '', 'pids.max': '' },
      'cgroup.freeze': '',
      'memory.current': '5000\n',
      'memory.peak': '9000\n',
      'memory.stat': 'anon 1\ninactive_file 2000\n',
      'cpu.stat': 'usage_usec 1500000\nuser_usec 1\n',
      'memory.events': 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n',
      'cgroup.procs': '11\n12\n',
    },
    2,
  )
  const cgroup = new Cgroup(mounts, NAME, 1)
  const read = (name: string): string => readFileSync(join(group, name), 'utf8')
  cgroup.setLimits({ ...LIMITS, cpu: 2 })
  assert.deepEqual(['memory.max', 'memory.swap.max', 'pids.max'].map(read), ['1000', '0', '7'])
  assert.deepEqual(['cpu.weight', 'cpu.max'].map(read), ['79', '200000 100000'])
  cgroup.setFrozen(true)
  assert.equal(read('cgroup.freeze'), '1')
  assert.deepEqual(cgroup.usage(), { memoryBytes: 3000, cpuMs: 1500 })
  assert.deepEqual([cgroup.peakBytes(), cgroup.oomKills(), cgroup.processes()], [9000, 1, [11, 12]])
  cgroup.close()
})

test('version 1: freezing and use are in the files of version 1', () => {
  const { mounts, group } = groupWith(
    {
      ...FILES_1,
      'memory.usage_in_bytes': '5000\n',
      'memory.max_usage_in_bytes': '9000\n',
      'memory.stat': 'inactive_file 1\ntotal_inactive_file 2000\n',
      'cpuacct.usage': '1500000000\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    },
    1,
  )
  const cgroup = new Cgroup(mounts, NAME, 1)
  cgroup.setFrozen(true)
  assert.equal(readFileSync(join(group, 'freezer.state'), 'utf8'), 'FROZEN')
  assert.deepEqual(cgroup.usage(), { memoryBytes: 3000, cpuMs: 1500 })
  assert.deepEqual([cgroup.peakBytes(), cgroup.oomKills(), cgroup.processes()], [9000, 3, []])
  cgroup.close()
})

test('a limit that the kernel refuses is named, with the reason', () => {
  const { mounts, group } = groupWith({ ...FILES_1 }, 1)
  rmSync(join(group, 'memory.limit_in_bytes'))
  mkdirSync(join(group, 'memory.limit_in_bytes'))
  assert.throws(
    () => new Cgroup(mounts, NAME, 1).setLimits(LIMITS),
    /^Error: cannot set memory.limit_in_bytes to 1000: the kernel refuses \(EISDIR\)/,
  )
})

test('groups of an earlier platform are found by name; those that still hold something are not gone', () => {
  const { mounts, group } = groupWith({ 'cgroup.procs': '' }, 2)
  assert.deepEqual([...killGroups(mounts, 'sluice-test')], ['c-01'])
  assert.equal(removeGroups(mounts, 'sluice-test'), false)
  rmSync(join(group, 'cgroup.procs'))
  assert.equal(removeGroups(mounts, 'sluice-test'), true)
  assert.equal(existsSync(join(group, '..')), false)
  assert.equal(removeGroups(mounts, 'sluice-test'), true, 'there are none any more')
  assert.deepEqual([...killGroups(mounts, 'sluice-test')], [])
})
