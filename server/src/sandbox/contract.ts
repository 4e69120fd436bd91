/**
 * What every sandbox must keep, whatever it is made of. An implementation runs it as
 * `sandboxContract('oci', makeRuntime, { leaveBehind, skips })`; `skips` names the promises it does not make, each with
 * the reason. Needs Linux: ends of processes are looked up in /proc.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { startAgent } from './contract-agent.ts'
import { ending } from './contract-ending.ts'
import { exec } from './contract-exec.ts'
import { freezing } from './contract-freezing.ts'
import { handover } from './contract-handover.ts'
import { isolation } from './contract-isolation.ts'
import { layers } from './contract-layers.ts'
import { life } from './contract-life.ts'
import { limits } from './contract-limits.ts'
import { rights } from './contract-rights.ts'
import type { LeaveBehind, Promises } from './contract-scene.ts'
import type { Sandbox, SandboxRuntime } from './port.ts'

const TEST_MS_MAX = 30_000

export interface SandboxContractOptions {
  leaveBehind: LeaveBehind
  /** Reason by the name of the promise. */
  skips?: Readonly<Record<string, string>>
}

interface Opened {
  runtime: SandboxRuntime
  /** Of the runtime. */
  directory: string
  root: string
}

export function sandboxContract(
  name: string,
  makeRuntime: (directory: string) => SandboxRuntime | Promise<SandboxRuntime>,
  options: SandboxContractOptions,
): void {
  const { skips = {} } = options
  const common = { ...life, ...handover, ...layers, ...limits, ...freezing, ...exec, ...isolation, ...rights }

  const open = async (): Promise<Opened> => {
    const root = mkdtempSync(join(tmpdir(), 'sandbox-'))
    const directory = join(root, 'runtime')
    const runtime = await makeRuntime(directory)
    return { runtime, directory, root }
  }
  const openRecovered = async (): Promise<Opened> => {
    const opened = await open()
    await opened.runtime.recover()
    return opened
  }
  const close = async ({ runtime, root }: Opened): Promise<void> => {
    await runtime.close()
    rmSync(root, { recursive: true, force: true })
  }
  const keep = async (check: Promises[string], { runtime, directory, root }: Opened): Promise<void> => {
    const scratch = mkdtempSync(join(root, 'scratch-'))
    const sandboxes: Sandbox[] = []
    try {
      await check({
        ...{ runtime, directory, scratch, leaveBehind: options.leaveBehind },
        async agent(agentOptions = {}) {
          const agent = await startAgent(runtime, scratch, agentOptions)
          sandboxes.push(agent.sandbox)
          return agent
        },
      })
    } finally {
      await Promise.all(sandboxes.map((sandbox) => sandbox.stop(0)))
    }
  }

  describe(`${name} sandbox`, () => {
    let shared: Promise<Opened> | undefined
    after(async () => shared && close(await shared))

    for (const [promise, check] of Object.entries(common)) {
      test(promise, { skip: skips[promise] ?? false, timeout: TEST_MS_MAX }, async () => {
        await keep(check, await (shared ??= openRecovered()))
      })
    }
    for (const [promise, check] of Object.entries(ending)) {
      test(promise, { skip: skips[promise] ?? false, timeout: TEST_MS_MAX }, async () => {
        const own = await open()
        try {
          await keep(check, own)
        } finally {
          await close(own)
        }
      })
    }

    test('every skip names a promise of this suite', () => {
      assert.deepEqual(
        Object.keys(skips).filter((skip) => !(skip in common || skip in ending)),
        [],
      )
    })
  })
}
