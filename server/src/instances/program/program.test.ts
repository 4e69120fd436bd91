import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { StemOwner } from '../stem.ts'
import { LaunchedProgram } from './program.ts'

/** A program in a stem that a test plays, and what its owner has heard. */
function launched() {
  const heard: string[] = []
  const owner: StemOwner = {
    onReady: () => heard.push('ready'),
    onPong() {},
    onLog() {},
    onOutput: (_, chunk) => heard.push(chunk.toString()),
    onClosed() {},
    onExited: () => heard.push('exited'),
  }
  const stem = { sandbox: {} as never, take() {}, connection: { initialize() {} } }
  const program = new LaunchedProgram(stem, owner)
  program.ready(null)
  return { program, heard }
}

test('an answer is told after what was printed before it, though that is read later', async () => {
  const { program, heard } = launched()
  program.afterOutput(() => heard.push('answer'))
  await turn()
  program.onOutput('stdout', Buffer.from('printed'))
  await turn()
  await turn()
  assert.deepEqual(heard, ['ready', 'printed', 'answer'])
})

test('an answer that came before the end counts, and is told once', async () => {
  const { program, heard } = launched()
  program.afterOutput(() => heard.push('answer'))
  program.onExited({ code: 1, signal: null, outOfMemory: false, peakMemoryBytes: 0 })
  await turn()
  await turn()
  await turn()
  assert.deepEqual(heard, ['ready', 'answer', 'exited'])
})
