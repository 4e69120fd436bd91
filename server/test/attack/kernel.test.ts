/** System calls, devices, terminals and other processes: what a function asks of the kernel that is not its to have. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { attackSuite } from './support.ts'

/** Python: `attempt(name, call)` notes what was not refused, and `syscall(name, arguments…)` asks the kernel itself. */
const PRELUDE = `
import ctypes, errno, os, platform, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
ARM = platform.machine() == 'aarch64'
result = []
REFUSED = {errno.EPERM, errno.ENOSYS, errno.EACCES, errno.EROFS, errno.ENOENT, errno.ESRCH, errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.ENXIO, errno.ENODEV, errno.ETXTBSY}
def attempt(name, call, refused=REFUSED):
    try:
        call()
        result.append(name + ' was done')
    except OSError as error:
        if error.errno not in refused:
            result.append(name + ': ' + str(error))
def syscall(name, x86, arm, *arguments):
    def call():
        ctypes.set_errno(0)
        if libc.syscall(ctypes.c_long(arm if ARM else x86), *map(as_long, arguments)) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    attempt(name, call, {errno.EPERM, errno.ENOSYS})
def as_long(argument):
    return ctypes.c_long(argument) if isinstance(argument, int) else argument
`

const SYSTEM_CALLS = `${PRELUDE}
space = ctypes.create_string_buffer(256)
vector = struct.pack('QQ', ctypes.addressof(space), 8)
parent = os.getppid()
for name, x86, arm, *arguments in [
    ('ptrace', 101, 117, 16, parent, 0, 0), ('ptrace traceme', 101, 117, 0, 0, 0, 0),
    ('process_vm_readv', 310, 270, parent, vector, 1, vector, 1, 0),
    ('process_vm_writev', 311, 271, parent, vector, 1, vector, 1, 0),
    ('pidfd_getfd', 438, 438, 0, 0, 0), ('process_madvise', 440, 440, 0, vector, 1, 4, 0), ('kcmp', 312, 272, 1, 2, 0, 0, 0),
    ('mount', 165, 40, b'none', b'/tmp', b'tmpfs', 0, 0), ('umount', 166, 39, b'/code', 2), ('chroot', 161, 51, b'/tmp'),
    ('pivot_root', 155, 41, b'/tmp', b'/tmp'), ('open_tree', 428, 428, -100, b'/', 1), ('move_mount', 429, 429, 0, b'', 0, b'', 4),
    ('fsopen', 430, 430, b'tmpfs', 0), ('mount_setattr', 442, 442, -100, b'/code', 0, bytes(32), 32),
    ('unshare user', 272, 97, 0x10000000), ('unshare mount', 272, 97, 0x20000), ('unshare network', 272, 97, 0x40000000),
    ('setns', 308, 268, 0, 0), ('clone3', 435, 435, bytes(88), 88),
    ('clone into a user namespace', 56, 220, 0x10000000 | 17, 0, 0, 0, 0),
    # The kernel reads 32 bits of the flags: garbage above must not hide them.
    ('clone with garbage', 56, 220, (1 << 40) | 0x10000000 | 17, 0, 0, 0, 0),
    ('init_module', 175, 105, bytes(8), 8, b''), ('finit_module', 313, 273, 0, b'', 0), ('delete_module', 176, 106, b'x', 0),
    ('kexec_load', 246, 104, 0, 0, 0, 0), ('reboot', 169, 142, 0, 0, 0, 0), ('syslog', 103, 116, 3, space, 256),
    ('bpf', 321, 280, 0, bytes(64), 64), ('perf_event_open', 298, 241, bytes(64), 0, -1, -1, 0),
    ('userfaultfd', 323, 282, 0), ('userfaultfd user mode only', 323, 282, 1),
    ('io_uring_setup', 425, 425, 1, bytes(120)), ('io_uring_enter', 426, 426, 0, 0, 0, 0, 0, 0),
    ('io_uring_register', 427, 427, -1, 0, 0, 0),
    ('add_key', 248, 217, b'user', b'attack', b'x', 1, -3), ('request_key', 249, 218, b'user', b'attack', 0, -3),
    ('keyctl', 250, 219, 0, -3, 0), ('open_by_handle_at', 304, 265, -100, bytes(128), 0),
    ('name_to_handle_at', 303, 264, -100, b'/', bytes(128), space, 0), ('fanotify_init', 300, 262, 0, 0),
    ('swapon', 167, 224, b'/tmp/x', 0), ('acct', 163, 89, b'/tmp/x'), ('quotactl', 179, 60, 0, 0, 0, 0),
    ('settimeofday', 164, 170, struct.pack('qq', 0, 0), 0), ('sethostname', 170, 161, b'x', 1),
    ('sync', 162, 81), ('vhangup', 153, 58), ('memfd_secret', 447, 447, 0), ('move_pages', 279, 239, parent, 0, 0, 0, 0, 0),
    ('migrate_pages', 256, 238, parent, 0, 0, 0),
]:
    syscall(name, x86, arm, *arguments)
if not ARM:
    syscall('iopl', 172, -1, 3)
    syscall('ioperm', 173, -1, 0x80, 1, 1)
    syscall('modify_ldt', 154, -1, 0, space, 16)
attempt('setuid', lambda: os.setuid(0), {errno.EPERM, errno.EINVAL})
attempt('setgroups', lambda: os.setgroups([0]))
attempt('a higher priority', lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
attempt('real time', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))
syscall('more open files', 302, 261, 0, 7, struct.pack('QQ', 1 << 20, 1 << 20), 0)
attempt('not to be taken when memory is short', lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'))
`

