/** Promises of a sandbox that was made without code, about the moment it gets its function. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS } from './contract-agent.ts'
import type { Promises } from './contract-scene.ts'

const MB = 1024 * 1024

/** A folder with `index.js`, which holds `text`. */
function codeIn(scratch: string, text: string): string {
  const folder = join(scratch, 'code')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.js'), text)
  return folder
}

const only = (code: string) => ({ code, layers: null })

export const handover: Promises = {
  'before it has code, a program works in an empty folder': async ({ agent }) => {
    const { evaluate } = await agent()
    assert.deepEqual(await evaluate(`fs.readdirSync('.')`), [])
  },

  'what a program needs of the host’s folder for temporary files is there, beside its own': async ({
    agent,
    scratch,
  }) => {
    const needed = codeIn(scratch, 'of the runtime')
    const { sandbox, evaluate } = await agent({ readOnlyPaths: [needed] })
    assert.equal(await evaluate(`fs.readFileSync('${needed}/index.js', 'utf8')`), 'of the runtime')
    await evaluate(`fs.writeFileSync('${sandbox.paths.temporary}/own', '')`)
  },

  'the code is at the path that specialise tells, for a program that runs already': async ({ agent, scratch }) => {
    const codeFolder = codeIn(scratch, 'hello')
    const { sandbox, evaluate } = await agent()
    const { code } = await sandbox.specialise(only(codeFolder), LIMITS)
    assert.equal(await evaluate(`fs.readFileSync('${code}/index.js', 'utf8')`), 'hello')
    await evaluate(`process.chdir('${code}')`)
    assert.deepEqual(await evaluate(`fs.readdirSync('.')`), ['index.js'])
  },

  'what the program opened and stored before stays when the code comes': async ({ agent, scratch }) => {
    const { sandbox, evaluate } = await agent()
    const { temporary } = sandbox.paths
    await evaluate(`fs.writeFileSync('${temporary}/early', 'kept')`)
    await evaluate(`void (globalThis.opened = fs.openSync('${temporary}/early'))`)
    await sandbox.specialise(only(codeIn(scratch, '')), LIMITS)
    assert.equal(await evaluate(`fs.readFileSync(opened, 'utf8')`), 'kept')
    assert.equal(await evaluate(`fs.readFileSync('${temporary}/early', 'utf8')`), 'kept')
  },

  'the memory limit of the function replaces that of the sandbox': async ({ agent, scratch }) => {
    const { sandbox, evaluate } = await agent()
    await sandbox.specialise(only(codeIn(scratch, '')), { ...LIMITS, memoryBytes: 160 * MB })
    evaluate('globalThis.held = Buffer.alloc(400 * 1024 * 1024, 1), 0').catch(() => {})
    assert.equal((await sandbox.exited).outOfMemory, true)
  },

  'a memory limit that specialise raises is raised': async ({ agent, scratch }) => {
    const { sandbox, evaluate } = await agent({ limits: { memoryBytes: 160 * MB } })
    await sandbox.specialise(only(codeIn(scratch, '')), LIMITS)
    await evaluate('void (globalThis.held = Buffer.alloc(300 * 1024 * 1024, 1))')
    // Longer than any sampling: the limit of before would have ended it.
    await evaluate('new Promise((resolve) => setTimeout(resolve, 300))')
    assert.equal(await evaluate('held.length'), 300 * MB)
  },

  'specialise happens once, to a sandbox that runs, with a folder that exists': async ({ agent, scratch }) => {
    const codeFolder = codeIn(scratch, '')
    const { sandbox } = await agent()
    await assert.rejects(sandbox.specialise(only(join(scratch, 'none')), LIMITS), /none does not exist/)
    await sandbox.specialise(only(codeFolder), LIMITS)
    await assert.rejects(sandbox.specialise(only(codeFolder), LIMITS), /has its code already/)
    const ended = await agent()
    await ended.sandbox.stop(0)
    await assert.rejects(ended.sandbox.specialise(only(codeFolder), LIMITS), /has ended/)
  },

  'the code stays on the host when the sandbox is gone': async ({ agent, scratch }) => {
    const codeFolder = codeIn(scratch, '')
    const { sandbox } = await agent({ codeFolder })
    await sandbox.stop(0)
    assert.deepEqual(readdirSync(codeFolder), ['index.js'])
  },
}
