/** Network namespaces for sandboxes, each with an address on the bridge: made ahead, used again, bounded. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import { ProgramFailure, type Keeper } from './keeper.ts'
import { bridgePlugin, firewallRules, forwardRules, removalRules, type NetworkPlan } from './network-plan.ts'

const INTERFACE = 'eth0'
/** Ready for the next sandboxes: making one takes some 20 ms. */
export const SPARE_NETWORKS = 4
/** Kept of those that sandboxes gave back: making one and removing it costs more than a sandbox does. */
const KEPT_MAX = 32
/** Namespaces that are made at the same time, so that sandboxes that start are not held up. */
const MAKING_MAX = 2
/** A sandbox that starts needs the processors first; making its successor's namespace beside it costs it some 20 ms. */
const REFILL_PAUSE_MS = 150

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
  /** On the bridge. */
  address: string
}

interface CniResult {
  interfaces?: { name: string; sandbox?: string }[]
  ips?: { address: string }[]
}

export class SandboxNetwork {
  readonly #options: NetworkOptions
  readonly #keeper: Keeper
  readonly #clock: Clock
  readonly #plugin: ReturnType<typeof bridgePlugin>
  readonly #spare: NetworkSlot[] = []
  readonly #waiting: { resolve(slot: NetworkSlot): void; reject(error: unknown): void }[] = []
  /** What is made or removed in the background. */
  readonly #busy = new Set<Promise<void>>()
  /** Those of them that may bring a namespace or an address back. */
  readonly #returning = new Set<Promise<void>>()
  #made = 0
  #making = 0
  #pause: Timer | null = null
  #isClosed = false

  private constructor(options: NetworkOptions, keeper: Keeper, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#keeper = keeper
    this.#plugin = bridgePlugin(options.plan, join(options.directory, 'leases'))
  }

  /** Makes the bridge and its rules; rejects with the reason they cannot be. */
  static async open(options: NetworkOptions, keeper: Keeper, clock: Clock): Promise<SandboxNetwork> {
    const { plan, directory, platformPorts } = options
    await removeAll(options, keeper)
    await mkdir(join(directory, 'namespaces'), { recursive: true, mode: 0o700 })
    const { bridge, hardwareAddress, gateway, prefixLength } = plan
    const commands = [
      `link add ${bridge} address ${hardwareAddress} type bridge`,
      `addr add ${gateway}/${prefixLength} dev ${bridge}`,
      `link set ${bridge} up`,
    ]
    try {
      await keeper.run(['nft', '-f', '-'], { input: firewallRules(plan, platformPorts) })
      await keeper.run(['ip', '-batch', '-'], { input: `${commands.join('\n')}\n` })
      for (const rule of forwardRules(plan)) await iptables(keeper, '-I', rule)
    } catch (error) {
      await removeAll(options, keeper)
      throw error
    }
    const network = new SandboxNetwork(options, keeper, clock)
    network.#refillLater()
    return network
  }