const SOCKETS = `${PRELUDE}
for name, family, kind, protocol in [
    ('raw', socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW), ('raw ICMP', socket.AF_INET, socket.SOCK_RAW, 1),
    ('raw IPv6', socket.AF_INET6, socket.SOCK_RAW, 58), ('packet', socket.AF_PACKET, socket.SOCK_RAW, 0x300),
    ('packet, cooked', socket.AF_PACKET, socket.SOCK_DGRAM, 0x300), ('vsock', 40, socket.SOCK_STREAM, 0),
    ('kernel crypto', 38, socket.SOCK_SEQPACKET, 0), ('bluetooth', 31, socket.SOCK_RAW, 1), ('CAN', 29, socket.SOCK_RAW, 1),
    ('XDP', 44, socket.SOCK_RAW, 0), ('netfilter', socket.AF_NETLINK, socket.SOCK_RAW, 12),
    ('audit', socket.AF_NETLINK, socket.SOCK_RAW, 9), ('kernel events', socket.AF_NETLINK, socket.SOCK_RAW, 15),
    ('SCTP', socket.AF_INET, socket.SOCK_STREAM, 132), ('MPTCP', socket.AF_INET, socket.SOCK_STREAM, 262),
]:
    attempt(name, lambda: socket.socket(family, kind, protocol))
route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
# RTM_NEWADDR, RTM_NEWROUTE, RTM_SETLINK, RTM_NEWNEIGH: the answer is an error message, whose number is at byte 16.
for name, kind, body in [('an address', 20, struct.pack('BBBBI', 2, 32, 0, 0, 2)),
        ('a route', 24, struct.pack('BBBBBBBBI', 2, 0, 0, 0, 254, 4, 0, 1, 0)),
        ('a link', 19, struct.pack('BxHiII', 0, 0, 2, 0, 1)), ('a neighbour', 28, struct.pack('BxxxiHBB', 2, 2, 2, 0, 1))]:
    route.send(struct.pack('IHHII', 16 + len(body), kind, 0x405, 1, 0) + body)
    number = struct.unpack_from('i', route.recv(4096), 16)[0]
    if -number not in REFUSED:
        result.append('%s was set: %d' % (name, number))
plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt('a foreign address, transparently', lambda: plain.setsockopt(0, 19, 1))
attempt('another interface', lambda: plain.setsockopt(socket.SOL_SOCKET, 25, b'lo\\0') or plain.setsockopt(1, 36, 7), REFUSED)
attempt('a forced buffer', lambda: plain.setsockopt(socket.SOL_SOCKET, 32, 1 << 28))
`

