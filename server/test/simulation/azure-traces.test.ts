import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readAzure2019, readAzure2021 } from './azure-traces.ts'

const sample = (name: string) => readFileSync(new URL(`traces/${name}.csv`, import.meta.url), 'utf8')
const invocations = sample('azure-2019-invocations')
const durations = sample('azure-2019-durations')
const memory = sample('azure-2019-memory')

test('the 2019 format: as many arrivals in each minute as the trace counts, with its durations and memory', () => {
  const { arrivals, functions, durationMs } = readAzure2019(invocations, durations, memory, 1)
  assert.equal(durationMs, 24 * 3_600_000)
  assert.equal(functions.size, invocations.trim().split('\n').length - 1)
  const [, first] = invocations.split('\n')
  const [, , key, , ...counts] = first!.trim().split(',')
  const mine = arrivals.filter((arrival) => arrival.key === key)
  for (const [minute, count] of counts.entries()) {
    assert.equal(mine.filter(({ atMs }) => Math.floor(atMs / 60_000) === minute).length, Number(count))
  }
  assert.equal(functions.get(key!)!.memoryMB, 120)
  assert.ok(mine.every(({ serviceMs }) => serviceMs >= 99 && serviceMs <= 101))
  assert.ok(arrivals.every(({ atMs }, i) => i === 0 || arrivals[i - 1]!.atMs <= atMs))
})

test('the same seed spreads the arrivals in the same way', () => {
  const read = (seed: number) => readAzure2019(invocations, durations, memory, seed).arrivals
  assert.deepEqual(read(1), read(1))
  assert.notDeepEqual(read(1), read(2))
})

test('the 2021 format: every row is an arrival at its end less its duration', () => {
  const { arrivals, functions } = readAzure2021(sample('azure-2021'))
  assert.equal(arrivals.length, 120)
  assert.ok(functions.size > 10)
  const known = arrivals.find(({ serviceMs }) => serviceMs === 57_154)!
  assert.ok(Math.abs(known.atMs - 3.86) < 0.01)
})

test('a row that is cut off, and a number that is none, are named', () => {
  assert.throws(() => readAzure2021('app,func,end_timestamp,duration\na,b,1\n'), /has 3 fields where the head has 4/)
  assert.throws(() => readAzure2021('app,func,end_timestamp,duration\na,b,1,soon\n'), /'duration' is 'soon'/)
})
