/** Containers of images: their root, their writable layer, and what neither of them reaches. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  copyFileSync,
  realpathSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock, systemRandom } from '../clock.ts'
import { createOciSandboxRuntime } from './oci.ts'
import { findOciPrograms } from './oci-check.ts'
import { NotRunnable, type ImageSandboxSpec, type SandboxExit, type SandboxRuntime } from './port.ts'

const MB = 1024 * 1024
const BUSYBOX = '/bin/busybox'
const LIMITS = { memoryBytes: 128 * MB, diskBytes: 16 * MB, processes: 64, openFiles: 256, cpu: 1 }
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync(BUSYBOX)
      ? false
      : 'needs busybox-static, of which images are made'
const programs = findOciPrograms(process.env['PATH'] ?? '')

/** A system of busybox alone, owned by the users that images have: from 0 on. */
function makeImage(root: string): void {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'srv']) mkdirSync(join(root, name), { recursive: true })
  chmodSync(join(root, 'tmp'), 0o1777)
  chmodSync(join(root, 'root'), 0o700)
  copyFileSync(BUSYBOX, join(root, 'bin/busybox'))
  symlinkSync('busybox', join(root, 'bin/sh'))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/srv:/bin/sh\n')
  writeFileSync(join(root, 'etc/shadow'), 'of the image', { mode: 0o600 })
  writeFileSync(join(root, 'srv/page'), 'page')
  chownSync(join(root, 'srv'), 33, 33)
}

/** Before 1.2 runc joins the user namespace first, from which it may not join the network. */
function execProblem({ name, path }: (typeof programs)[0]): string | false {
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
  return name === 'runc' && /version 1\.[01]\./.test(version) ? 'runc before 1.2 cannot do so' : false
}

