/** Which system calls function code may make, as `linux.seccomp` of the OCI runtime specification. */
import { allowedSyscalls, forbiddenSyscalls } from './oci-seccomp-syscalls.ts'

export interface SeccompArgument {
  index: number
  /** The mask. */
  value: number
  valueTwo: number
  op: 'SCMP_CMP_MASKED_EQ'
}

export interface SeccompRule {
  names: readonly string[]
  action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO'
  errnoRet?: number
  /** All must hold. */
  args?: readonly SeccompArgument[]
}

export interface SeccompProfile {
  defaultAction: 'SCMP_ACT_ERRNO'
  defaultErrnoRet: number
  architectures: readonly string[]
  syscalls: readonly SeccompRule[]
}

export const errnos = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const

/**
 * Only the machine's own architecture: a call through another door of the kernel (i386, x32, 32-bit ARM), whose numbers
 * mean other calls, kills the thread that makes it.
 */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' }

const INT = 0xffff_ffff
/** Flags of clone(2) that make a namespace: mount, cgroup, uts, ipc, user, pid, net. */
const NAMESPACE_FLAGS = [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
const ANY_NAMESPACE = NAMESPACE_FLAGS.reduce((all, flag) => all | flag, 0)
/** TIOCSTI and TIOCLINUX type into the terminal of whoever started us. */
const TYPING_IOCTLS = [0x5412, 0x541c]
/** Asks, or goes back to what every program starts with; others weaken the layout of memory. */
const PERSONALITIES = [0, 0xffff_ffff]

const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 }
/** More than the kernel knows (46). */
const FAMILY_BITS = 6
const SOCKET_TYPE_MASK = 0xf
const types = { stream: 1, datagram: 2, raw: 3 }
const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 }
/** DCCP, SCTP, UDP-Lite, MPTCP: little used, and more than once the way out. */
const REFUSED_PROTOCOLS = [33, 132, 136, 262]
const NETLINK_ROUTE = 0
const NETLINK_PROTOCOL_BITS = 5

/** Arguments of type int are compared in 32 bits: the kernel ignores the rest of the register, where garbage may be. */
const masked = (index: number, mask: number, value: number): SeccompArgument => ({
  index,
  value: mask,
  valueTwo: value,
  op: 'SCMP_CMP_MASKED_EQ',
})
const int = (index: number, value: number) => masked(index, INT, value)
const socketType = (type: number) => masked(1, SOCKET_TYPE_MASK, type)

const allow = (name: string, ...args: SeccompArgument[]): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args,
})
const refuse = (errnoRet: number, name: string, ...args: SeccompArgument[]): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ERRNO',
  errnoRet,
  args,
})

/**
 * The profile for a machine (`process.arch`); throws for one that it was not made for. What no rule names is ENOSYS, and
 * so is clone3: its flags lie in memory, where no filter can look, and libcs go back to clone.
 */
export function seccompProfile(architecture: string): SeccompProfile {
  const scmpArchitecture = ARCHITECTURES[architecture]
  if (!scmpArchitecture) {
    const known = Object.keys(ARCHITECTURES).join(' or ')
    throw new Error(`no system call filter for ${architecture}: the oci sandbox runs on ${known}`)
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: errnos.ENOSYS,
    architectures: [scmpArchitecture],
    syscalls: [
      { names: allowedSyscalls, action: 'SCMP_ACT_ALLOW' },
      { names: forbiddenSyscalls, action: 'SCMP_ACT_ERRNO', errnoRet: errnos.EPERM },
      ...cloneRules(),
      ...ioctlRules(),
      ...PERSONALITIES.map((value) => allow('personality', int(0, value))),
      ...socketRules(),
    ],
  }
}

function cloneRules(): SeccompRule[] {
  return [
    allow('clone', masked(0, ANY_NAMESPACE, 0)),
    ...NAMESPACE_FLAGS.map((flag) => refuse(errnos.EPERM, 'clone', masked(0, flag, flag))),
  ]
}

function ioctlRules(): SeccompRule[] {
  return [
    ...otherValues(1, TYPING_IOCTLS, 32).map((request) => allow('ioctl', request)),
    ...TYPING_IOCTLS.map((request) => refuse(errnos.EPERM, 'ioctl', int(1, request))),
  ]
}

function socketRules(): SeccompRule[] {
  const internet = (family: number, icmp: number): SeccompRule[] => {
    const open = (type: number, protocol: number) => allow('socket', int(0, family), socketType(type), int(2, protocol))
    return [
      open(types.stream, 0),
      open(types.stream, protocols.tcp),
      open(types.datagram, 0),
      open(types.datagram, protocols.udp),
      open(types.datagram, icmp),
      ...REFUSED_PROTOCOLS.map((protocol) =>
        refuse(errnos.EPROTONOSUPPORT, 'socket', int(0, family), int(2, protocol)),
      ),
      refuse(errnos.EPERM, 'socket', int(0, family), socketType(types.raw)),
    ]
  }
  return [
    allow('socket', int(0, families.unix)),
    ...internet(families.inet, protocols.icmp),
    ...internet(families.inet6, protocols.icmpv6),
    // Interfaces and addresses, which libcs ask for; not netfilter, audit or crypto.
    allow('socket', int(0, families.netlink), int(2, NETLINK_ROUTE)),
    ...otherValues(2, [NETLINK_ROUTE], NETLINK_PROTOCOL_BITS).map((protocol) =>
      refuse(errnos.EPROTONOSUPPORT, 'socket', int(0, families.netlink), protocol),
    ),
    ...otherValues(0, Object.values(families), FAMILY_BITS).map((family) =>
      refuse(errnos.EAFNOSUPPORT, 'socket', family),
    ),
  ]
}

/**
 * Comparisons of which exactly one holds for each number of so many bits that is none of `values`, and none for those:
 * filters know no "masked and not equal", and which of two rules wins that both hold is not defined. A walk down the
 * bits, high to low, that ends where no value is left.
 */
export function otherValues(index: number, values: readonly number[], bits: number): SeccompArgument[] {
  const walk = (candidates: readonly number[], prefix: number, bit: number): SeccompArgument[] => {
    if (candidates.length === 0) return [masked(index, INT - (2 ** bit - 1), prefix)]
    if (bit === 0) return []
    const high = 2 ** (bit - 1)
    const isHigh = (value: number) => Math.floor(value / high) % 2 === 1
    return [
      ...walk(
        candidates.filter((value) => !isHigh(value)),
        prefix,
        bit - 1,
      ),
      ...walk(candidates.filter(isHigh), prefix + high, bit - 1),
    ]
  }
  return walk(values, 0, bits)
}
