/** Network namespaces for sandboxes, each with an address on the bridge: made ahead, used again, bounded. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProgramFailure, type Keeper } from './keeper.ts'
import { PLUGIN_CHAIN, cniPlugins, firewallRules, removalRules, staleRules, type NetworkPlan } from './network-plan.ts'

const CNI_VERSION = '1.0.0'
const INTERFACE = 'eth0'
/** Ready for the next sandboxes: making one takes some 30 ms. */
const SPARES = 4
/** Namespaces that are made at the same time, so that sandboxes that start are not held up. */
const MAKING_MAX = 2

export interface NetworkOptions {
  plan: NetworkPlan
  /** Files of the namespaces and leases of addresses; of this platform alone. */
  directory: string
  cniFolder: string
  platformPorts: readonly number[]
}

/** A network namespace with an address; `path` names it for programs that the keeper runs. */
export interface NetworkSlot {
  id: string
  path: string
  /** What the plugins made, which they are told again when it is to be undone. */
  made: CniResult
}

interface CniResult {
  interfaces?: { name: string; sandbox?: string }[]
  ips?: { address: string }[]
}

export class SandboxNetwork {
  readonly #options: NetworkOptions
  readonly #keeper: Keeper
  readonly #plugins: readonly object[]
  readonly #spare: NetworkSlot[] = []
  readonly #waiting: { resolve(slot: NetworkSlot): void; reject(error: unknown): void }[] = []
  #made = 0
  #making = 0
  #isClosed = false

  private constructor(options: NetworkOptions, keeper: Keeper) {
    this.#options = options
    this.#keeper = keeper
    this.#plugins = cniPlugins(options.plan, join(options.directory, 'leases'))
  }

  /** Makes the bridge and its rules; rejects with the reason they cannot be. */
  static async open(options: NetworkOptions, keeper: Keeper): Promise<SandboxNetwork> {
    const { plan, directory, platformPorts } = options
    await rm(directory, { recursive: true, force: true })
    await mkdir(join(directory, 'namespaces'), { recursive: true, mode: 0o700 })
    await removeLeftovers(plan, keeper)
    await keeper.run(['nft', '-f', '-'], { input: firewallRules(plan, platformPorts) })
    const { bridge, hardwareAddress, gateway, prefixLength } = plan
    const commands = [
      `link add ${bridge} address ${hardwareAddress} type bridge`,
      `addr add ${gateway}/${prefixLength} dev ${bridge}`,
      `link set ${bridge} up`,
    ]
    await keeper.run(['ip', '-batch', '-'], { input: `${commands.join('\n')}\n` })
    return new SandboxNetwork(options, keeper)
  }

  /** A namespace that no sandbox uses. Rejects when there is no address left, or the plugins fail. */
  take(): Promise<NetworkSlot> {
    const slot = this.#spare.shift()
    this.refill()
    if (slot !== undefined) return Promise.resolve(slot)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** After the last process in it ended. It serves again when nothing of its user is left, not even a closing connection. */
  giveBack(slot: NetworkSlot): void {
    void this.#isClean(slot).then((isClean) => {
      if (isClean && !this.#isClosed && (this.#waiting.length > 0 || this.#spare.length < SPARES)) this.#offer(slot)
      else void this.#destroy(slot)
    })
  }

  /** Makes what is missing, in the background. */
  refill(): void {
    while (!this.#isClosed && this.#making < MAKING_MAX && this.#missing() > this.#making) {
      this.#making++
      void this.#make()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error('the platform is stopping'))
    await Promise.all(this.#spare.splice(0).map((slot) => this.#destroy(slot)))
    await removeLeftovers(this.#options.plan, this.#keeper)
    await this.#keeper.attempt(['nft', '-f', '-'], { input: removalRules(this.#options.plan) })
  }

  #missing(): number {
    return this.#waiting.length + SPARES - this.#spare.length
  }

  async #make(): Promise<void> {
    try {
      this.#offer(await this.#create())
    } catch (error) {
      // Who waits hears of it; nobody waiting, the next one who needs a namespace tries again.
      this.#waiting.shift()?.reject(error)
    } finally {
      this.#making--
      if (this.#waiting.length > 0) this.refill()
    }
  }

  #offer(slot: NetworkSlot): void {
    const next = this.#waiting.shift()
    if (next !== undefined) next.resolve(slot)
    else if (this.#isClosed) void this.#destroy(slot)
    else this.#spare.push(slot)
  }

  async #create(): Promise<NetworkSlot> {
    const id = `n-${++this.#made}`
    const path = join(this.#options.directory, 'namespaces', id)
    await writeFile(path, '')
    await this.#keeper.run(['unshare', `--net=${path}`, 'ip', 'link', 'set', 'lo', 'up'])
    let result: CniResult = {}
    try {
      for (const plugin of this.#plugins) result = await this.#plugin('ADD', plugin, id, path, result)
      const outside = result.interfaces?.find(({ name, sandbox }) => !sandbox && name !== this.#options.plan.bridge)
      if (outside === undefined) throw new ProgramFailure('the bridge plugin did not name its interface on the host')
      // Frames of one sandbox reach the host only, never another sandbox.
      await this.#keeper.run(['bridge', 'link', 'set', 'dev', outside.name, 'isolated', 'on'])
      return { id, path, made: result }
    } catch (error) {
      await this.#destroy({ id, path, made: result })
      throw error
    }
  }

  async #destroy({ id, path, made }: NetworkSlot): Promise<void> {
    for (const plugin of this.#plugins.toReversed()) await this.#plugin('DEL', plugin, id, path, made).catch(() => {})
    await this.#keeper.unmount([path]).catch(() => {})
    await rm(path, { force: true }).catch(() => {})
  }

  async #plugin(
    command: 'ADD' | 'DEL',
    plugin: object,
    id: string,
    network: string,
    before: CniResult,
  ): Promise<CniResult> {
    const { plan, cniFolder } = this.#options
    const { type } = plugin as { type: string }
    const prevResult = 'ips' in before ? { prevResult: before } : {}
    const { code, stdout, stderr } = await this.#keeper.attempt([join(cniFolder, type)], {
      input: JSON.stringify({ cniVersion: CNI_VERSION, name: plan.name, ...plugin, ...prevResult }),
      environment: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: id,
        CNI_NETNS: network,
        CNI_IFNAME: INTERFACE,
        CNI_PATH: cniFolder,
      },
    })
    if (code !== 0) throw new ProgramFailure(`the network plugin ${type} failed: ${reasonOf(stdout) || stderr.trim()}`)
    return stdout === '' ? {} : (JSON.parse(stdout) as CniResult)
  }

  async #isClean(slot: NetworkSlot): Promise<boolean> {
    try {
      return (await this.#keeper.sockets(slot.path)) === 0
    } catch {
      return false
    }
  }
}

/** What a plugin says of its failure, as the CNI specification has it. */
function reasonOf(stdout: string): string {
  try {
    const { msg = '', details = '' } = JSON.parse(stdout) as { msg?: string; details?: string }
    return [msg, details].filter(Boolean).join(': ')
  } catch {
    return stdout.trim()
  }
}

/** The bridge, with which go the interfaces on it, and what the firewall plugin let through for them. */
async function removeLeftovers({ bridge, subnet }: NetworkPlan, keeper: Keeper): Promise<void> {
  await keeper.attempt(['ip', 'link', 'del', bridge])
  const rules = staleRules((await keeper.attempt(['iptables', '-S', PLUGIN_CHAIN])).stdout, subnet)
  if (rules !== '') await keeper.attempt(['iptables-restore', '--noflush'], { input: rules })
}
