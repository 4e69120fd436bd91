import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { mergeBlocks } from './merge.ts'

const blocks = fc.array(fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }), { maxLength: 12 })

test('overlapping blocks come out as one order, in both directions', () => {
  fc.assert(
    fc.property(blocks, fc.boolean(), (times, descending) => {
      const boundaryOf = (block: number[]): number => (descending ? Math.max(...block) : Math.min(...block))
      const compare = (a: number, b: number): number => (descending ? b - a : a - b)
      const sorted = times.map((items) => ({ boundaryMs: boundaryOf(items), items: () => items }))
      sorted.sort((a, b) => compare(a.boundaryMs, b.boundaryMs))
      const merged = mergeBlocks(sorted, { descending, timeOf: (time) => time, compare: (a, b) => a - b })
      assert.deepEqual([...merged], times.flat().sort(compare))
    }),
  )
})

test('blocks are read no further than the reader goes', () => {
  const read: number[] = []
  function* endless() {
    for (let time = 0; ; time += 10) {
      read.push(time)
      yield { boundaryMs: time, items: () => [time, time + 5] }
    }
  }
  const merged = mergeBlocks(endless(), { descending: false, timeOf: (time) => time, compare: (a, b) => a - b })
  for (const time of merged) if (time >= 15) break
  assert.deepEqual(read, [0, 10, 20])
})
