/** Sandboxes on a host where something is wrong: the reason is told, in bounded time, and nothing is left behind. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock, systemRandom } from '../clock.ts'
import { LIMITS, startAgent } from './contract-agent.ts'
import { eventually, processesWith, seconds } from './contract-scene.ts'
import { Keeper } from './keeper.ts'
import { tracesOf } from './leftovers-for-tests.ts'
import { SPARE_NETWORKS, SandboxNetwork, type NetworkSlot } from './network.ts'
import { planNetwork, type NetworkPlan } from './network-plan.ts'
import { findOciParts } from './oci-check.ts'
import { createOciSandboxRuntime, type OciOptions } from './oci.ts'

const MB = 1024 * 1024
const parts = findOciParts(process.env['PATH'] ?? '', '', '/usr/bin/python3')
const skip = 'missing' in parts ? parts.missing : false

/** A runtime over a folder of its own; at the end of the test nothing may be left of it. */
async function openRuntime(t: TestContext, changes: Partial<OciOptions> = {}) {
  if ('missing' in parts) throw new Error(parts.missing)
  const root = mkdtempSync(join(tmpdir(), 'bad-days-'))
  const [directory, stateDirectory] = [join(root, 'live'), join(root, 'state')]
  const options = { ...parts, directory, stateDirectory, platformPorts: [7800], ...changes }
  const runtime = await createOciSandboxRuntime(options, { clock: systemClock, random: systemRandom, notify() {} })
  const traces = tracesOf(root)
  t.after(async () => {
    await runtime.close()
    assert.deepEqual(traces.all(), [])
    rmSync(root, { recursive: true, force: true })
  })
  await runtime.recover()
  const agent = (agentOptions: Parameters<typeof startAgent>[2] = {}) => startAgent(runtime, root, agentOptions)
  return { runtime, traces, root, options, agent }
}

