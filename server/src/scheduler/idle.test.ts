import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attendIdle, type IdleInstance } from './idle.ts'

const plain: IdleInstance = { idleMs: 0, isFrozen: false, keepAliveMs: 60_000, alwaysAllocateCpu: false }

test('an idle instance freezes after a second, and leaves when its keep-alive is over', () => {
  assert.deepEqual(attendIdle(plain), { action: null, againMs: 1000 })
  assert.deepEqual(attendIdle({ ...plain, idleMs: 1000 }), { action: 'freeze', againMs: 59_000 })
  assert.deepEqual(attendIdle({ ...plain, idleMs: 59_999, isFrozen: true }), { action: null, againMs: 1 })
  assert.equal(attendIdle({ ...plain, idleMs: 60_000, isFrozen: true }).action, 'end')
})

test('one that is kept ready stays, frozen or with its processor', () => {
  const provisioned = { ...plain, idleMs: 1e9, keepAliveMs: Infinity }
  assert.deepEqual(attendIdle(provisioned), { action: 'freeze', againMs: Infinity })
  assert.deepEqual(attendIdle({ ...provisioned, isFrozen: true }), { action: null, againMs: Infinity })
  assert.deepEqual(attendIdle({ ...provisioned, alwaysAllocateCpu: true }), { action: null, againMs: Infinity })
  assert.equal(attendIdle({ ...provisioned, alwaysAllocateCpu: true, isFrozen: true }).action, 'thaw')
})

test('looked at again when it says, something is due then', () => {
  const instances = fc.record({
    idleMs: fc.nat(100_000),
    isFrozen: fc.boolean(),
    keepAliveMs: fc.integer({ min: 1, max: 100_000 }),
    alwaysAllocateCpu: fc.boolean(),
  })
  fc.assert(
    fc.property(instances, (instance) => {
      const { action, againMs } = attendIdle(instance)
      if (action !== null) return
      assert.ok(againMs > 0)
      assert.notEqual(attendIdle({ ...instance, idleMs: instance.idleMs + againMs }).action, null)
      assert.equal(attendIdle({ ...instance, idleMs: instance.idleMs + againMs - 0.01 }).action, null)
    }),
  )
})
