/** Files of others: what a function finds outside of its own folders, what it can write, and what its package smuggles in. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeZip, type ZipEntry } from '../../src/packages/zip-fixtures.ts'
import { attackSuite, type Scene } from './support.ts'

/** In two halves wherever an attacker's source names it, so that it does not find itself. */
const SECRET = ['of-the', '-victim']
const LINK = 0o120777

/** Keeps its secret in its code, its environment, its memory, its arguments and its temporary folder. */
async function deployVictim(scene: Scene): Promise<void> {
  const secret = SECRET.join('')
  const code = `
    require('fs').writeFileSync('/tmp/secret', '${secret}')
    require('fs').writeFileSync('/dev/shm/secret', '${secret}')
    require('child_process').spawn('sleep', ['71004.5', '${secret}'], { stdio: 'ignore' }).on('error', () => {})
    exports.handler = async () => '${secret}'`
  const options = { environmentVariables: { SECRET: secret }, timeout: 20 }
  await scene.platform.deploy('victim', { 'index.js': code }, options)
  assert.equal((await scene.platform.invoke('victim')).text, secret)
}

/** Python: reads all there is, but for what the host shows of itself (/usr) and what would not end. */
const SEARCH = `
import os
secret = '${SECRET[0]}'.encode() + '${SECRET[1]}'.encode()
result = []
def look(path):
    try:
        with open(path, 'rb', opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if secret in (file.read(1 << 20) or b''):
                result.append(path)
    except OSError:
        pass
seen = 0
for root in ['/', '/proc/self/root', '/proc/1/root', '/proc/self/cwd/..', '/proc/1/cwd']:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ('/usr', '/proc', '/sys')
            and not (root != '/' and name in ('usr', 'proc', 'sys', 'lib', 'bin', 'dev'))]
        for name in files:
            seen += 1
            look(os.path.join(folder, name))
for pid in filter(str.isdigit, os.listdir('/proc')):
    for name in ('environ', 'cmdline', 'maps', 'mountinfo', 'stack', 'syscall'):
        look('/proc/%s/%s' % (pid, name))
assert seen > 10
`

const ESCAPES = `
import os
result = []
def reached(path):
    try:
        os.stat(path)
        result.append(path)
    except OSError:
        pass
outside = [OUTSIDE]
for path in outside:
    for root in ['', '/proc/1/root', '/proc/self/root', '/proc/self/cwd/../../..', '/proc/thread-self/root', '/code/../..',
            '/../../..', '/tmp/link']:
        try:
            os.symlink('/proc/1/root', '/tmp/link')
        except FileExistsError:
            pass
        reached(root + path)
# What an OCI runtime leaves open leads out of the container.
for fd in os.listdir('/proc/self/fd'):
    for steps in ['..', '../..', '../../..', '../../../../..']:
        for path in outside:
            reached('/proc/self/fd/%s/%s%s' % (fd, steps, path))
`

const WRITES = `
import os, glob
result = []
def write(path, data=b'x'):
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o644)
    except OSError:
        return
    try:
        os.write(fd, data)
        # What is masked is /dev/null.
        if os.fstat(fd).st_rdev != os.makedev(1, 3):
            result.append(path)
    except OSError:
        pass
    finally:
        os.close(fd)
for folder in ['/', '/code', '/usr', '/usr/bin', '/usr/lib', '/etc', '/etc/ssl', '/bin', '/lib', '/opt', '/run', '/var', '/root', '/home', '/sys',
        '/proc', '/dev', '/sys/fs/cgroup', '/proc/sys/kernel', '/proc/1']:
    write(folder + '/attack')
for path in ['/code/index.py', '/etc/passwd', '/etc/hosts', '/etc/resolv.conf', '/etc/ld.so.preload', '/etc/ld.so.cache', '/usr/bin/env', '/bin/sh',
        '/proc/self/exe', '/proc/1/exe', '/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/vm/panic_on_oom',
        '/proc/sys/net/ipv4/ip_forward', '/proc/sysrq-trigger', '/proc/1/mem', '/proc/1/oom_score_adj', '/proc/1/attr/current', '/proc/kcore', '/proc/bus/pci/00/00.0',
        '/proc/irq/default_smp_affinity', '/proc/self/uid_map', '/proc/acpi/wakeup', '/proc/kmsg', '/proc/fs/nfsd/threads']:
    write(path)
for path in glob.glob('/sys/fs/cgroup/**', recursive=True) + glob.glob('/sys/kernel/**', recursive=True):
    write(path)
for call in [lambda: os.unlink('/code/index.py'), lambda: os.rename('/code', '/tmp/code'), lambda: os.chmod('/code/index.py', 0o777),
        lambda: os.utime('/code/index.py'), lambda: os.rmdir('/opt'), lambda: os.link('/code/index.py', '/tmp/index.py')]:
    try:
        call()
        result.append('a change')
    except OSError:
        pass
for path in ['/proc/kcore', '/proc/kmsg', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/proc/kallsyms', '/etc/shadow', '/proc/1/environ', '/proc/vmallocinfo']:
    try:
        with open(path, 'rb', opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if file.read(64) and path != '/proc/1/environ':
                result.append('read ' + path)
    except OSError:
        pass
`