  /** A namespace that no sandbox uses. Rejects with the reason: there is no address left, a plugin fails, it is closed. */
  take(): Promise<NetworkSlot> {
    if (this.#isClosed) return Promise.reject(new Error('the network of the sandboxes is closed'))
    const slot = this.#spare.shift()
    if (slot !== undefined) {
      this.#refillLater()
      return Promise.resolve(slot)
    }
    const { promise, resolve, reject } = Promise.withResolvers<NetworkSlot>()
    this.#waiting.push({ resolve, reject })
    this.#refill()
    return promise
  }

  /**
   * After the last process in it ended. It serves again when its user has sent nothing: else answers to the one before
   * would reach the next, and connections that the kernel still tracks would count against it.
   */
  giveBack(slot: NetworkSlot): void {
    if (this.#isClosed) return
    const returning = this.#takeBack(slot)
    this.#returning.add(returning)
    void returning.finally(() => this.#returning.delete(returning))
    this.#inBackground(returning)
  }

  async #takeBack(slot: NetworkSlot): Promise<void> {
    const isWanted = (await this.#isUnused(slot)) && (this.#waiting.length > 0 || this.#spare.length < KEPT_MAX)
    if (isWanted) this.#offer(slot)
    else if (!this.#isClosed) await this.#destroy(slot)
  }

  /** Makes what is missing, in the background. */
  #refill(): void {
    while (!this.#isClosed && this.#making < MAKING_MAX && this.#missing() > this.#making) {
      this.#making++
      this.#inBackground(this.#make())
    }
  }

  #refillLater(): void {
    if (this.#isClosed || this.#missing() <= 0) return
    this.#pause ??= this.#clock.setTimer(REFILL_PAUSE_MS, () => {
      this.#pause = null
      this.#refill()
    })
  }

  /** Removes all that was made; what a lost keeper can no longer remove is left for the next `open`. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#pause?.cancel()
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error('the network of the sandboxes is closed'))
    // One that is just being made would make the bridge again.
    await Promise.all(this.#busy)
    await removeAll(this.#options, this.#keeper).catch(() => {})
  }

  #inBackground(work: Promise<void>): void {
    this.#busy.add(work)
    void work.finally(() => this.#busy.delete(work))
  }

  #missing(): number {
    return this.#waiting.length + SPARE_NETWORKS - this.#spare.length
  }

  async #make(): Promise<void> {
    try {
      this.#offer(await this.#create())
      this.#refillLater()
    } catch (error) {
      // What is just being given back, or its address, may be what was missing: then it is tried again.
      if (this.#returning.size > 0) await Promise.allSettled(this.#returning)
      // Who waits hears of it; nobody waiting, the next one who needs a namespace tries again.
      else this.#waiting.shift()?.reject(error)
    } finally {
      this.#making--
      if (this.#waiting.length > 0) this.#refill()
    }
  }

  #offer(slot: NetworkSlot): void {
    const next = this.#waiting.shift()
    if (next !== undefined) next.resolve(slot)
    else this.#spare.push(slot)
  }

  async #create(): Promise<NetworkSlot> {
    const id = `n-${++this.#made}`
    const path = join(this.#options.directory, 'namespaces', id)
    try {
      await this.#keeper.network(path)
      const result = await this.#run('bridge', 'ADD', id, path)
      const outside = result.interfaces?.find(({ name, sandbox }) => !sandbox && name !== this.#options.plan.bridge)
      if (outside === undefined) throw new ProgramFailure('the bridge plugin did not name its interface on the host')
      // Frames of one sandbox reach the host only, never another sandbox.
      await writeFile(`/sys/class/net/${outside.name}/brport/isolated`, '1')
      return { id, path, address: result.ips![0]!.address.split('/')[0]! }
    } catch (error) {
      await this.#destroy({ id, path })
      throw error
    }
  }

  /**
   * The interface goes with its namespace, and the kernel does that beside other work; the bridge plugin would wait for
   * it. What is left of its DEL is the address.
   */
  async #destroy({ id, path }: Pick<NetworkSlot, 'id' | 'path'>): Promise<void> {
    await this.#run('host-local', 'DEL', id, path).catch(() => {})
    await this.#keeper.unmount([path]).catch(() => {})
    await rm(path, { force: true }).catch(() => {})
  }

  async #run(plugin: string, command: 'ADD' | 'DEL', id: string, network: string): Promise<CniResult> {
    const { cniFolder } = this.#options
    const { code, stdout, stderr } = await this.#keeper.attempt([join(cniFolder, plugin)], {
      input: JSON.stringify(this.#plugin),
      environment: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: id,
        CNI_NETNS: network,
        CNI_IFNAME: INTERFACE,
        CNI_PATH: cniFolder,
      },
    })
    if (code !== 0)
      throw new ProgramFailure(`the network plugin ${plugin} failed: ${reasonOf(stdout) || stderr.trim()}`)
    return stdout === '' ? {} : (JSON.parse(stdout) as CniResult)
  }

  async #isUnused(slot: NetworkSlot): Promise<boolean> {
    try {
      return (await this.#keeper.sent(slot.path)) === 0
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

/** All at once, quicker than by the plugins: namespaces and with them their interfaces, the bridge, rules, leases. */
async function removeAll({ plan, directory }: NetworkOptions, keeper: Keeper): Promise<void> {
  const namespaces = join(directory, 'namespaces')
  const names = await readdir(namespaces).catch(() => [])
  await keeper.unmount(names.map((name) => join(namespaces, name)))
  await Promise.all([
    keeper.attempt(['ip', 'link', 'del', plan.bridge]),
    removeForwardRules(plan, keeper),
    keeper.attempt(['nft', '-f', '-'], { input: removalRules(plan) }),
  ])
  await rm(directory, { recursive: true, force: true })
}

async function removeForwardRules(plan: NetworkPlan, keeper: Keeper): Promise<void> {
  for (const rule of forwardRules(plan)) await iptables(keeper, '-D', rule)
}

/** Without the program there is no such chain that could be closed; a rule to remove may not be there. */
async function iptables(keeper: Keeper, command: '-I' | '-D', rule: readonly string[]): Promise<void> {
  await keeper.attempt(['iptables', '-w', command, ...rule]).catch(() => {})
}
