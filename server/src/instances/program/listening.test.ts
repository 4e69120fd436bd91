import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hopelessness, listeningSockets, missingListener } from './listening.ts'

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const entry = (local: string, state = '0A') =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n`

test('listening sockets are told with their port and whether others reach them, for both kinds of addresses', () => {
  const text = [
    ...[HEAD, entry('00000000:2328'), entry('0100007F:1F90'), entry('0200000A:2329', '01')],
    ...[HEAD, entry(`${'0'.repeat(32)}:0BB8`), entry(`${'0'.repeat(24)}01000000:0BB9`)],
    entry(`${'0'.repeat(16)}FFFF00000100007F:0BBA`),
  ].join('')
  assert.deepEqual(listeningSockets(text), [
    { port: 9000, isLoopback: false },
    { port: 8080, isLoopback: true },
    { port: 3000, isLoopback: false },
    { port: 3001, isLoopback: true },
    { port: 3002, isLoopback: true },
  ])
  assert.deepEqual(listeningSockets('no such file\n\n: :'), [])
})

test('the expected port on the loopback address alone is hopeless, anything else may still come', () => {
  assert.match(hopelessness(9000, [{ port: 9000, isLoopback: true }])!, /loopback.*0\.0\.0\.0:9000/)
  assert.equal(hopelessness(9000, [{ port: 8080, isLoopback: true }]), null)
  const both = [true, false].map((isLoopback) => ({ port: 9000, isLoopback }))
  assert.equal(hopelessness(9000, both), null)
})

test('what is missing is said with the port that was expected and those that are there', () => {
  assert.match(missingListener(9000, []), /listens on no port; it must listen on 0\.0\.0\.0:9000/)
  assert.match(missingListener(9000, null), /0\.0\.0\.0:9000/)
  const found = [80, 80, 8080].map((port) => ({ port, isLoopback: false }))
  assert.match(missingListener(9000, found), /ports 80, 8080, not on 9000.*caPort/)
})
