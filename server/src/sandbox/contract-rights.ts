/** Promises of a sandbox about what the kernel lets a program do. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { seconds, type Promises } from './contract-scene.ts'

/** The name of each file below `/`, with what happened when a file was made in it. */
const WRITE_BELOW_ROOT = `['/', '/etc', '/usr', '/usr/bin', '/bin', '/lib', '/opt', '/var', '/root', '/sys', '/proc/sys/kernel']
  .filter((folder) => fs.existsSync(folder))
  .filter((folder) => {
    try { fs.writeFileSync(folder + '/sluice-contract', ''); fs.unlinkSync(folder + '/sluice-contract'); return true }
    catch { return false }
  })`

/**
 * System calls that need rights, by python3 (Node.js has no way to make them): name and error of each that was not
 * refused. Arguments are such that success would do no harm.
 */
const SYSTEM_CALLS = `
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
  'x86_64': dict(mount=165, umount2=166, pivot_root=155, init_module=175, unshare=272, setns=308, keyctl=250,
    add_key=248, bpf=321, perf_event_open=298, userfaultfd=323, kexec_load=246, reboot=169, sethostname=170,
    open_by_handle_at=304, move_mount=429, fsopen=430, syslog=103),
  'aarch64': dict(mount=40, umount2=39, pivot_root=41, init_module=105, unshare=97, setns=268, keyctl=219,
    add_key=217, bpf=280, perf_event_open=241, userfaultfd=282, kexec_load=104, reboot=142, sethostname=161,
    open_by_handle_at=265, move_mount=429, fsopen=430, syslog=116),
}[platform.machine()]
CLONE_NEWUSER = 0x10000000
ARGUMENTS = dict(mount=(b'none', b'/tmp', b'tmpfs', 0, 0), umount2=(b'/tmp', 0),
  pivot_root=(b'/tmp', b'/tmp'), unshare=(CLONE_NEWUSER,), setns=(0, 0), keyctl=(0, -3, 0), bpf=(0, 0, 0),
  add_key=(b'user', b'sluice', b'x', 1, -3), perf_event_open=(0, 0, -1, -1, 0), sethostname=(b'sluice', 6),
  fsopen=(b'tmpfs', 0), syslog=(3, 0, 0))
REFUSED = (1, 38)
for name, number in NUMBERS.items():
  ctypes.set_errno(0)
  result = libc.syscall(number, *ARGUMENTS.get(name, (0, 0, 0, 0, 0)))
  if result != -1 or ctypes.get_errno() not in REFUSED:
    print(name, result, ctypes.get_errno())
print('done')
`

/** Programs of the system that would do harm, each refused when it can be run at all. */
const PROGRAMS = [
  ['mount', '-t', 'tmpfs', 'none', '/tmp'],
  ['unshare', '--user', 'true'],
  ['unshare', '--mount', 'true'],
  ['unshare', '--net', 'true'],
  ['chroot', '/tmp', 'true'],
  ['mknod', '/tmp/null', 'c', '1', '3'],
]

export const rights: Promises = {
  'the root file system cannot be written': async ({ agent }) => {
    const { evaluate } = await agent()
    assert.deepEqual(await evaluate(WRITE_BELOW_ROOT), [])
  },

  'a program runs as an unprivileged user': async ({ agent }) => {
    const { evaluate } = await agent()
    const status = String(await evaluate(`fs.readFileSync('/proc/self/status', 'utf8')`))
    for (const kind of ['Uid', 'Gid']) {
      const ids = new RegExp(`^${kind}:\\s+(.+)$`, 'm').exec(status)![1]!.split(/\s+/)
      assert.equal(ids.length, 4)
      assert.ok(!ids.includes('0'), `${kind} ${ids.join()}`)
    }
    assert.match(status, /^Groups:[\t ]*$/m, 'no further groups')
    await assert.rejects(evaluate('process.setuid(0)'))
  },

  'a program has no capabilities and cannot gain any': async ({ agent }) => {
    const { evaluate } = await agent()
    const status = String(await evaluate(`fs.readFileSync('/proc/self/status', 'utf8')`))
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`^${set}:\\s+0{16}$`, 'm'))
    }
    assert.match(status, /^NoNewPrivs:\s+1$/m)
  },

  'system calls are filtered': async ({ agent }) => {
    const { evaluate } = await agent()
    assert.match(String(await evaluate(`fs.readFileSync('/proc/self/status', 'utf8')`)), /^Seccomp:\s+2$/m)
  },

  'only processes of the sandbox are in /proc': async ({ agent }) => {
    const { evaluate } = await agent()
    const parents = `fs.readdirSync('/proc').filter(Number)
      .map((pid) => [Number(pid), Number(/^PPid:\\s+(\\d+)/m.exec(fs.readFileSync('/proc/' + pid + '/status', 'utf8'))[1])])`
    const processes = (await evaluate(parents)) as [number, number][]
    const own = Number(await evaluate('process.pid'))
    assert.ok(processes.some(([pid]) => pid === own))
    assert.ok(processes.length <= 2, `${processes.length} processes: at most the program and a first process above it`)
    for (const [pid, parent] of processes) assert.ok(parent === 0 || parent === 1, `${pid} has the parent ${parent}`)
  },

  'processes outside cannot be signalled, read or traced': async ({ agent }) => {
    const stranger = spawn('sleep', [seconds(70008)], { stdio: 'ignore' })
    await once(stranger, 'spawn')
    const ended = once(stranger, 'exit')
    try {
      const { evaluate } = await agent()
      const pid = stranger.pid!
      await assert.rejects(evaluate(`process.kill(${pid}, 'SIGKILL')`), /ESRCH|EPERM/)
      for (const file of ['environ', 'mem', 'root', 'fd', 'ns/net', 'maps']) {
        await assert.rejects(evaluate(`fs.statSync('/proc/${pid}/${file}')`), /ENOENT|EACCES|EPERM/)
      }
      assert.equal(stranger.exitCode ?? stranger.signalCode, null)
    } finally {
      stranger.kill('SIGKILL')
      await ended
    }
  },

  'file systems, namespaces, keys and kernel programs cannot be touched': async ({ agent }) => {
    const { evaluate } = await agent()
    let tried = 0
    for (const [program, ...args] of PROGRAMS) {
      const call = `child_process.spawnSync('${program}', ${JSON.stringify(args)})`
      const result = (await evaluate(
        `{ const { status, error } = ${call}; ({ status, missing: error?.code === 'ENOENT' }) }`,
      )) as {
        status: number | null
        missing: boolean
      }
      if (result.missing) continue
      tried++
      assert.notEqual(result.status, 0, `${program} ${args.join(' ')} was done`)
    }
    const python = `child_process.spawnSync('python3', ['-c', ${JSON.stringify(SYSTEM_CALLS)}])`
    const calls = (await evaluate(
      `{ const { stdout, stderr, error } = ${python}; ({ text: String(stdout), problem: String(stderr), missing: error?.code === 'ENOENT' }) }`,
    )) as { text: string; problem: string; missing: boolean }
    if (!calls.missing) {
      tried++
      assert.equal(calls.text, 'done\n', calls.problem)
    }
    assert.ok(tried > 0, 'none of the programs that try is in the sandbox')
  },
}
