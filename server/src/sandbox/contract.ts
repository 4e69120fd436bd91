/**
 * What every sandbox must keep, whatever it is made of. An implementation runs it as
 * `sandboxContract('oci', makeRuntime, { leaveBehind, skips })`; `skips` names the promises it does not make, each with
 * the reason. There is one implementation so far; `oci` is to run it next. Needs Linux: ends of processes are looked up in /proc.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startAgent } from './contract-agent.ts'
import { exec } from './contract-exec.ts'
import { freezing } from './contract-freezing.ts'
import { handover } from './contract-handover.ts'
import { isolation } from './contract-isolation.ts'
import { life } from './contract-life.ts'
import { limits } from './contract-limits.ts'
import { rights } from './contract-rights.ts'
import type { LeaveBehind } from './contract-scene.ts'
import type { SandboxRuntime } from './port.ts'

const TEST_MS_MAX = 30_000

export interface SandboxContractOptions {
  leaveBehind: LeaveBehind
  /** Reason by the name of the promise. */
  skips?: Readonly<Record<string, string>>
}

export function sandboxContract(
  name: string,
  makeRuntime: (directory: string) => SandboxRuntime,
  options: SandboxContractOptions,
): void {
  const { skips = {} } = options
  const promises = { ...life, ...handover, ...limits, ...freezing, ...exec, ...isolation, ...rights }

  describe(`${name} sandbox`, () => {
    for (const [promise, check] of Object.entries(promises)) {
      test(promise, { skip: skips[promise] ?? false, timeout: TEST_MS_MAX }, async () => {
        const root = mkdtempSync(join(tmpdir(), 'sandbox-'))
        const [directory, scratch] = [join(root, 'runtime'), join(root, 'scratch')]
        mkdirSync(scratch)
        const runtime = makeRuntime(directory)
        try {
          await runtime.recover()
          await check({
            runtime,
            directory,
            scratch,
            leaveBehind: options.leaveBehind,
            agent: (agentOptions = {}) => startAgent(runtime, scratch, agentOptions),
          })
        } finally {
          await runtime.close()
          rmSync(root, { recursive: true, force: true })
        }
      })
    }

    test('every skip names a promise of this suite', () => {
      assert.deepEqual(
        Object.keys(skips).filter((skip) => !(skip in promises)),
        [],
      )
    })
  })
}
