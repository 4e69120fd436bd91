import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Quota } from './quota.ts'

const limits = { instancesMax: 10, memoryMBMax: 1000 }

test('what others reserved and do not use is not to be had', () => {
  const quota = new Quota(limits)
  quota.reserve(new Map([['a', 4]]))
  assert.equal(quota.accountLeft('b'), 6)
  quota.add('a', 100)
  assert.equal(quota.accountLeft('b'), 6)
  quota.add('b', 100)
  assert.deepEqual([quota.accountLeft('b'), quota.accountLeft('a'), quota.reservedLeft('a')], [5, 8, 3])
  assert.equal(quota.memoryMBLeft, 800)
})

test('a reservation is also the most a function may have, and 0 blocks it', () => {
  const quota = new Quota(limits)
  quota.reserve(new Map([['a', 0]]))
  assert.equal(quota.reservedLeft('a'), 0)
  assert.equal(quota.reservedLeft('b'), Infinity)
})

test('more reserved than the account has leaves nothing to the others', () => {
  const quota = new Quota(limits)
  quota.reserve(
    new Map([
      ['a', 8],
      ['b', 8],
    ]),
  )
  assert.ok(quota.accountLeft('c') <= 0)
  assert.equal(quota.accountLeft('a'), 10)
})

test('only an instance that is not covered by a reservation makes room for others', () => {
  const quota = new Quota(limits)
  quota.reserve(new Map([['a', 1]]))
  quota.add('a', 1)
  assert.equal(quota.wouldFree('a', 'b'), false)
  assert.equal(quota.wouldFree('c', 'b'), true)
  assert.equal(quota.wouldFree('b', 'a'), true)
  quota.add('a', 1)
  assert.equal(quota.wouldFree('a', 'b'), true)
})

test('counting as it goes comes to the same as counting all, and no limit is exceeded by who asks first', () => {
  const keys = ['a', 'b', 'c', 'd']
  const steps = fc.array(
    fc.record({ key: fc.constantFrom(...keys), what: fc.constantFrom('start', 'end', 'reserve'), n: fc.nat(6) }),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(steps, (given) => {
      const quota = new Quota(limits)
      const live: { key: string; memoryMB: number }[] = []
      let reserved = new Map<string, number>()
      for (const { key, what, n } of given) {
        if (what === 'start') {
          const memoryMB = 64 << (n % 3)
          if (quota.reservedLeft(key) <= 0 || quota.accountLeft(key) <= 0 || quota.memoryMBLeft < memoryMB) continue
          quota.add(key, memoryMB)
          live.push({ key, memoryMB })
        } else if (what === 'end') {
          const [ended] = live.splice(n, 1)
          if (ended) quota.remove(ended.key, ended.memoryMB)
        } else {
          reserved = new Map([...reserved, [key, n]])
          quota.reserve(reserved)
        }
        const used = (of: string) => live.filter((each) => each.key === of).length
        assert.equal(quota.instances, live.length)
        assert.equal(
          quota.memoryMB,
          live.reduce((sum, each) => sum + each.memoryMB, 0),
        )
        assert.ok(live.length <= limits.instancesMax && quota.memoryMB <= limits.memoryMBMax)
        const committed = keys.reduce((sum, of) => sum + Math.max(used(of), reserved.get(of) ?? 0), 0)
        assert.equal(
          quota.accountLeft('other'),
          Math.min(limits.instancesMax - live.length, limits.instancesMax - committed),
        )
      }
    }),
  )
})
