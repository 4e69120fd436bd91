import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWrk, turnScript } from './load.ts'

const report = `Running 5s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   813.58us  240.61us   9.05ms   94.04%
    Req/Sec    79.41k     6.41k   87.10k    82.00%
  Latency Distribution
     50%  765.00us
     75%    0.86ms
     90%    0.98ms
     99%    1.45ms
  395137 requests in 5.00s, 65.94MB read
Requests/sec:  79012.51
Transfer/sec:     13.19MB
`

test('a wrk report is read in microseconds', () => {
  assert.deepEqual(parseWrk(report), {
    requests: 395_137,
    requestsPerSecond: 79_012.51,
    p50Us: 765,
    p99Us: 1450,
    failures: 0,
  })
})

test('latencies of seconds are read, which wrk writes with a blank behind them', () => {
  assert.equal(parseWrk(report.replace('99%    1.45ms', '99%    1.04s ')).p99Us, 1_040_000)
})

test('socket errors and bad answers are failures', () => {
  const broken = report.replace(
    'Requests/sec',
    '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\nRequests/sec',
  )
  assert.equal(parseWrk(broken).failures, 15)
})

test('a report without latencies is refused, with the report', () => {
  assert.throws(() => parseWrk('unable to connect'), /wrk reported no requests:\nunable to connect/)
})

test('a script for several endpoints has one request each, with its own host', () => {
  const endpoint = (host: string) => ({ port: 1, path: '/', headers: { Host: host } })
  assert.deepEqual(turnScript([endpoint('a.local'), endpoint('b.local')]).match(/wrk\.format.*/g), [
    'wrk.format("GET", "/", { ["Host"] = "a.local" }),',
    'wrk.format("GET", "/", { ["Host"] = "b.local" }),',
  ])
})