/** An executable with this text, in a folder of its own. */
function script(t: TestContext, text: string, name = 'fake'): string {
  const folder = mkdtempSync(join(tmpdir(), 'script-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return join(folder, name)
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function keeperPid(): number {
  const isKeeper = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keeper.py')
  return childrenOf(process.pid).find(isKeeper)!
}

test('an OCI runtime that fails: its own words are the reason', { skip }, async (t) => {
  const says = `while [ "$1" != --log ] && [ $# -gt 0 ]; do shift; done
    [ $# -gt 0 ] && echo '{"level":"error","msg":"the moon is in the wrong house"}' >"$2"; exit 1`
  const { agent, traces } = await openRuntime(t, { program: { name: 'fake', path: script(t, says) } })
  await assert.rejects(agent(), /^Error: cannot start the sandbox: fake: the moon is in the wrong house$/)
  const mute = await openRuntime(t, { program: { name: 'mute', path: script(t, 'exit 3') } })
  await assert.rejects(mute.agent(), /^Error: cannot start the sandbox: mute: exit code 3$/)
  assert.deepEqual(
    traces.all().filter((each) => each.includes('/live/')),
    [],
  )
})

test('an OCI runtime that hangs is ended in time, with its children', { skip }, async (t) => {
  const hangs = script(t, `sleep ${seconds(70021)} & sleep ${seconds(70021)}`)
  const { agent, root } = await openRuntime(t, { program: { name: 'fake', path: hangs }, startMsMax: 200 })
  await assert.rejects(agent(), /^Error: cannot start the sandbox: fake: \S+ did not end in time and was killed$/)
  await eventually(() => processesWith(seconds(70021)).length === 0)
  assert.deepEqual(
    tracesOf(root)
      .all()
      .filter((each) => each.includes('/live/')),
    [],
  )
})

test(
  'an OCI runtime that is removed while the platform runs: told, and used again when it is back',
  { skip },
  async (t) => {
    const path = script(t, '')
    const real = 'missing' in parts ? '' : parts.program.path
    unlinkSync(path)
    symlinkSync(real, path)
    const { agent } = await openRuntime(t, { program: { name: 'linked', path } })
    const running = await agent()
    unlinkSync(path)
    await assert.rejects(agent(), /^Error: cannot start the sandbox: linked: No such file or directory/)
    assert.equal(await running.evaluate('1 + 1'), 2)
    symlinkSync(real, path)
    assert.equal(await (await agent()).evaluate('1 + 1'), 2)
  },
)

test(
  'a program that is killed before the OCI runtime has told its pid ends, as soon as it has',
  { skip },
  async (t) => {
    const real = 'missing' in parts ? '' : parts.program.path
    const folder = mkdtempSync(join(tmpdir(), 'late-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const told = join(folder, 'told')
    // The program may well run before its pid is written.
    const tellsLate = `case " $* " in *" exec "*) ;; *) exec ${real} "$@" ;; esac
    for argument; do
      shift
      [ "$before" = --pid-file ] && file=$argument && argument=$argument.late
      before=$argument
      set -- "$@" "$argument"
    done
    (until [ -e ${told} ] && [ -s "$file.late" ]; do sleep 0.01; done; mv "$file.late" "$file") &
    exec ${real} "$@"`
    const { agent } = await openRuntime(t, { program: { name: 'late', path: script(t, tellsLate) } })
    const { sandbox } = await agent()
    for (const terminal of [false, true]) {
      rmSync(told, { force: true })
      const command = ['/bin/sh', '-c', 'trap "" HUP; echo ready; while :; do sleep 0.05; done', seconds(70023)]
      const running = await sandbox.exec({ command, terminal })
      await once(running.stdout, 'data')
      running.kill()
      writeFileSync(told, '')
      await running.exited
      await eventually(() => processesWith(seconds(70023)).length === 0)
    }
  },
)

test('a network plugin that fails: its own words are the reason', { skip }, async (t) => {
  const says = `echo '{"cniVersion":"1.0.0","code":7,"msg":"no bridge today","details":"come back later"}'; exit 1`
  const cniFolder = join(script(t, says, 'bridge'), '..')
  const { agent } = await openRuntime(t, { cniFolder })
  await assert.rejects(
    agent(),
    /^Error: cannot start the sandbox: the network plugin bridge failed: no bridge today: come back later$/,
  )
})

test('a namespace serves again when its user has sent nothing, and goes when it has', { skip }, async (t) => {
  if ('missing' in parts) return
  const { network, keeper, plan } = await openNetwork(t, planNetwork('f00d5eee', [])!)
  const [unused, used] = [await network.take(), await network.take()]
  const send = `echo hello > /dev/udp/${plan.gateway}/9`
  await keeper.run(['nsenter', `--net=${used.path}`, 'bash', '-c', send])
  network.giveBack(used)
  network.giveBack(unused)
  await eventually(() => !existsSync(used.path))
  for (;;) if ((await network.take()).id === unused.id) break
})

test('when the addresses are used up that is told, and one that is given back serves again', { skip }, async (t) => {
  if ('missing' in parts) return
  const free = planNetwork('f00d5eed', [])!
  const { network } = await openNetwork(t, {
    ...free,
    subnet: free.subnet.replace(/\d+$/, '29'),
    prefixLength: 29,
  })
  const slots: NetworkSlot[] = []
  const takeAll = async (): Promise<never> => {
    for (;;) slots.push(await network.take())
  }
  await assert.rejects(takeAll(), /the network plugin bridge failed: .*no IP addresses available/)
  // Five addresses beside the gateway's; one that is made ahead may fail in the place of one that is waited for.
  assert.ok(slots.length >= 3 && slots.length <= 5, `${slots.length} namespaces`)
  network.giveBack(slots.shift()!)
  assert.ok((await network.take()).id)
})

test(
  'a memory limit below what is in use is refused with the reason, and the sandbox can be stopped',
  { skip },
  async (t) => {
    const { agent, root } = await openRuntime(t)
    const { sandbox, evaluate } = await agent()
    await evaluate('void (globalThis.held = Buffer.alloc(200 * 1024 * 1024, 1))')
    const refusal = sandbox.specialise({ code: root, layers: null }, { ...LIMITS, memoryBytes: 50 * MB }).then(
      () => 'none',
      ({ message }: Error) => message,
    )
    // Version 2 lowers the limit and ends what is above it instead.
    const outcome = await Promise.race([refusal, sandbox.exited])
    if (typeof outcome === 'string')
      assert.match(outcome, /cannot set memory\S* to \d+: more is in use already \(EBUSY\)/)
    else assert.equal(outcome.outOfMemory, true)
    await sandbox.stop(0)
  },
)

test('a full disk: the reason is told, and sandboxes start when there is room', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder])
  t.after(() => {
    execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true })
  })
  const ballast = join(folder, 'ballast')
  const { agent } = await openRuntime(t, { directory: join(folder, 'live') })
  writeFileSync(ballast, Buffer.alloc(24 * MB - 8192))
  await assert.rejects(agent(), /^Error: cannot start the sandbox: .*(No space left on device|ENOSPC)/)
  rmSync(ballast)
  assert.equal(await (await agent()).evaluate('1 + 1'), 2)
})

