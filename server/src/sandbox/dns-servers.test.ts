import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
import { hostNameServers, readNameServers } from './dns-servers.ts'

const files = (contents: Record<string, string>) => (path: string) => contents[path]

const resolvConf = (text: string) => readNameServers(files({ '/etc/resolv.conf': text }))

test('addresses of both kinds in their order, comments and nonsense left out, three at most', () => {
  const text = '# nameserver 192.0.2.8\nsearch example.org\nnameserver 192.0.2.1 # first\n\tnameserver\t2001:db8::1\r\n'
  assert.deepEqual(resolvConf(`${text}nameserver host.example\nnameserver fe80::1%eth0\nnameserver 192.0.2.4\n`), [
    '192.0.2.1',
    '2001:db8::1',
    'fe80::1%eth0',
  ])
  assert.deepEqual(resolvConf('options edns0'), [])
  assert.deepEqual(readNameServers(files({})), [])
})

test('behind the stub of systemd-resolved are the servers that it uses', () => {
  const stub = 'nameserver 127.0.0.53\noptions edns0 trust-ad\n'
  const behind = { '/etc/resolv.conf': stub, '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.7\n' }
  assert.deepEqual(readNameServers(files(behind)), ['192.0.2.7'])
  assert.deepEqual(resolvConf(stub), ['127.0.0.53'])
})

test('a change of the file is seen within two seconds, without reading it for each question', () => {
  const clock = new SimulatedClock()
  let reads = 0
  let text = 'nameserver 192.0.2.1'
  const servers = hostNameServers({
    clock,
    read() {
      reads++
      return text
    },
  })
  assert.deepEqual([servers(), servers()], [['192.0.2.1'], ['192.0.2.1']])
  assert.equal(reads, 1)
  text = 'nameserver 192.0.2.2'
  clock.advance(2000)
  assert.deepEqual(servers(), ['192.0.2.2'])
})
