/** What a function reaches over its network, and what it floods: the platform and the world, nobody beside it. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, test } from 'node:test'
import { eventually } from '../end-to-end/http-support.ts'
import { METADATA, StubNetwork, WORLD } from './stub-network.ts'
import { attackSuite, type Scene, type Told } from './support.ts'

const VICTIM_PORT = 9000

/** Python: `reach(targets…)` sends each a datagram and tries to connect, all at once; `result` names what it connected to. */
const REACH = `
import errno, select, socket, time
result = []
def reach(*targets):
    pending = {}
    for address, port in targets:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            try:
                family, _, _, _, target = socket.getaddrinfo(address, port, type=kind)[0]
                end = socket.socket(family, kind)
                end.setblocking(False)
                state = end.connect_ex(target)
                if kind == socket.SOCK_DGRAM:
                    end.send(b'datagram')
                elif state in (0, errno.EINPROGRESS):
                    pending[end] = '%s:%d' % (address, port)
            except OSError:
                pass
    until = time.monotonic() + 1
    while pending and time.monotonic() < until:
        for end in select.select([], list(pending), [], 0.05)[1]:
            name = pending.pop(end)
            if end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                result.append(name)
`

/** Listens on all addresses, for streams and datagrams, and says which those are. */
const LISTEN = `
import socket, threading
streams = socket.create_server(('::', ${VICTIM_PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagrams.bind(('::', ${VICTIM_PORT}))
taken = []
def take(receive):
    while True:
        taken.append(str(receive()))
for receive in (streams.accept, lambda: datagrams.recvfrom(2048)):
    threading.Thread(target=take, args=(receive,), daemon=True).start()
__import__('builtins').taken = taken
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.connect(('sluice.internal', 9))
link_local = [line.split()[0] for line in open('/proc/net/if_inet6') if line.split()[5] == 'eth0']
result = [probe.getsockname()[0]] + [':'.join(text[i:i + 4] for i in range(0, 32, 4)) for text in link_local]
with socket.create_connection(('127.0.0.1', ${VICTIM_PORT})):
    pass
`

/** A service of the host that counts who comes. */
async function hostService(address: string): Promise<{ server: Server; port: number; visits: () => number }> {
  let visits = 0
  const server = createServer((socket) => {
    visits++
    socket.destroy()
  }).listen(0, address)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, visits: () => visits }
}