test('when the port of the name server is taken, that is told', { skip }, async (t) => {
  const { options, traces } = await openRuntime(t)
  // All spares are made: a plugin that still ran would make the bridge again, which the second one has to.
  await eventually(() => traces.interfaces().length === SPARE_NETWORKS)
  const second = await createOciSandboxRuntime(options, { clock: systemClock, random: systemRandom, notify() {} })
  await assert.rejects(second.recover(), /the name server for sandboxes cannot be had: .*EADDRINUSE.*:53/)
  await second.close()
})

test(
  'a keeper that is killed takes all sandboxes along: that is told, and the next ones start',
  { skip },
  async (t) => {
    const { agent, traces } = await openRuntime(t)
    const agents = await Promise.all([agent(), agent(), agent()])
    for (const { evaluate } of agents) await evaluate(`void child_process.spawn('sleep', ['${seconds(70022)}'])`)
    await eventually(() => processesWith(seconds(70022)).length === 3)
    const starting = Promise.allSettled([agent(), agent()])
    process.kill(keeperPid(), 'SIGKILL')
    for (const { sandbox } of agents) assert.equal((await sandbox.exited).signal, 'SIGKILL')
    for (const outcome of await starting) {
      // Either it was lost on the way, or it began after the loss.
      if (outcome.status === 'rejected')
        assert.match(
          String(outcome.reason),
          /the sandbox keeper ended|the network of the sandboxes is closed|the agent ended/,
        )
      else await outcome.value.sandbox.stop(0)
    }
    const next = await agent()
    assert.equal(await next.evaluate('1 + 1'), 2)
    assert.deepEqual(processesWith(seconds(70022)), [])
    const lost = agents.map(({ sandbox }) => sandbox.id)
    assert.deepEqual(
      traces.all().filter((each) => lost.some((id) => each.includes(id))),
      [],
    )
    await next.sandbox.stop(0)
  },
)

test('fifty short sandboxes leave no zombie, file, group, disk or interface', { skip }, async (t) => {
  const { agent, traces } = await openRuntime(t)
  for (let round = 0; round < 10; round++) {
    const agents = await Promise.all(Array.from({ length: 5 }, () => agent({ command: ['/bin/sh', '-c', 'exit 0'] })))
    for (const { sandbox } of agents) {
      const { code, signal } = await sandbox.exited
      assert.deepEqual({ code, signal }, { code: 0, signal: null })
    }
  }
  assert.deepEqual(
    childrenOf(keeperPid()).filter((pid) => /^State:\s+Z/m.test(status(pid))),
    [],
  )
  assert.deepEqual(
    traces.all().filter((each) => each.includes('/live/') || each.includes('/c-')),
    [],
  )
  assert.ok(traces.interfaces().length <= 32, 'interfaces are used again')
})

function status(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

/** A network of its own, whose bridge is gone with the test. */
async function openNetwork(t: TestContext, plan: NetworkPlan) {
  if ('missing' in parts) throw new Error(parts.missing)
  const directory = mkdtempSync(join(tmpdir(), 'network-'))
  const shared = join(directory, 'shared')
  mkdirSync(shared)
  const keeper = await Keeper.open({ python: parts.python, shared, hidden: [], clock: systemClock, onLost() {} })
  const network = await SandboxNetwork.open(
    { plan, directory: join(directory, 'network'), cniFolder: parts.cniFolder, platformPorts: [1] },
    keeper,
    systemClock,
  )
  t.after(async () => {
    await network.close()
    await keeper.close()
    assert.equal(existsSync(`/sys/class/net/${plan.bridge}`), false)
    rmSync(directory, { recursive: true, force: true })
  })
  return { network, keeper, plan }
}
