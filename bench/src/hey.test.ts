import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHey } from './hey.ts'

const report = `
Summary:
  Total:	2.0012 secs
  Slowest:	0.0145 secs
  Requests/sec:	4996.9054

Latency distribution:
  50% in 0.0012 secs
  99% in 0.0081 secs

Status code distribution:
  [202]	9990 responses
  [429]	7 responses

Error distribution:
  [3]	Post "http://127.0.0.1:1/": EOF
`

test('a report of hey tells what was accepted, refused and broken', () => {
  assert.deepEqual(parseHey(report), { requests: 10_000, accepted: 9990, perSecond: 4996.9054, p99Ms: 8.1 })
})

test('a report without a figure is refused, with the report', () => {
  assert.throws(() => parseHey('bad url'), /hey reported no rate:\nbad url/)
})