attackSuite('attacks over the network', (scene) => {
  let world: StubNetwork | undefined
  before(async () => {
    world = await StubNetwork.open()
  })
  after(() => world?.close())

  /** The interface of this host that all instances hang on. */
  const bridge = () => {
    const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
      addresses!.some(({ address }) => address === scene().gateway),
    )
    return { name: found![0], addresses: found![1]! }
  }
  const attackers = new Map<Scene, (source: string) => Promise<Told>>()
  const attack = async (source: string) => {
    const known = attackers.get(scene())
    const run = known ?? (await scene().attacker('reaching', { runtime: 'python3.10' }))
    attackers.set(scene(), run)
    return scene().beside(() => run(REACH + source))
  }

  test('the platform and the world are reached', async () => {
    const { port } = scene().platform
    const told = await attack(`reach(('sluice.internal', ${port}), ('${WORLD}', 80))`)
    assert.deepEqual(told.result<string[]>().toSorted(), [`${WORLD}:80`, `sluice.internal:${port}`])
    await eventually(async () => world!.seen.find((line) => line.startsWith(`tcp ${WORLD}`)))
  })

  test('another instance is not reached, by none of its addresses and no protocol', async () => {
    const victim = await scene().attacker('victim', { runtime: 'python3.10' })
    const addresses = (await victim(LISTEN)).result<string[]>()
    assert.ok(addresses.length >= 2, 'it has an IPv4 and a link-local address')
    const told = await attack(`
reach(*((address + '%eth0' if ':' in address else address, ${VICTIM_PORT}) for address in ${JSON.stringify(addresses)}))
everybody = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
everybody.sendto(b'x', ('ff02::1%eth0', ${VICTIM_PORT}, 0, socket.if_nametoindex('eth0')))
shout = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
shout.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for address in ('255.255.255.255', '${addresses[0]!.replace(/\.\d+$/, '.255')}'):
    try:
        shout.sendto(b'x', (address, ${VICTIM_PORT}))
    except OSError:
        pass
# Who answered a question for its hardware address: fields are address, type, flags (0: nobody), hardware address.
result += [line for line in open('/proc/net/arp') if line.split()[0] == '${addresses[0]}' and line.split()[2] != '0x0']
`)
    assert.deepEqual(told.result(), [])
    assert.deepEqual((await victim('result = [visit for visit in taken if "127.0.0.1" not in visit]')).result(), [])
  })

  test('services of the host are not reached, on none of its addresses', async () => {
    const own = scene().gateway
    const services = await Promise.all(['127.0.0.1', '0.0.0.0', '::', own].map(hostService))
    const datagrams = createSocket('udp4')
    let heard = 0
    datagrams.on('message', () => heard++).bind(0, '0.0.0.0')
    await once(datagrams, 'listening')
    try {
      const ports = [...services.map(({ port }) => port), datagrams.address().port]
      const others = Object.values(networkInterfaces()).flatMap((all) => all!.map(({ address }) => address))
      const v4 = [...new Set([...others.filter((address) => !address.includes(':')), own, '127.0.0.1', '0.0.0.0'])]
      const v6 = bridge().addresses.filter(({ family }) => family === 'IPv6')
      assert.ok(v6.length > 0, 'the bridge has a link-local address, as long as the host has IPv6')
      const targets = [...v4, ...v6.map(({ address }) => `${address}%eth0`)]
      const told = await attack(`
reach(*((address, port) for address in ${JSON.stringify(targets)} for port in ${JSON.stringify(ports)}))
`)
      assert.deepEqual(told.result(), [])
      assert.deepEqual([...services.map(({ visits }) => visits()), heard], [0, 0, 0, 0, 0])
    } finally {
      for (const { server } of services) server.close()
      datagrams.close()
    }
  })

  test('metadata services of clouds are not reached, and no source address is believed but the own', async () => {
    const before = world!.seen.length
    const told = await attack(`
spellings = ['::ffff:169.254.169.254', 'fd00:ec2::254', '0xa9fea9fe', '2852039166']
reach(*((address, 80) for address in ${JSON.stringify(METADATA)} + spellings))
IP_FREEBIND = 15
for address in ('${METADATA[0]}', '${scene().gateway}', '192.0.2.1'):
    spoofing = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    spoofing.setsockopt(0, IP_FREEBIND, 1)
    spoofing.bind((address, 0))
    try:
        spoofing.sendto(b'spoofed', ('${WORLD}', 80))
    except OSError:
        pass
`)
    assert.deepEqual(told.result(), [])
    // What was sent before had its time to arrive when this does.
    assert.deepEqual((await attack(`reach(('${WORLD}', 80))`)).result(), [`${WORLD}:80`])
    const arrived = await eventually(async () => {
      const news = world!.seen.slice(before)
      return news.some((line) => line.startsWith('tcp')) && news.some((line) => line.startsWith('udp'))
        ? news
        : undefined
    })
    const kinds = new Set(arrived.map((line) => line.split(' ').slice(0, 2).join(' ')))
    assert.deepEqual(kinds, new Set([`tcp ${WORLD}`, 'udp datagram']))
  })

  test('an instance keeps its network while others come and go', async () => {
    // An address that was set stays; another is that of whichever port has the least.
    const ADDRESS_SET = '3'
    assert.equal(readFileSync(`/sys/class/net/${bridge().name}/addr_assign_type`, 'utf8').trim(), ADDRESS_SET)
    for (let i = 0; i < 6; i++) {
      const passing = await scene().attacker(`passing-${i}`, { runtime: 'nodejs20' })
      assert.equal((await passing('return 1')).result(), 1)
      assert.deepEqual((await attack(`reach(('${WORLD}', 80))`)).result(), [`${WORLD}:80`], `after ${i + 1} others`)
      if (i % 2 === 1) await scene().platform.call('DELETE', `/2023-03-30/functions/passing-${i}`)
    }
  })

  test('names are found at once, many at a time', async () => {
    const asking = await scene().attacker('asking-much', { runtime: 'python3.10' })
    const told = await asking(`
import socket, time
started = time.monotonic()
for i in range(40):
    socket.getaddrinfo('name-%d.sluice.internal' % i, 80)
result = time.monotonic() - started
`)
    // A question that is lost is asked again after two seconds.
    assert.ok(told.result<number>() < 2, `${told.result<number>()} s`)
  })

  test('a flood of questions for names leaves names for others', async () => {
    const flood = await scene().attacker('asking', { runtime: 'python3.10', timeout: 10 })
    const other = await scene().attacker('asking-too', { runtime: 'python3.10' })
    const flooding = scene().beside(() =>
      flood(`
import os, socket, struct, time
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
target = (socket.gethostbyname('sluice.internal'), 53)
until = time.monotonic() + 2
result = 0
while time.monotonic() < until:
    # Names below the platform's own: the forwarder answers them itself.
    label = os.urandom(8).hex().encode()
    question = os.urandom(2) + struct.pack('>HHHHH', 0x100, 1, 0, 0, 0) + bytes([len(label)]) + label + b'\\x06sluice\\x08internal\\0' + struct.pack('>HH', 1, 1)
    try:
        end.sendto(question, target)
        result += 1
    except OSError:
        pass
`),
    )
    const asked = await other(`
import socket, time
started = time.monotonic()
for i in range(20):
    socket.getaddrinfo('name-%d.sluice.internal' % i, 80)
result = time.monotonic() - started
`)
    assert.ok(asked.result<number>() < 10)
    assert.ok((await flooding).result<number>() > 1000)
  })

  test('a flood of connections leaves the platform and the host their own', async () => {
    const flood = await scene().attacker('connecting', { runtime: 'python3.10', timeout: 10 })
    const told = await scene().beside(() =>
      flood(`
import errno, socket, time
until = time.monotonic() + 2
held = []
result = {'platform': 0, 'world': 0}
for name, address, port in (('platform', 'sluice.internal', ${scene().platform.port}), ('world', '${WORLD}', 80)):
    target = (socket.gethostbyname(address), port)
    while time.monotonic() < until and result[name] < 8000:
        try:
            end = socket.socket()
            end.setblocking(False)
            end.connect_ex(target)
            held.append(end)
            result[name] += 1
        except OSError:
            break
    until += 2
time.sleep(0.5)
`),
    )
    const made = told.result<Record<string, number>>()
    assert.ok(made['platform']! > 1000, JSON.stringify(made))
    assert.equal((await scene().platform.send('GET', '/healthz')).status, 200)
    assert.equal((await scene().platform.call('GET', '/2023-03-30/functions')).status, 200)
    // What is in the world has to recover, too.
    await eventually(async () => {
      const reached = (await attack(`reach(('${WORLD}', 80))`)).result<string[]>()
      return reached.length > 0 ? true : undefined
    })
  })
})
