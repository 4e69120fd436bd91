/** What all oci sandboxes of a platform share: the keeper, the network and its name server, root folders, disks, users. */
import { readFileSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Random } from '../clock.ts'
import type { CgroupMounts } from './cgroups.ts'
import { createDnsForwarder, type DnsForwarder } from './dns.ts'
import { hostNameServers } from './dns-servers.ts'
import { Keeper } from './keeper.ts'
import { SandboxNetwork } from './network.ts'
import type { NetworkPlan } from './network-plan.ts'
import { RootFolders } from './oci-root.ts'
import { ScratchDisks } from './scratch-disks.ts'

const DNS_PORT = 53
/** User ids of sandboxes, one each: above what systems, people and user namespaces are given. */
const FIRST_USER = 0x70000000
/** Of sandboxes with images, whose files have owners from 0 up to so many; above the users of the others. */
export const IMAGE_OWNERS = 0x10000
const FIRST_RANGE = FIRST_USER + IMAGE_OWNERS
/** Numbers from 2^31 on are negative to many a program. */
const LAST_RANGE = 0x80000000 - IMAGE_OWNERS
/** Where everybody may look: root of an image is an unprivileged user of the host, and has to reach its own files. */
const RUN_FOLDER = '/run'

export interface OciProgram {
  /** `crun`, `runc`, … */
  name: string
  path: string
}

export interface OciHostOptions {
  program: OciProgram
  python: string
  cniFolder: string
  stateDirectory: string
  platformPorts: readonly number[]
  /** For the OCI runtime to make a container, and again to remove it. */
  startMsMax: number
  network: NetworkPlan
  cgroups: CgroupMounts
  /** Control group above those of the sandboxes. */
  cgroupParent: string
  onLost(reason: Error): void
}

export class OciHost {
  readonly options: OciHostOptions
  readonly keeper: Keeper
  readonly network: SandboxNetwork
  readonly roots: RootFolders
  readonly disks: ScratchDisks
  readonly openFilesMax = ownOpenFilesMax()
  readonly #dns: DnsForwarder
  readonly #users = new Set<number>()

  private constructor(options: OciHostOptions, keeper: Keeper, network: SandboxNetwork, dns: DnsForwarder) {
    this.#dns = dns
    const { stateDirectory } = options
    this.options = options
    this.keeper = keeper
    this.network = network
    this.roots = new RootFolders(join(stateDirectory, 'roots'), options.network.gateway)
    this.disks = new ScratchDisks(join(stateDirectory, 'disks'), keeper)
  }

  /** Rejects with the reason why sandboxes cannot be made here. */
  static async open(options: OciHostOptions, deps: { clock: Clock; random: Random }): Promise<OciHost> {
    const { stateDirectory, python, cgroups, cniFolder, platformPorts } = options
    for (const name of ['shared', 'containers']) {
      await rm(join(stateDirectory, name), { recursive: true, force: true })
      await mkdir(join(stateDirectory, name), { recursive: true, mode: 0o700 })
    }
    await rm(imagesFolderOf(options), { recursive: true, force: true })
    // With crun up to 1.8, a version 2 hierarchy beside version 1 is taken for the one to use.
    const hidden = cgroups.unified === null ? [] : [cgroups.unified]
    const keeper = await Keeper.open({
      ...{ python, shared: join(stateDirectory, 'shared'), hidden, clock: deps.clock },
      onLost: (reason) => options.onLost(reason),
    })
    let network: SandboxNetwork | undefined
    try {
      const directory = join(stateDirectory, 'network')
      network = await SandboxNetwork.open(
        { plan: options.network, directory, cniFolder, platformPorts },
        keeper,
        deps.clock,
      )
      const servers = hostNameServers(deps)
      const dns = await createDnsForwarder({ address: options.network.gateway, port: DNS_PORT, servers }, deps).catch(
        ({ message }: Error) => {
          throw new Error(`the name server for sandboxes cannot be had: ${message}`)
        },
      )
      return new OciHost(options, keeper, network, dns)
    } catch (error) {
      await network?.close()
      await keeper.close()
      throw error
    }
  }

  /** A user id that no other sandbox has; to be given back. */
  takeUser(): number {
    let user = FIRST_USER
    while (this.#users.has(user)) user++
    this.#users.add(user)
    return user
  }

  giveUserBack(user: number): void {
    this.#users.delete(user)
  }

  /** The first of `IMAGE_OWNERS` user ids that no other sandbox has; to be given back as a user. */
  takeOwners(): number {
    let first = FIRST_RANGE
    while (this.#users.has(first)) first += IMAGE_OWNERS
    if (first > LAST_RANGE) throw new Error('there are no user ids left for another container')
    this.#users.add(first)
    return first
  }

  /** Makes the folder at which the sandbox `id` shows its image; who made it removes it. */
  async makeImageFolder(id: string): Promise<string> {
    const folder = imagesFolderOf(this.options)
    for (const path of [folder, join(folder, id)]) {
      await mkdir(path, { recursive: true })
      // Whatever the platform's own umask is.
      await chmod(path, 0o755)
    }
    return join(folder, id)
  }

  /** The OCI runtime with its options, before its command. */
  command(...options: readonly string[]): string[] {
    return [this.options.program.path, '--root', join(this.options.stateDirectory, 'containers'), ...options]
  }

  async close(): Promise<void> {
    await this.#dns.close()
    await this.network.close()
    await this.keeper.close()
    await rm(imagesFolderOf(this.options), { recursive: true, force: true })
  }
}

function imagesFolderOf({ network }: OciHostOptions): string {
  return join(RUN_FOLDER, network.name)
}

/** The hard limit of this process, which is inherited. */
function ownOpenFilesMax(): number {
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined || limit === 'unlimited' ? Infinity : Number(limit)
}
