/** Promises of a sandbox about a program that is kept from running. */
import assert from 'node:assert/strict'
import { SHELL, daemon, eventually, processesWith, seconds } from './contract-scene.ts'
import type { Promises } from './contract-scene.ts'
import type { Sandbox } from './port.ts'

/** CPU time is told in hundredths of a second. */
const QUIET_MS = 150
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS))

/**
 * When it uses none any more. On a machine with much to do a signal reaches a program late; one that is not frozen at all
 * never comes to rest, and the test ends by its time limit.
 */
async function restingCpuMs(sandbox: Sandbox): Promise<number> {
  for (let beforeMs = sandbox.stats()!.cpuMs; ; beforeMs = sandbox.stats()!.cpuMs) {
    await quiet()
    if (sandbox.stats()!.cpuMs === beforeMs) return beforeMs
  }
}

/** Burns CPU beside an event loop that goes on. */
const BURN = `{ const burn = () => { const end = Date.now() + 2; while (Date.now() < end); setTimeout(burn) }; burn() }`

export const freezing: Promises = {
  'a frozen program uses no CPU, and goes on where it was': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(BURN)
    const startMs = sandbox.stats()!.cpuMs
    await eventually(() => sandbox.stats()!.cpuMs > startMs)
    sandbox.freeze()
    const frozenMs = await restingCpuMs(sandbox)
    sandbox.thaw()
    await eventually(() => sandbox.stats()!.cpuMs > frozenMs + 20)
    assert.equal(await evaluate('1 + 1'), 2)
  },

  'what was sent to a frozen program is answered when it is thawed, on the same connection': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate('void (globalThis.kept = 7)')
    sandbox.freeze()
    let isAnswered = false
    const answer = evaluate('kept').finally(() => (isAnswered = true))
    await quiet()
    assert.equal(isAnswered, false)
    sandbox.thaw()
    assert.equal(await answer, 7)
  },

  'children and daemons are frozen too': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    const { temporary } = sandbox.paths
    const count = `i=0; while :; do i=$((i+1)); echo $i >'${temporary}/'$0; done`
    await evaluate(`void child_process.spawn('${SHELL}', ['-c', ${JSON.stringify(count)}, 'child'])`)
    const counting = { detached: true, stdio: 'ignore' }
    await evaluate(
      `void child_process.spawn('${SHELL}', ['-c', ${JSON.stringify(count)}, 'daemon'], ${JSON.stringify(counting)})`,
    )
    const read = () =>
      evaluate(`['child', 'daemon'].map((name) => {
        try { return Number(fs.readFileSync('${temporary}/' + name, 'utf8')) } catch { return 0 }
      })`) as Promise<number[]>
    for (let counts = [0]; counts.includes(0);) counts = await read()
    sandbox.freeze()
    await restingCpuMs(sandbox)
    sandbox.thaw()
    const [child = 0, other = 0] = await read()
    for (let counts = [0, 0]; !(counts[0]! > child && counts[1]! > other);) counts = await read()
  },

  'freezing twice and thawing twice are as once': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    sandbox.thaw()
    sandbox.freeze()
    sandbox.freeze()
    sandbox.thaw()
    sandbox.thaw()
    assert.equal(await evaluate('1 + 1'), 2)
  },

  'many changes in a row end as the last one says': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    for (let i = 0; i < 20; i++) {
      sandbox.freeze()
      sandbox.thaw()
      assert.equal(await evaluate(String(i)), i)
    }
  },

  'a frozen program is asked to end like any other': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`void process.on('SIGTERM', () => process.exit(3))`)
    sandbox.freeze()
    await sandbox.stop(20_000)
    assert.equal((await sandbox.exited).code, 3)
  },

  'a frozen tree can be killed, and nothing of it is left': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    await evaluate(`void child_process.spawn('sleep', ['${seconds(70005)}'])`)
    await evaluate(daemon(seconds(70005)))
    await eventually(() => processesWith(seconds(70005)).length === 2)
    sandbox.freeze()
    await quiet()
    await sandbox.stop(0)
    assert.deepEqual(processesWith(seconds(70005)), [])
    sandbox.freeze()
    sandbox.thaw()
  },
}
