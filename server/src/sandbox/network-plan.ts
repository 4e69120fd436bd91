/** Names, addresses and rules of the sandboxes' network. Pure. */

/** Sandboxes on one bridge: the kernel gives a bridge 1024 ports. */
export const SUBNET_BITS = 22
/** Where a subnet is looked for: 10.128.0.0/9, far from what home and office networks like to use. */
const FIRST_SUBNET = ipv4(10, 128, 0, 0)
const SUBNET_COUNT = 1 << (SUBNET_BITS - 9)
const SUBNET_ADDRESSES = 1 << (32 - SUBNET_BITS)
/** Nobody has business there: this network, loopback, link-local with the metadata services of clouds, multicast, reserved. */
const CLOSED_NETWORKS = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']
/** Metadata services that some clouds have elsewhere (Alibaba Cloud, and AWS over IPv6). */
const METADATA_ADDRESSES = ['100.100.100.200/32']
const DNS_PORT = 53
/**
 * Packets a second from one sandbox to the name server, as many as that answers, so that a flood ends in the kernel. At
 * once fewer than its socket holds (some 250), and more than a program asks when it starts: the kernel's own idea is 5.
 */
const DNS_PACKETS_PER_SECOND_MAX = 500
const DNS_PACKETS_AT_ONCE_MAX = 100
/** New connections from one sandbox to the platform, and those it has at a time: each costs the event loop and a descriptor. */
const CALLS_PER_SECOND_MAX = 500
const CALLS_MAX = 1000
/** Connections of one sandbox to the world, of whatever protocol: the kernel keeps all of the host's in one table. */
const CONNECTIONS_MAX = 4096

export interface NetworkPlan {
  bridge: string
  /** Of the nftables table, and of the CNI network. */
  name: string
  subnet: string
  /**
   * Of the bridge. One that is given none takes the least of its ports', and changes it as they come and go; instances
   * would go on to send to the one they know.
   */
  hardwareAddress: string
  /** The platform, for sandboxes: first address of the subnet. */
  gateway: string
  prefixLength: number
}

function ipv4(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

function parseSubnet(text: string): { base: number; bits: number } | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(text)
  if (match === null) return null
  const [a, b, c, d] = match.slice(1, 5).map(Number) as [number, number, number, number]
  const bits = match[5] === undefined ? 32 : Number(match[5])
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
  return { base: (ipv4(a, b, c, d) & mask) >>> 0, bits }
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** Locally administered, unicast, and unique as long as the address is. */
function hardwareAddress(address: number): string {
  return ['02', '00', ...[24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'))].join(
    ':',
  )
}

function overlap(a: { base: number; bits: number }, b: { base: number; bits: number }): boolean {
  const bits = Math.min(a.bits, b.bits)
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
  return (a.base & mask) >>> 0 === (b.base & mask) >>> 0
}

/**
 * A network for the platform that `id` (hex) names: the same one at each start as long as it is free. `inUse`: networks
 * that the host has routes or addresses for, in CIDR notation; what is no IPv4 network is passed over.
 */
export function planNetwork(id: string, inUse: readonly string[]): NetworkPlan | null {
  const used = inUse.map(parseSubnet).filter((network) => network !== null && network.bits > 0)
  const first = Number.parseInt(id.slice(0, 8), 16) % SUBNET_COUNT
  for (let i = 0; i < SUBNET_COUNT; i++) {
    const base = (FIRST_SUBNET + ((first + i) % SUBNET_COUNT) * SUBNET_ADDRESSES) >>> 0
    if (used.some((network) => overlap(network!, { base, bits: SUBNET_BITS }))) continue
    return {
      bridge: bridgeName(id),
      name: `sluice-${id.slice(0, 8)}`,
      subnet: `${formatAddress(base)}/${SUBNET_BITS}`,
      hardwareAddress: hardwareAddress(base + 1),
      gateway: formatAddress(base + 1),
      prefixLength: SUBNET_BITS,
    }
  }
  return null
}

interface Route {
  dst?: string
  dev?: string
}

/** Destinations in `ip -json route show table all`, but for those of `ownBridge`, which an earlier platform left. */
export function networksInUse(routes: string, ownBridge: string): string[] {
  return (JSON.parse(routes || '[]') as Route[])
    .filter(({ dst, dev }) => dst !== undefined && dev !== ownBridge)
    .map(({ dst }) => dst!)
}

export const bridgeName = (id: string): string => `sl-${id.slice(0, 8)}`

/**
 * Rules of iptables' FORWARD chain for what our own rules have let through: a host whose firewall closes that chain (as
 * container engines do) would drop it. One pair for the bridge is what the CNI plugin `firewall` makes for each address.
 */
export function forwardRules({ bridge }: NetworkPlan): readonly string[][] {
  return [
    ['FORWARD', '-i', bridge, '-j', 'ACCEPT'],
    ['FORWARD', '-o', bridge, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
  ]
}

/** The CNI plugin for a sandbox's interface, with the one for its address in it (CNI specification 1.0.0). */
export function bridgePlugin({ bridge, name, subnet, gateway }: NetworkPlan, leaseFolder: string) {
  return {
    cniVersion: '1.0.0',
    name,
    type: 'bridge',
    bridge,
    isGateway: true,
    ipam: {
      type: 'host-local',
      dataDir: leaseFolder,
      ranges: [[{ subnet, gateway }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  }
}

/**
 * The rules of the network for `nft -f`: out to the world yes; to other sandboxes, to the host's own services and to
 * link-local addresses no, but for the platform's ports and name server; in from outside no. Floods end here.
 */
export function firewallRules(plan: NetworkPlan, platformPorts: readonly number[]): string {
  const { bridge, name, subnet, gateway } = plan
  const table = `inet ${name}`
  const toPlatform = `ip saddr ${subnet} ip daddr ${gateway} tcp dport { ${[...platformPorts, DNS_PORT].join(', ')} }`
  const perSandbox = `{ type ipv4_addr; size ${SUBNET_ADDRESSES}; flags dynamic; }`
  const closed = [...CLOSED_NETWORKS, ...METADATA_ADDRESSES, subnet].join(', ')
  return `table ${table}
delete table ${table}
table ${table} {
  set calling ${perSandbox}
  set connected ${perSandbox}
  chain input {
    type filter hook input priority -10; policy accept;
    iifname != { "${bridge}", "lo" } ip daddr ${gateway} drop
    iifname != "${bridge}" accept
    ct state established,related accept
    ${toPlatform} add @calling { ip saddr ct count over ${CALLS_MAX} } drop
    ${toPlatform} meter calls { ip saddr limit rate ${CALLS_PER_SECOND_MAX}/second burst ${CALLS_PER_SECOND_MAX} packets } accept
    ip saddr ${subnet} ip daddr ${gateway} udp dport ${DNS_PORT} meter questions { ip saddr limit rate ${DNS_PACKETS_PER_SECOND_MAX}/second burst ${DNS_PACKETS_AT_ONCE_MAX} packets } accept
    drop
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" drop
    iifname != "${bridge}" accept
    meta nfproto ipv6 drop
    ip saddr != ${subnet} drop
    ip daddr { ${closed} } drop
    ct state new add @connected { ip saddr ct count over ${CONNECTIONS_MAX} } drop
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
  }
}
`
}

export function removalRules({ name }: NetworkPlan): string {
  return `table inet ${name}\ndelete table inet ${name}\n`
}
