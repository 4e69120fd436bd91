import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../clock.ts'
import { createSqliteQueue } from '../../queue/sqlite.ts'
import { createTimerStates, timerState } from './states.ts'

test('last runs are read back after a restart, however many, and forgotten ones are gone', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-timers-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const open = () => createSqliteQueue({ directory }, { clock: systemClock, notify: assert.fail })
  const nowMs = systemClock.nowMs()
  const queue = await open()
  const message = {
    id: 'run',
    group: 'g',
    body: Buffer.from('x'),
    attributes: '{}',
    dueMs: nowMs,
    expiresMs: nowMs + 60_000,
  }
  await queue.enqueue(message, timerState('accepted', nowMs - 7, nowMs + 1000))
  await queue.writeStates(Array.from({ length: 1500 }, (_, i) => timerState(`t${i}`, nowMs - i, nowMs + 1000)))
  await queue.writeStates([timerState('t1', nowMs, nowMs + 1000)])
  await createTimerStates(queue).forget('t0')
  await queue.close()

  const again = await open()
  const runs = await createTimerStates(again).readAll()
  await again.close()
  assert.equal(runs.size, 1500)
  assert.equal(runs.get('accepted'), nowMs - 7)
  assert.equal(runs.get('t1'), nowMs)
  assert.equal(runs.get('t1499'), nowMs - 1499)
  assert.equal(runs.get('t0'), undefined)
})
