import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DueHeap } from './due-heap.ts'

test('entries leave in order of their time, whatever was added and removed before', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('add' as const), ms: fc.nat(50) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat(100) }),
      fc.record({ kind: fc.constant('take' as const), ms: fc.nat(50) }),
    ),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(steps, (list) => {
      const heap = new DueHeap<{ wakeMs: number; heapIndex: number }>()
      let model: { wakeMs: number; heapIndex: number }[] = []
      for (const step of list) {
        if (step.kind === 'add') {
          const entry = { wakeMs: step.ms, heapIndex: -1 }
          heap.add(entry)
          model.push(entry)
        } else if (step.kind === 'remove') {
          const entry = model[step.which % Math.max(1, model.length)]
          if (entry) heap.remove(entry)
          model = model.filter((each) => each !== entry)
        } else {
          const taken = heap.takeDue(step.ms)
          const firstMs = Math.min(...model.map(({ wakeMs }) => wakeMs))
          assert.equal(taken?.wakeMs, firstMs <= step.ms ? firstMs : undefined)
          model = model.filter((each) => each !== taken)
        }
        assert.equal(heap.firstMs, model.length === 0 ? undefined : Math.min(...model.map(({ wakeMs }) => wakeMs)))
      }
    }),
  )
})

test('what was taken out already may be removed again', () => {
  const heap = new DueHeap<{ wakeMs: number; heapIndex: number }>()
  const entry = { wakeMs: 1, heapIndex: -1 }
  heap.add(entry)
  assert.equal(heap.takeDue(1), entry)
  heap.remove(entry)
  assert.equal(heap.firstMs, undefined)
})
