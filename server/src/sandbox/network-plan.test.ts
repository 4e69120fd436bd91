import assert from 'node:assert/strict'
import { BlockList, isIPv4 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bridgeName,
  bridgePlugin,
  firewallRules,
  forwardRules,
  networksInUse,
  planNetwork,
  removalRules,
} from './network-plan.ts'

const id = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 64, maxLength: 64 }).map((digits) => {
  return digits.map((digit) => digit.toString(16)).join('')
})
const octet = fc.integer({ min: 0, max: 255 })
const network = fc
  .tuple(fc.constantFrom(10, 10, 10, 172, 192), octet, octet, octet, fc.integer({ min: 14, max: 32 }))
  .map(([a, b, c, d, bits]) => `${a}.${b}.${c}.${d}/${bits}`)

/** Every 16th address, of which each network of 22 bits or fewer has some. */
function addressesOf(subnet: string): string[] {
  const [a, b, c] = subnet.split(/[./]/).map(Number) as [number, number, number]
  return Array.from({ length: 64 }, (_, i) => `${a}.${b}.${c + (i >> 4)}.${(i & 15) * 16}`)
}

test('a network is free: no address of it is in a network in use, and none of those in it', () => {
  fc.assert(
    fc.property(id, fc.array(network, { maxLength: 30 }), (name, inUse) => {
      const plan = planNetwork(name, inUse)!
      const used = new BlockList()
      for (const each of inUse) used.addSubnet(each.split('/')[0]!, Number(each.split('/')[1]))
      for (const address of addressesOf(plan.subnet))
        assert.equal(used.check(address), false, `${address} of ${inUse.join()}`)
      const own = new BlockList()
      own.addSubnet(plan.subnet.split('/')[0]!, plan.prefixLength)
      for (const each of inUse) assert.equal(own.check(each.split('/')[0]!), false, `${each} in ${plan.subnet}`)
      assert.ok(isIPv4(plan.gateway) && own.check(plan.gateway))
      assert.match(plan.subnet, /^10\.(12[89]|1[3-9]\d|2\d\d)\.\d+\.0\/22$/)
    }),
  )
})

test('a platform gets the same network at each start, its own one left from before included', () => {
  fc.assert(
    fc.property(id, fc.array(network, { maxLength: 30 }), (name, inUse) => {
      const plan = planNetwork(name, inUse)!
      assert.deepEqual(planNetwork(name, inUse), plan)
      const routes = [...inUse.map((dst) => ({ dst, dev: 'eth0' })), { dst: plan.subnet, dev: plan.bridge }]
      assert.deepEqual(planNetwork(name, networksInUse(JSON.stringify(routes), bridgeName(name))), plan)
    }),
  )
})

test('two platforms on one host get different networks', () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      const first = planNetwork(one, [])!
      assert.notEqual(planNetwork(other, [first.subnet])!.subnet, first.subnet)
    }),
  )
})

test('no network is free when all are in use; default routes, IPv6 and words take none', () => {
  const name = '0'.repeat(64)
  assert.equal(planNetwork(name, ['10.0.0.0/8']), null)
  assert.equal(planNetwork(name, ['10.128.0.0/9']), null)
  assert.equal(planNetwork(name, ['default', '0.0.0.0/0', 'fe80::/64', 'broadcast'])!.subnet, '10.128.0.0/22')
  assert.equal(planNetwork(name, ['10.128.3.255'])!.subnet, '10.128.4.0/22')
  assert.equal(planNetwork('ffffffff', [])!.subnet, '10.255.252.0/22')
  assert.equal(planNetwork('ffffffff', ['10.255.252.0/22'])!.subnet, '10.128.0.0/22', 'goes round')
})

test('names fit where they are used: interfaces have at most 15 characters', () => {
  fc.assert(fc.property(id, (name) => assert.ok(bridgeName(name).length <= 15)))
})

const plan = planNetwork('0123456789abcdef', [])!

test('the rules let sandboxes out and reach the ports of the platform, and nothing else of the host', () => {
  const rules = firewallRules(plan, [7800, 7443])
  const lines = rules.split('\n').map((line) => line.trim())
  const { bridge, subnet, gateway } = plan
  const position = (line: string): number => {
    assert.ok(lines.includes(line), `${line}\nin\n${rules}`)
    return lines.indexOf(line)
  }
  // What leads to the host is let in by these lines only, and dropped after them.
  const accepting = lines
    .slice(0, lines.indexOf('drop'))
    .filter((line) => line.startsWith('i') && line.endsWith(' accept'))
  assert.deepEqual(
    accepting.map((line) => line.replace(/ meter .*/, '')),
    [
      `iifname != "${bridge}" accept`,
      `ip saddr ${subnet} ip daddr ${gateway} tcp dport { 7800, 7443, 53 }`,
      `ip saddr ${subnet} ip daddr ${gateway} udp dport 53`,
    ],
  )
  position(`iifname != { "${bridge}", "lo" } ip daddr ${gateway} drop`)
  position('meta nfproto ipv6 drop')
  position(`ip saddr != ${subnet} drop`)
  position(`oifname "${bridge}" drop`)
  const closed = lines.find((line) => line.startsWith('ip daddr {'))!
  for (const each of ['169.254.0.0/16', '100.100.100.200/32', '127.0.0.0/8', subnet]) assert.ok(closed.includes(each))
})

test('the rules replace those of before, and their removal cannot fail for want of them', () => {
  const table = `table inet ${plan.name}`
  assert.ok(firewallRules(plan, [1]).startsWith(`${table}\ndelete ${table}\n`))
  assert.equal(removalRules(plan), `${table}\ndelete ${table}\n`)
})

test('a forwarding chain that is closed is opened for the bridge: out, and back in what answers', () => {
  const [out, back] = forwardRules(plan)
  assert.deepEqual(out, ['FORWARD', '-i', plan.bridge, '-j', 'ACCEPT'])
  assert.equal(back!.join(' '), `FORWARD -o ${plan.bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`)
})

test('the plugin leases addresses of the subnet, from the folder of this platform', () => {
  const { bridge, ipam } = bridgePlugin(plan, '/leases')
  assert.equal(bridge, plan.bridge)
  assert.deepEqual(ipam, {
    type: 'host-local',
    dataDir: '/leases',
    ranges: [[{ subnet: plan.subnet, gateway: plan.gateway }]],
    routes: [{ dst: '0.0.0.0/0' }],
  })
})
