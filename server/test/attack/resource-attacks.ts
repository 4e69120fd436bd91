/** Functions that take all they can get, and what their owners are told of it. */
import type { AttackerOptions } from './support.ts'

export interface ResourceAttack {
  name: string
  options: AttackerOptions
  source: string
  /** The type of error that its owner is told and words of the line that says why, or what it returned. */
  told: { errorType: string; line?: string } | { result: RegExp }
}

/** One second: for attacks that end by nothing else. */
const endless = (runtime: AttackerOptions['runtime']): AttackerOptions => ({ runtime, timeout: 1 })
const python = (more: Partial<AttackerOptions> = {}): AttackerOptions => ({ runtime: 'python3.10', ...more })
const nodejs = (more: Partial<AttackerOptions> = {}): AttackerOptions => ({ runtime: 'nodejs20', ...more })

const timedOut = { errorType: 'FunctionTimeoutError', line: 'Task timed out after ' }
const outOfMemory = {
  errorType: 'FunctionOOMError',
  line: 'killed for using more than its ',
}

/** Python: runs `body` until it raises OSError, whose number is in `result`. */
const untilRefused = (body: string) => `
import os
count = 0
try:
    while True:
        count += 1
        ${body}
except OSError as error:
    result = [os.strerror(error.errno), count]
`

export const resourceAttacks: readonly ResourceAttack[] = [
  {
    name: 'a fork bomb',
    // A thousand copies of a process have some pages each: with less memory they end for want of it.
    options: { ...endless('python3.10'), memorySize: 1024, timeout: 2 },
    source: `
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
`,
    told: timedOut,
  },
  {
    name: 'a thread bomb',
    options: python(),
    source: `
import threading
count = 0
forever = threading.Event()
try:
    while True:
        threading.Thread(target=forever.wait, daemon=True).start()
        count += 1
except RuntimeError as error:
    result = [str(error), count < 1024]
forever.set()
`,
    told: { result: /^\["can't start new thread", true\]$/ },
  },
  {
    name: 'a heap without end',
    options: nodejs(),
    source: 'const held = []; for (;;) held.push(Array.from({ length: 1000 }, () => ({ held: {} })))',
    told: outOfMemory,
  },
  {
    name: 'buffers without end',
    options: nodejs(),
    source: 'const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1))',
    told: outOfMemory,
  },
  {
    name: 'a child that takes the memory',
    options: nodejs(),
    source: `
      const hog = 'const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1))'
      const child = require('child_process').spawn(process.execPath, ['-e', hog], { stdio: 'ignore' })
      await new Promise((resolve) => child.once('exit', resolve))
      await new Promise(() => {})`,
    told: outOfMemory,
  },
  {
    name: 'shared memory as a disk',
    options: python(),
    source: untilRefused("open('/dev/shm/%d' % count, 'wb').write(bytes(1 << 20))"),
    told: { result: /^\["No space left on device", 6[45]\]$/ },
  },
  {
    name: 'shared memory on top of memory',
    options: python({ memorySize: 128 }),
    source: `
held = bytearray(b'x') * (80 << 20)
for i in range(60):
    open('/dev/shm/%d' % i, 'wb').write(bytes(1 << 20))
`,
    told: outOfMemory,
  },
  {
    name: 'memory files',
    options: python(),
    source: `
import os
fd = os.memfd_create('held')
while True:
    os.write(fd, bytes(1 << 20))
`,
    told: outOfMemory,
  },
  {
    name: 'more page cache than memory',
    options: python({ memorySize: 128 }),
    source: `
with open('/tmp/big', 'wb') as file:
    for i in range(300):
        file.write(bytes(1 << 20))
with open('/tmp/big', 'rb') as file:
    result = sum(len(file.read(1 << 20)) for i in range(300)) >> 20
`,
    told: { result: /^300$/ },
  },
  {
    name: 'a disk that fills up',
    options: python(),
    source: untilRefused("open('/tmp/%d' % count, 'wb').write(bytes(1 << 20))"),
    told: { result: /^\["No space left on device", (4[5-9]|5[01])\d\]$/ },
  },
  {
    name: 'as many files as there are inodes',
    options: python(),
    source: untilRefused("open('/tmp/%d' % count, 'wb').close()"),
    told: { result: /^\["No space left on device", 3\d{4}\]$/ },
  },
  {
    name: 'all file descriptors',
    options: python(),
    source: `held = []\n${untilRefused("held.append(open('/dev/null'))")}`,
    told: { result: /^\["Too many open files", \d+\]$/ },
  },
  {
    name: 'a CPU that spins',
    options: endless('nodejs20'),
    source: 'for (;;);',
    told: timedOut,
  },
  {
    name: 'CPUs that spin, one process each',
    options: endless('python3.10'),
    source: `
import os
for i in range(4):
    os.fork()
while True:
    pass
`,
    told: timedOut,
  },
  {
    name: 'a process that stops itself',
    options: endless('python3.10'),
    source: 'import os, signal; os.kill(os.getpid(), signal.SIGSTOP)',
    told: timedOut,
  },
  {
    name: 'signals that are ignored',
    options: endless('python3.10'),
    source: `
import signal, subprocess
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
subprocess.run(['sleep', '71001.5'])
`,
    told: timedOut,
  },
  {
    name: 'children that become daemons',
    options: endless('python3.10'),
    source: `
import os, time
for i in range(20):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp('sleep', ['sleep', '71002.5'])
        os._exit(0)
while True:
    time.sleep(1)
`,
    told: timedOut,
  },
  {
    name: 'zombies',
    options: { ...endless('python3.10'), timeout: 2 },
    source: `
import os, time
try:
    while True:
        if os.fork() == 0:
            os._exit(0)
except OSError:
    while True:
        time.sleep(1)
`,
    told: timedOut,
  },
  {
    name: 'a line without end',
    options: endless('python3.10'),
    source: `import os\nline = b'x' * (1 << 20)\nwhile True: os.write(1, line)`,
    told: timedOut,
  },
  {
    name: 'lines without end',
    options: endless('nodejs20'),
    source: "const lines = 'x\\n'.repeat(50_000); for (;;) require('fs').writeSync(1, lines)",
    told: timedOut,
  },
  {
    name: 'log entries without end',
    // What the platform does not take in yet waits in the function's own memory.
    options: { ...endless('nodejs20'), memorySize: 1536 },
    source: "for (;;) { console.log('x'.repeat(100)); if (Math.random() < 0.01) await new Promise(setImmediate) }",
    told: timedOut,
  },
  {
    name: 'binary garbage in the log',
    options: endless('python3.10'),
    source: `import os\ngarbage = os.urandom(1 << 16) + b'\\x1b[2J\\xff\\xfe\\n'\nwhile True: os.write(2, garbage)`,
    told: timedOut,
  },
]
