/** Promises of a sandbox about what a program may use, most of them kept against a program that attacks. */
import assert from 'node:assert/strict'
import { SHELL, processesWith, seconds } from './contract-scene.ts'
import type { Promises } from './contract-scene.ts'

export const limits: Promises = {
  'stats tell memory and CPU while it runs and nothing afterwards': async ({ agent }) => {
    const { sandbox, evaluate } = await agent()
    const before = sandbox.stats()!
    await evaluate('void (globalThis.held = Buffer.alloc(64 * 1024 * 1024, 1))')
    await evaluate('{ const end = Date.now() + 60; while (Date.now() < end); }')
    const after = sandbox.stats()!
    assert.ok(after.memoryBytes - before.memoryBytes > 50 * 1024 * 1024, 'memory grows')
    assert.ok(after.peakMemoryBytes >= after.memoryBytes, 'the peak is the most')
    assert.ok(after.cpuMs - before.cpuMs >= 20, 'CPU time grows')
    await sandbox.stop(0)
    assert.equal(sandbox.stats(), undefined)
    assert.ok((await sandbox.exited).peakMemoryBytes >= after.memoryBytes)
  },

  'a program that takes more memory than it may is ended, and told apart': async ({ agent }) => {
    const { sandbox, evaluate } = await agent({ limits: { memoryBytes: 160 * 1024 * 1024 } })
    evaluate('globalThis.held = Buffer.alloc(400 * 1024 * 1024, 1), 0').catch(() => {})
    const { outOfMemory, peakMemoryBytes } = await sandbox.exited
    assert.equal(outOfMemory, true)
    assert.ok(peakMemoryBytes > 150 * 1024 * 1024)
  },

  'memory of children counts': async ({ agent }) => {
    const { sandbox, evaluate } = await agent({ limits: { memoryBytes: 160 * 1024 * 1024 } })
    const hog = 'globalThis.held = Buffer.alloc(400 * 1024 * 1024, 1); setInterval(() => {}, 1000)'
    await evaluate(`void child_process.spawn(process.execPath, ['-e', ${JSON.stringify(hog)}])`)
    assert.equal((await sandbox.exited).outOfMemory, true)
  },

  'a program that makes more processes than it may does not keep them': async ({ agent }) => {
    const script = `i=0; while [ $i -lt 200 ]; do sleep ${seconds(70003)} & i=$((i+1)); done; wait`
    const { sandbox } = await agent({ command: [SHELL, '-c', script], limits: { processes: 50 } })
    await sandbox.exited
    assert.deepEqual(processesWith(seconds(70003)), [])
  },

  'a program that opens more files than it may gets the error itself': async ({ agent }) => {
    const { evaluate } = await agent({ limits: { openFiles: 100 } })
    await assert.rejects(evaluate(`{ for (;;) fs.openSync('/dev/null') }`), /EMFILE/)
  },

  'a file cannot grow beyond the disk limit': async ({ agent }) => {
    const { sandbox, evaluate } = await agent({ limits: { diskBytes: 1024 * 1024 } })
    const file = `${sandbox.paths.temporary}/big`
    await assert.rejects(evaluate(`fs.writeFileSync('${file}', Buffer.alloc(2 * 1024 * 1024))`), /EFBIG|ENOSPC/)
  },

  'all files together cannot grow beyond the disk limit': async ({ agent }) => {
    const { sandbox, evaluate } = await agent({ limits: { diskBytes: 4 * 1024 * 1024 } })
    const file = `${sandbox.paths.temporary}/big`
    const fill = `{ for (let i = 0; i < 8; i++) fs.writeFileSync('${file}' + i, Buffer.alloc(1024 * 1024)) }`
    await assert.rejects(evaluate(fill), /ENOSPC/)
  },

  'no core files are written': async ({ agent }) => {
    const { sandbox, output } = await agent({ command: [SHELL, '-c', 'ulimit -c'] })
    await sandbox.exited
    assert.equal(output('stdout'), '0\n')
  },

  'a flood of output without a line break can be stopped': async ({ agent }) => {
    const { sandbox, output, printed } = await agent({ command: [SHELL, '-c', `tr '\\0' x </dev/zero`] })
    await printed(2 * 1024 * 1024)
    await sandbox.stop(0)
    const delivered = output('stdout').length
    assert.ok(delivered < 8 * 1024 * 1024, `${delivered} bytes were taken in`)
  },
}
