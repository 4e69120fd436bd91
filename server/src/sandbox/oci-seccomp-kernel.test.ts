/** The filter in the kernel: what must run runs, what is refused is refused with the error chosen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errnos } from './oci-seccomp.ts'
import { forbiddenSyscalls } from './oci-seccomp-syscalls.ts'
import { missingFor, runUnderFilter } from './oci-seccomp-test-support.ts'

const { EPERM, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT } = errnos
const SIGSYS = 31
const SIGSEGV = 11

const NODE_PROGRAM = `
  const { createServer } = require('node:http')
  const { execFileSync } = require('node:child_process')
  const { lookup } = require('node:dns/promises')
  const { networkInterfaces } = require('node:os')
  const { Worker } = require('node:worker_threads')
  const { writeFileSync, readFileSync, watch } = require('node:fs')
  async function main() {
    const server = createServer((request, response) => response.end('served')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const served = await (await fetch('http://127.0.0.1:' + server.address().port)).text()
    server.closeAllConnections()
    server.close()
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage("worked")', { eval: true })
    const worked = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    const child = execFileSync('/bin/sh', ['-c', 'echo child | cat'], { encoding: 'utf8' }).trim()
    watch('/tmp').close()
    writeFileSync('/tmp/file', 'kept')
    networkInterfaces()
    const { address } = await lookup('127.0.0.1')
    console.log(JSON.stringify([served, worked, child, readFileSync('/tmp/file', 'utf8'), address]))
  }
  main()
`

const PYTHON_PROGRAM = `
import json, multiprocessing, socket, ssl, subprocess, tempfile, threading
found = []
thread = threading.Thread(target=lambda: found.append('thread'))
thread.start(); thread.join()
found.append(subprocess.run(['/bin/echo', 'subprocess'], capture_output=True, text=True).stdout.strip())
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
accepted, _ = server.accept()
client.sendall(b'socket'); found.append(accepted.recv(6).decode())
with multiprocessing.get_context('fork').Pool(1) as pool: found.append(pool.apply(str, ('pool',)))
with tempfile.TemporaryFile() as file: file.write(b'x')
socket.socket(socket.AF_INET, socket.SOCK_DGRAM); socket.if_nameindex(); ssl.create_default_context()
print(json.dumps(found))
`

/** Prints the error number of each call, 0 for one that went through. */
const PROBE = `
import ctypes, json, os, signal, sys, mmap
names = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
resolve = ctypes.CDLL('libseccomp.so.2').seccomp_syscall_resolve_name
def number(name): return resolve(name.encode())
def call(name, *args):
    result = libc.syscall(ctypes.c_long(number(name)), *(ctypes.c_ulong(arg) for arg in args))
    return ctypes.get_errno() if result == -1 else 0
def end_of(action):
    pid = os.fork()
    if pid == 0:
        action(); os._exit(0)
    return os.waitpid(pid, 0)[1] & 0x7f
GARBAGE = 0xabcdef01 << 32
read_end, write_end = os.pipe()
count = ctypes.create_string_buffer(8)
namespaces = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]
found = {
  'forbidden': {name: call(name, 0, 0, 0, 0, 0, 0) for name in names if number(name) >= 0},
  'clone': [call('clone', flag | extra, 0, 0, 0, 0) for flag in namespaces for extra in (17, 17 | GARBAGE)],
  'unknown': [call('clone3', 0, 0), call('io_setup', 0, 0), call('personality', 0x40000)],
  'personality': [call('personality', 0xffffffff), call('personality', 0)],
  'typing': [call('ioctl', 0, request | extra, 0) for request in (0x5412, 0x541c) for extra in (0, GARBAGE)],
  'ioctl': [call('ioctl', read_end, request, ctypes.addressof(count)) for request in (0x541b, 0x541b | GARBAGE, 0x5421)],
  'families': [call('socket', family, kind, 0) for family, kind in ((17, 3), (38, 5), (40, 1), (44, 3), (3, 5), (0, 1))],
  'protocols': [call('socket', *each) for each in ((2, 1, 132), (2, 6, 33), (10, 1, 262), (2, 2, 136), (16, 3, 12))],
  'raw': [call('socket', family, 3, 1) for family in (2, 10)],
  'sockets': [call('socket', *each) for each in ((1, 1, 0), (2, 0x80801, 6), (10, 2, 17), (2 | GARBAGE, 1, 0), (16, 3, 0))],
}
if os.uname().machine == 'x86_64':
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
    i386 = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    found['doors'] = [end_of(lambda: libc.syscall(ctypes.c_long(0x40000000 | 39))), end_of(i386)]
print(json.dumps(found))
`

for (const runtime of ['crun', 'runc']) {
  const skip = missingFor(runtime) ?? false

  async function output(command: readonly string[], script: string): Promise<unknown> {
    const { code, stdout, stderr } = await runUnderFilter(runtime, command, script)
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  test(`${runtime}: Node.js serves, fetches, and has threads and children`, { skip }, async () => {
    const found = await output([process.execPath, '/code/script'], NODE_PROGRAM)
    assert.deepEqual(found, ['served', 'worked', 'child', 'kept', '127.0.0.1'])
  })

  test(`${runtime}: Python has threads, children, pools and sockets`, { skip }, async () => {
    const found = await output(['/usr/bin/python3', '/code/script'], PYTHON_PROGRAM)
    assert.deepEqual(found, ['thread', 'subprocess', 'socket', 'pool'])
  })

  test(`${runtime}: what is forbidden fails with the error chosen, garbage in registers or not`, { skip }, async () => {
    const command = ['/usr/bin/python3', '/code/script', JSON.stringify(forbiddenSyscalls)]
    const { forbidden, doors, ...found } = (await output(command, PROBE)) as Record<string, number[]>
    const wrong = Object.entries(forbidden!).filter(([, errno]) => errno !== EPERM)
    assert.deepEqual(wrong, [])
    assert.ok(Object.keys(forbidden!).length > 40)
    assert.deepEqual(found, {
      clone: Array.from({ length: 14 }, () => EPERM),
      unknown: [ENOSYS, ENOSYS, ENOSYS],
      personality: [0, 0],
      typing: [EPERM, EPERM, EPERM, EPERM],
      ioctl: [0, 0, 0],
      families: Array.from({ length: 6 }, () => EAFNOSUPPORT),
      protocols: Array.from({ length: 5 }, () => EPROTONOSUPPORT),
      raw: [EPERM, EPERM],
      sockets: [0, 0, 0, 0, 0],
    })
    // A kernel without i386 calls at all ends such a program with SIGSEGV.
    if (doors)
      assert.ok(doors[0] === SIGSYS && [SIGSYS, SIGSEGV].includes(doors[1]!), `ended by signals ${doors.join()}`)
  })
}
