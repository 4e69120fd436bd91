import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { killProcess } from './census.ts'
import { ProcessProbe, listPids, parseStat, readEnvironment, readPrivateBytes, readProcess } from './proc.ts'

const linux = { skip: process.platform === 'linux' ? false : 'needs /proc' }

test('a process may call itself anything', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 16 }), (name) => {
      const rest = 'S 10 20 30 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 12345 1000 200'
      const expected = { pid: 42, parent: 10, session: 30, threads: 9, cpuMs: 260, startTicks: 12345 }
      assert.deepEqual(parseStat(42, `42 (${name}) ${rest}`), expected)
    }),
  )
})

test('what is no process reads as undefined', () => {
  assert.equal(parseStat(1, undefined), undefined)
  assert.equal(parseStat(1, ''), undefined)
  assert.equal(parseStat(1, '1 (x) Z 0 0 0'), undefined)
  assert.equal(readProcess(2 ** 30), undefined)
  assert.equal(readEnvironment(2 ** 30), undefined)
  assert.equal(readPrivateBytes(2 ** 30), 0)
  assert.throws(() => new ProcessProbe(2 ** 30))
})

test('this process reads as what it is', linux, () => {
  const info = readProcess(process.pid)!
  assert.equal(info.parent, process.ppid)
  assert.ok(info.threads > 1)
  assert.ok(listPids().includes(process.pid))
  const probe = new ProcessProbe(process.pid)
  const { rss } = process.memoryUsage()
  const { residentBytes, peakBytes } = probe.memory()!
  assert.ok(Math.abs(residentBytes - rss) < 32 * 1024 * 1024)
  assert.ok(peakBytes >= residentBytes)
  assert.ok(readPrivateBytes(process.pid) < residentBytes)
  assert.equal(probe.info()!.startTicks, info.startTicks)
  probe.close()
})

test('a pid that belongs to another process by now is not killed', linux, () => {
  const parent = readProcess(process.ppid)!
  killProcess({ pid: parent.pid, startTicks: parent.startTicks + 1 })
  killProcess({ pid: process.pid, startTicks: readProcess(process.pid)!.startTicks })
  assert.equal(readProcess(process.ppid)?.startTicks, parent.startTicks)
})