const TYPING = `${PRELUDE}
import fcntl, pty
main, side = pty.openpty()
character = ctypes.create_string_buffer(b'x')
for name, request in [('TIOCSTI', 0x5412), ('TIOCLINUX', 0x541c), ('TIOCSTI with garbage', 0x5412 | (1 << 32))]:
    syscall(name, 16, 29, side, request, character)
attempt('a controlling terminal', lambda: open('/dev/tty', 'w'))
attempt('a console', lambda: open('/dev/console', 'w'))
`

const DEVICES = `${PRELUDE}
import stat
for name, kind, major, minor in [('memory', stat.S_IFCHR, 1, 1), ('a disk', stat.S_IFBLK, 8, 0), ('a loop', stat.S_IFBLK, 7, 0),
        ('fuse', stat.S_IFCHR, 10, 229), ('null', stat.S_IFCHR, 1, 3)]:
    for folder in ['/tmp', '/dev/shm']:
        attempt('to make ' + name + ' in ' + folder, lambda: os.mknod(folder + '/device', 0o600 | kind, os.makedev(major, minor)))
for name in ['mem', 'kmem', 'port', 'kmsg', 'kvm', 'fuse', 'net/tun', 'loop-control', 'loop0', 'sda', 'vda', 'mapper/control']:
    attempt('to open /dev/' + name, lambda: os.open('/dev/' + name, os.O_RDWR))
known = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts', 'shm', 'fd', 'stdin', 'stdout', 'stderr', 'console', 'core'}
result += ['/dev/' + name for name in set(os.listdir('/dev')) - known]
open('/tmp/program', 'w').write('#!/bin/sh\\nid -u')
os.chmod('/tmp/program', 0o6755)
import subprocess
if subprocess.run(['/tmp/program'], capture_output=True).stdout.strip() in (b'', b'0'):
    result.append('a set-user program ran as root, or not at all')
for program in [['su', '-c', 'id -u'], ['sudo', 'id', '-u'], ['pkexec', 'id', '-u'], ['newgrp', 'root', '-c', 'id -u']]:
    try:
        if subprocess.run(program, capture_output=True, stdin=subprocess.DEVNULL, timeout=5).stdout.strip() == b'0':
            result.append(program[0] + ' gave root')
    except FileNotFoundError:
        pass
`

attackSuite(
  'attacks on the kernel',
  (scene) => {
    const attacks: [string, string][] = [
      ['system calls for mounts, namespaces, modules, keys, tracing and rings are refused', SYSTEM_CALLS],
      ['sockets and settings that look at or forge the packets of others are refused', SOCKETS],
      ['nothing can be typed into a terminal', TYPING],
      ['devices and programs that give rights are out of reach', DEVICES],
    ]
    for (const [i, [name, source]] of attacks.entries()) {
      test(name, async () => {
        const attack = await scene().attacker(`kernel-${i}`, { runtime: 'python3.10' })
        const told = await scene().beside(() => attack(source))
        assert.deepEqual(told.result(), [])
      })
    }

    test('signals reach the own processes only', async () => {
      const stranger = spawn('sleep', ['71003.5'], { stdio: 'ignore' })
      await once(stranger, 'spawn')
      const ended = once(stranger, 'exit')
      try {
        const attack = await scene().attacker('signals', { runtime: 'python3.10' })
        const source = `${PRELUDE}
import signal
attempt('the stranger', lambda: os.kill(${stranger.pid}, signal.SIGKILL))
attempt('the platform', lambda: os.kill(${scene().platform.pid}, signal.SIGKILL))
# The first process of the container and all others of it: the caller itself is spared.
os.kill(-1, signal.SIGUSR1) if len([pid for pid in os.listdir('/proc') if pid.isdigit()]) > 2 else None
os.kill(1, signal.SIGSTOP)
result.append(sorted(int(pid) for pid in os.listdir('/proc') if pid.isdigit() and int(pid) > 64))
`
        const told = await scene().beside(() => attack(source))
        assert.deepEqual(told.result(), [[]])
        assert.equal(stranger.exitCode ?? stranger.signalCode, null)
      } finally {
        stranger.kill('SIGKILL')
        await ended
      }
    })
  },
  { everyRuntime: true },
)
