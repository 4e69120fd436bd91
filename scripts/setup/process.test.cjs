'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { spawn } = require('node:child_process')
const path = require('node:path')
const { test } = require('node:test')
const { runQuietly } = require('./process.cjs')

const processModule = JSON.stringify(path.join(__dirname, 'process.cjs'))

/** A parent that runs `program` in the foreground and ends with its exit code. */
function foreground(program) {
  const parent = `
    require(${processModule})
      .runInForeground(process.execPath, ['-e', ${JSON.stringify(program)}])
      .then((code) => process.exit(code))`
  return spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('the exit code of the command becomes ours', async () => {
  const [code] = await once(foreground('process.exit(7)'), 'exit')
  assert.equal(code, 7)
})

test('SIGTERM reaches the command, which may end in its own way', async () => {
  const child = foreground(`
    process.on('SIGTERM', () => process.exit(3))
    setInterval(() => {}, 1000)
    console.log('up')`)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 3)
})

test('a command that a signal ended is told by its exit code', async () => {
  const [code] = await once(foreground('process.kill(process.pid, "SIGKILL")'), 'exit')
  assert.equal(code, 128 + 9)
})

test('a failure of our own work shows what the program said', async () => {
  const failing = runQuietly(process.execPath, ['-e', 'console.error("no space left"); process.exit(1)'])
  await assert.rejects(failing, /failed:\nno space left/)
  await assert.rejects(runQuietly('no-such-program-here', []), /no-such-program-here did not start/)
})
