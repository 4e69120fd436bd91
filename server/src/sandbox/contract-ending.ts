/** Promises of a sandbox runtime about its own end and the next beginning: each is kept by a runtime of its own. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { SHELL, eventually, processesWith, seconds } from './contract-scene.ts'
import type { Promises } from './contract-scene.ts'

export const ending: Promises = {
  'close ends all and refuses new ones': async ({ agent, runtime, directory }) => {
    await runtime.recover()
    const agents = [await agent(), await agent()]
    await runtime.close()
    for (const { sandbox } of agents) assert.equal((await sandbox.exited).signal, 'SIGKILL')
    assert.deepEqual(readdirSync(directory), [])
    await assert.rejects(agent(), /is stopping/)
  },

  'close ends frozen ones too': async ({ agent, runtime }) => {
    await runtime.recover()
    const { sandbox } = await agent()
    sandbox.freeze()
    await runtime.close()
    assert.equal((await sandbox.exited).signal, 'SIGKILL')
  },

  'recover ends and removes what a killed platform left, and counts it': async ({
    runtime,
    directory,
    leaveBehind,
  }) => {
    const command = [
      SHELL,
      '-c',
      `sleep ${seconds(70004)} & (setsid sleep ${seconds(70004)} &) ; exec sleep ${seconds(70004)}`,
    ]
    mkdirSync(directory)
    await leaveBehind(directory, { id: 'c-0a', command })
    await leaveBehind(directory, { id: 'c-0b', command })
    await eventually(() => processesWith(seconds(70004)).length === 6)
    assert.equal(await runtime.recover(), 2)
    assert.deepEqual(processesWith(seconds(70004)), [])
    assert.deepEqual(readdirSync(directory), [])
    assert.equal(await runtime.recover(), 0)
  },
}