for (const program of programs) {
  describe(`containers of images (${program.name})`, { skip }, () => {
    let scratch: string
    let image: string
    let runtime: SandboxRuntime

    before(async () => {
      scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-oci-image-')))
      image = join(scratch, 'image')
      mkdirSync(image)
      makeImage(image)
      const cniFolder = '/usr/lib/cni'
      runtime = await createOciSandboxRuntime(
        {
          ...{ program, python: '/usr/bin/python3', cniFolder, platformPorts: [7800] },
          ...{ directory: join(scratch, 'live'), stateDirectory: join(scratch, 'state') },
        },
        { clock: systemClock, random: systemRandom, notify() {} },
      )
      mkdirSync(join(scratch, 'live'))
      await runtime.recover()
    })
    after(async () => {
      await runtime.close()
      rmSync(scratch, { recursive: true, force: true })
    })

    /** Runs a program in a container of its own, to its end. */
    async function run(command: readonly string[], more: Partial<ImageSandboxSpec['image']> = {}, limits = LIMITS) {
      let output = ''
      const sandbox = await runtime.createFromImage!({
        id: `c-${randomBytes(8).toString('hex')}`,
        command,
        environment: { PATH: '/bin' },
        limits,
        onOutput: (_, chunk) => (output += chunk.toString()),
        image: { rootFolder: image, workingFolder: '/', user: { uid: 0, gid: 0, groups: [] }, ...more },
      })
      const exit = await sandbox.exited
      return { output, exit, lines: output.trim().split('\n') }
    }

    const shell = (script: string, more?: Partial<ImageSandboxSpec['image']>) =>
      run(['/bin/sh', '-c', `busybox --install -s /bin 2>/dev/null; ${script}`], more)

    test('root inside owns the image, and is an unprivileged user of the host', async () => {
      const { lines } = await shell(
        'id -u; cat /etc/shadow; echo; chown 33:33 /bin/busybox && stat -c %u:%g /bin/busybox /srv; cat /proc/self/uid_map',
      )
      assert.deepEqual(lines.slice(0, 4), ['0', 'of the image', '33:33', '33:33'])
      const [inside, outside, count] = lines[4]!.trim().split(/\s+/).map(Number)
      assert.deepEqual([inside, count], [0, 65_536])
      assert.ok(outside! >= 0x70000000, String(outside))
    })

    test('two containers are different users of the host', async () => {
      const [a, b] = await Promise.all([shell('cat /proc/self/uid_map'), shell('cat /proc/self/uid_map')])
      assert.notEqual(a.output, b.output)
    })

    test('the user, groups and working folder of the image are those of its program', async () => {
      const user = { uid: 33, gid: 34, groups: [40, 41] }
      const { lines } = await shell('id -u; id -G; pwd; cat /etc/shadow 2>&1; touch /srv/new && echo wrote', {
        user,
        workingFolder: '/srv',
      })
      assert.deepEqual(lines, ['33', '34 40 41', '/srv', "cat: can't open '/etc/shadow': Permission denied", 'wrote'])
    })

    test('a working folder that is missing is made', async () => {
      const { lines } = await shell('pwd', { workingFolder: '/new/folder' })
      assert.deepEqual(lines, ['/new/folder'])
    })

    test('what one container writes is not in the image, nor in the next container', async () => {
      const { lines } = await shell(
        'echo evil >/srv/page; rm /etc/shadow; echo evil >/bin/new; cat /srv/page; ls /etc/shadow',
      )
      assert.equal(lines[0], 'evil')
      assert.equal(readFileSync(join(image, 'srv/page'), 'utf8'), 'page')
      assert.deepEqual(readdirSync(join(image, 'bin')).sort(), ['busybox', 'sh'])
      const next = await shell('cat /srv/page; echo; cat /etc/shadow; echo; ls /bin/new 2>&1')
      assert.deepEqual(next.lines, ['page', 'of the image', 'ls: /bin/new: No such file or directory'])
    })

    test('everything that is written counts against the disk, changes of large files of the image too', async () => {
      const { lines } = await shell(
        'dd if=/dev/zero of=/srv/zeros bs=1M count=64 2>&1 | grep -o "No space left on device"; echo then',
      )
      assert.deepEqual(lines, ['No space left on device', 'then'])
      const files = await shell(
        'i=0; while busybox touch /srv/$i 2>/dev/null; do i=$((i+1)); done; [ $i -lt 3000 ] && echo bounded',
      )
      assert.deepEqual(files.lines, ['bounded'])
    })

    test('root has no way to the host: devices, mounts, namespaces, set-user programs', async () => {
      const { output } = await shell(`
        mknod /srv/disk b 8 0 && echo made a device
        mount -t tmpfs none /srv && echo mounted
        mount -o remount,rw /proc/sys && echo remounted
        unshare -m true && echo unshared
        chroot / true && echo changed root
        echo 1 >/proc/sys/kernel/panic && echo set
        reboot -f && echo rebooted
        cat /proc/self/mountinfo
        grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status`)
      assert.doesNotMatch(output, /made a device|mounted|unshared|changed root|^set$|rebooted/m)
      assert.match(output, /CapBnd:\s+0{12}01fb$/m)
      assert.match(output, /NoNewPrivs:\s+1$/m)
      assert.match(output, /Seccomp:\s+2$/m)
      // No program of the image becomes its owner, and no device in it is one.
      const root = output.split('\n').find((line) => line.split(' ')[4] === '/')
      assert.match(root ?? output, /nosuid,nodev/)
    })

    test('the list of mounts names no folder of the host', async () => {
      const { output } = await shell('cat /proc/self/mountinfo')
      assert.ok(!output.includes(scratch), output)
    })

    test('ports below 1024 are open to every user', async () => {
      const user = { uid: 33, gid: 33, groups: [] }
      const { lines } = await shell('httpd -p 80 -h /srv && wget -q -O - http://127.0.0.1/page', { user })
      assert.deepEqual(lines, ['page'])
    })

    test('names of hosts are the sandbox’s, also where the image has links that lead elsewhere', async () => {
      const outside = join(scratch, 'outside')
      mkdirSync(outside)
      for (const link of ['etc', 'etc/resolv.conf', 'tmp', 'proc', 'dev']) {
        const linked = join(scratch, `linked-${link.replace('/', '-')}`)
        mkdirSync(linked)
        makeImage(linked)
        rmSync(join(linked, link), { recursive: true, force: true })
        symlinkSync(outside, join(linked, link))
        // Where it is a mount's place that leads elsewhere, there may be no container at all.
        const running = shell('cat /etc/resolv.conf', { rootFolder: linked })
        const output = await running.then(
          (ended) => ended.output,
          () => null,
        )
        if (link === 'tmp' || link === 'etc/resolv.conf') assert.match(output ?? '', /^nameserver 10\./)
        assert.deepEqual(readdirSync(outside), [])
      }
    })

    test('an image of one file is enough', async () => {
      const single = join(scratch, 'single')
      mkdirSync(single)
      copyFileSync(BUSYBOX, join(single, 'busybox'))
      const { lines } = await run(['/busybox', 'ls', '/'], { rootFolder: single })
      assert.deepEqual(lines, ['busybox', 'dev', 'etc', 'proc', 'tmp'])
    })

    test('the exit of the first process is that of the container; what ran beside it ends', async () => {
      const ended = async (script: string) => {
        const { exit }: { exit: SandboxExit } = await shell(script)
        return [exit.code, exit.signal, exit.outOfMemory]
      }
      assert.deepEqual(await ended('sleep 1000 & exit 7'), [7, null, false])
      assert.deepEqual(await ended('dd if=/dev/zero of=/dev/null bs=512M count=1'), [null, 'SIGKILL', true])
    })

    test('programs can be run beside the first, as its user', { skip: execProblem(program) }, async () => {
      const user = { uid: 33, gid: 33, groups: [] }
      const sandbox = await runtime.createFromImage!({
        id: `c-${randomBytes(8).toString('hex')}`,
        command: ['/bin/busybox', 'sleep', '1000'],
        environment: { PATH: '/bin', GREETING: 'hello' },
        limits: LIMITS,
        onOutput() {},
        image: { rootFolder: image, workingFolder: '/srv', user },
      })
      const exec = await sandbox.exec({
        command: ['/bin/sh', '-c', 'busybox id -u; pwd; echo $GREETING'],
        terminal: false,
      })
      exec.stdin.end()
      exec.stderr.resume()
      let output = ''
      for await (const chunk of exec.stdout) output += String(chunk)
      assert.deepEqual(output.trim().split('\n'), ['33', '/srv', 'hello'])
      await sandbox.stop(0)
      assert.deepEqual(readdirSync(join(scratch, 'live')), [])
    })

    test('a program that cannot be run is told apart from a sandbox that cannot be made', async () => {
      writeFileSync(join(image, 'srv/data'), 'no program', { mode: 0o644 })
      const cases: [string, NotRunnable['reason']][] = [
        ['/bin/nothing', 'missing'],
        ['nothing', 'missing'],
        ['/srv/data', 'forbidden'],
        ['/srv', 'forbidden'],
      ]
      for (const [name, reason] of cases) {
        await assert.rejects(run([name]), (error) => {
          assert.ok(error instanceof NotRunnable, `${name}: ${String(error)}`)
          assert.equal(error.reason, reason, `${name}: ${error.message}`)
          return true
        })
      }
      await assert.rejects(
        run(['/bin/sh'], { rootFolder: join(scratch, 'no-image') }),
        (error) => !(error instanceof NotRunnable),
      )
      assert.deepEqual(readdirSync(join(scratch, 'live')), [])
    })

    test('nothing is left: folders, mounts, control groups', async () => {
      await shell('true')
      assert.deepEqual(readdirSync(join(scratch, 'live')), [])
      assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(scratch))
      const shown = readdirSync('/run').filter((name) => name.startsWith('sluice-'))
      for (const name of shown) {
        const used = readdirSync(join('/run', name)).filter((id) => existsSync(join(scratch, 'live', id)))
        assert.deepEqual(used, [])
      }
    })
  })
}