/** Every way to change what layers show, and every link in them that leads to something outside. */
const LAYER_WRITES = `
import os
result = []
def attempt(name, call):
    try:
        call()
        result.append(name)
    except OSError:
        pass
for path in ['/opt/new', '/opt/bin/new', '/opt/bin/tool', '/opt/python/module.py', '/opt/inside']:
    attempt('write ' + path, lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT)))
for path in ['/opt/bin/tool', '/opt/python/module.py', '/opt/inside']:
    attempt('unlink ' + path, lambda: os.unlink(path))
    attempt('chmod ' + path, lambda: os.chmod(path, 0o777))
    attempt('link ' + path, lambda: os.link(path, '/tmp/linked'))
    attempt('rename ' + path, lambda: os.rename(path, '/opt/other'))
attempt('rename the folder', lambda: os.rename('/opt', '/tmp/opt'))
attempt('replace the folder', lambda: os.symlink('/tmp', '/opt'))
for path in ['/opt/..' + step + outside for outside in [OUTSIDE] for step in ['', '/..', '/../..']]:
    attempt('read ' + path, lambda: os.stat(path))
import module
assert module.NAME == 'a layer' and os.readlink('/opt/inside') == 'bin/tool'
`

attackSuite(
  'attacks on files',
  (scene) => {
    test('code, environment, memory and files of another function are out of sight', async () => {
      await deployVictim(scene())
      const attack = await scene().attacker('searching', { runtime: 'python3.10' })
      assert.deepEqual((await scene().beside(() => attack(SEARCH))).result(), [])
    })

    test('no way leads to files of the host, not by links, /proc, open descriptors or the working folder', async () => {
      const { dataDir } = scene().platform
      const outside = [dataDir, join(dataDir, 'credentials.json'), '/etc/shadow', '/boot']
      const source = ESCAPES.replace('OUTSIDE', outside.map((path) => JSON.stringify(path)).join(', '))
      assert.ok(existsSync(outside[1]!))
      const attack = await scene().attacker('escaping', { runtime: 'python3.10' })
      assert.deepEqual((await scene().beside(() => attack(source))).result(), [])
    })

    test('code, system and kernel settings cannot be written, nor what the kernel tells of the host read', async () => {
      const attack = await scene().attacker('writing', { runtime: 'python3.10' })
      assert.deepEqual((await scene().beside(() => attack(WRITES))).result(), [])
    })

    test('layers cannot be written, nor replaced, nor do they lead to files of the host', async () => {
      const { platform } = scene()
      const zip = makeZip([
        { name: 'bin/tool', content: '#!/bin/sh', mode: 0o100755 },
        { name: 'python/module.py', content: "NAME = 'a layer'" },
        { name: 'inside', content: 'bin/tool', mode: LINK },
      ])
      const body = { code: { zipFile: zip.toString('base64') } }
      const layer = await platform.call('POST', '/2023-03-30/layers/attacked/versions', body)
      assert.equal(layer.status, 200, layer.text)
      const { layerVersionArn } = layer.json()
      const attack = await scene().attacker('writing-layers', { runtime: 'python3.10', layers: [layerVersionArn] })
      const outside = [platform.dataDir, '/etc/shadow', '/boot'].map((path) => JSON.stringify(path)).join(', ')
      const source = LAYER_WRITES.replace('OUTSIDE', outside)
      assert.deepEqual((await scene().beside(() => attack(source))).result(), [])
    })

    test('a package that reaches out of its folder is refused, with the entry that does', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sluice-attack-'))
      const target = join(folder, 'target')
      writeFileSync(target, 'untouched')
      try {
        const packages: [string, ZipEntry[]][] = [
          ['a step up', [{ name: '../attack.js' }]],
          ['many steps up', [{ name: `a/${'../'.repeat(20)}${target.slice(1)}` }]],
          ['an absolute name', [{ name: target, content: 'attacked' }]],
          ['a backslash', [{ name: '..\\attack.js' }]],
          ['a link that leaves', [{ name: 'link', content: '/etc', mode: LINK }]],
          ['a link up', [{ name: 'link', content: '../../..', mode: LINK }]],
          ['a link to its own folder from above', [{ name: 'a/link', content: '../../code/x', mode: LINK }]],
          [
            'a file through a link',
            [
              { name: 'link', content: folder, mode: LINK },
              { name: 'link/target', content: 'attacked' },
            ],
          ],
          ['a device', [{ name: 'null', mode: 0o020666 }]],
          ['a pipe', [{ name: 'pipe', mode: 0o010666 }]],
          [
            'a lie about a size',
            [{ name: 'index.js', content: 'x'.repeat(1000), deflate: true, claims: { sizeBytes: 1 } }],
          ],
          ['a bomb', [{ name: 'bomb', content: Buffer.alloc(65 << 20), deflate: true }]],
        ]
        for (const [name, entries] of packages) {
          const code = { zipFile: makeZip(entries).toString('base64') }
          const ofFunction = { functionName: 'packed', runtime: 'nodejs20', handler: 'index.handler', code }
          for (const [path, body] of [
            ['functions', ofFunction],
            ['layers/packed/versions', { code }],
          ] as const) {
            const answer = await scene().platform.call('POST', `/2023-03-30/${path}`, body)
            assert.equal(answer.status, 400, `${name} in ${path}: ${answer.text}`)
            assert.match(answer.text, /"Code":"(InvalidArgument|InvalidZipFile|CodeSizeExceeded|\w+)"/, name)
          }
        }
        for (const path of ['functions/packed', 'layers/packed/versions/1']) {
          assert.equal((await scene().platform.call('GET', `/2023-03-30/${path}`)).status, 404)
        }
        assert.equal(readFileSync(target, 'utf8'), 'untouched')
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  },
  { everyRuntime: true },
)
