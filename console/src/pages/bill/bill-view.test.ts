import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Usage } from '../../../../server/src/meter/port.ts'
import {
  compareWithServers,
  daysOfMonth,
  formatQuantity,
  groupsWithShares,
  isWithinFreeQuota,
  recentMonths,
} from './bill-view.ts'

const usage: Usage = {
  invocations: 1,
  activeVcpuSeconds: 0,
  idleVcpuSeconds: 0,
  activeMemoryGigabyteSeconds: 0,
  idleMemoryGigabyteSeconds: 0,
  diskGigabyteSeconds: 0,
  internetOutBytes: 0,
}

test('the dearest stands first, with its share of all', () => {
  const groups = [
    { name: 'b', amount: 0, usage },
    { name: 'a', amount: 0, usage },
    { name: 'resize', amount: 1, usage },
    { name: 'report', amount: 3, usage },
  ]
  assert.deepEqual(
    groupsWithShares(groups).map(({ name, share }) => [name, share]),
    [
      ['report', 0.75],
      ['resize', 0.25],
      ['a', 0],
      ['b', 0],
    ],
  )
})

test('a free month has shares of nothing, and none that is no number', () => {
  assert.equal(groupsWithShares([{ name: 'a', amount: 0, usage }])[0]!.share, 0)
})

test('each day of the month has its place: quiet ones are nothing, later ones unknown', () => {
  const days = daysOfMonth({ month: '2028-02', days: [{ day: '2028-02-02', amount: 5 }] }, '2028-02-03')
  assert.equal(days.length, 29)
  assert.deepEqual(
    days.slice(0, 4).map(({ amount }) => amount),
    [0, 5, 0, null],
  )
})

test('the months before January are those of the year before', () => {
  assert.deepEqual(recentMonths(Date.UTC(2026, 0, 31, 23), 3), ['2026-01', '2025-12', '2025-11'])
})

const servers = (amount: number) => ({ amount })

test('functions and servers are compared whichever is cheaper', () => {
  assert.deepEqual(compareWithServers({ total: 1, servers: servers(4) }), {
    cheaper: 'functions',
    saving: 0.75,
    functionsShare: 0.25,
    serversShare: 1,
  })
  assert.equal(compareWithServers({ total: 4, servers: servers(1) })?.cheaper, 'servers')
  assert.equal(compareWithServers({ total: 0, servers: servers(1) })?.saving, 1)
})

test('nothing is compared with nothing', () => {
  assert.equal(compareWithServers({ total: 0, servers: servers(0) }), null)
  assert.equal(compareWithServers({ total: 1, servers: null }), null)
})

test('quantities are short', () => {
  assert.equal(formatQuantity(12_345.678, 'en'), '12,346')
  assert.equal(formatQuantity(0.0123456, 'en'), '0.0123')
})

test('all is within the free quota when something was used and nothing is to be paid', () => {
  const line = (quantity: number, freeQuantity: number) => ({
    ...{ meter: 'invocations' as const, unit: 'invocation', per: 1, tiers: [], amount: 0 },
    quantity,
    freeQuantity,
  })
  assert.equal(isWithinFreeQuota({ total: 0, lines: [line(9, 10), line(0, 5)] }), true)
  assert.equal(isWithinFreeQuota({ total: 0.1, lines: [line(9, 10)] }), false, 'something else is paid')
  assert.equal(isWithinFreeQuota({ total: 0, lines: [line(0, 10)] }), false, 'nothing was used')
  assert.equal(isWithinFreeQuota({ total: 0, lines: [line(9, 0)] }), false, 'it has no price')
})
