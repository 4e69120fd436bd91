import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IN_MEMORY } from '../storage-thread-side.ts'
import { openQueueDatabase } from './database.ts'
import { BASE_MS, stateOf } from './test-support.ts'

test('expired states leave the database, some with each sweep', (t) => {
  const { database, handlers } = openQueueDatabase({ directory: IN_MEMORY, freeBytesMin: 0 })
  t.after(() => database.close())
  const expiring = Array.from({ length: 1500 }, (_, n) => stateOf(`k${n}`, { expiresMs: BASE_MS + 1000 }))
  const states = [...expiring, stateOf('stays')].map((state) => ({ ...state, nowMs: BASE_MS }))
  handlers.writeStates({ states }, new Uint8Array())
  const sweep = () => handlers.sweepStates({ nowMs: BASE_MS + 1000 }, new Uint8Array())
  assert.deepEqual([sweep(), sweep()], [true, false])
  const left = database.prepare('SELECT key FROM states').all()
  assert.deepEqual(
    left.map(({ key }) => key),
    ['stays'],
  )
})
