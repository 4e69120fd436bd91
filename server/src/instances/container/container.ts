/** A container that was made for one instance and runs the program of its image from the start. */
import type { Sandbox, SandboxExit } from '../../sandbox/port.ts'
import type { Body } from '../instance.ts'
import type { ProgramBody } from '../program/program.ts'
import type { StemOwner } from '../stem.ts'

type OnOutput = StemOwner['onOutput']

export class Container implements Body, ProgramBody {
  readonly created: Promise<void>
  readonly connected: Promise<void>
  /** There is no launcher to be replaced: its program runs already. */
  readonly connection = { initialize: () => this.#tellAll() }
  #sandbox: Sandbox | null = null
  #owner: StemOwner | null = null
  #isStopped = false
  /** What happened before its owner could hear of it. */
  readonly #output: Parameters<OnOutput>[] = []
  #exit: SandboxExit | null = null
  #isTelling = false

  /** `create` is called at once. */
  constructor(create: (onOutput: OnOutput) => Promise<Sandbox>) {
    this.created = this.#create(create)
    this.created.catch(() => {})
    this.connected = this.created
  }

  get sandbox(): Sandbox {
    return this.#sandbox!
  }

  /** Nobody has waited with it. */
  async confirm(): Promise<void> {}

  /** Takes it, once; its owner hears of it from `connection.initialize` on. */
  take(owner: StemOwner): void {
    this.#owner = owner
  }

  async stop(graceMs: number): Promise<void> {
    // One that is still being made is ended when it is there.
    this.#isStopped = true
    this.#tellAll()
    await this.#sandbox?.stop(graceMs)
  }

  async #create(create: (onOutput: OnOutput) => Promise<Sandbox>): Promise<void> {
    const sandbox = await create((stream, chunk) => this.#onOutput(stream, chunk))
    this.#sandbox = sandbox
    void sandbox.exited.then((exit) => this.#onExited(exit))
    if (!this.#isStopped) return
    await sandbox.stop(0)
    throw new Error('stopped while it started')
  }

  #onOutput(...output: Parameters<OnOutput>): void {
    if (this.#isTelling) this.#owner?.onOutput(...output)
    else this.#output.push(output)
  }

  #onExited(exit: SandboxExit): void {
    this.#exit = exit
    if (this.#isTelling) this.#owner?.onExited(exit)
  }

  #tellAll(): void {
    if (this.#isTelling || this.#owner === null) return
    this.#isTelling = true
    this.#owner.onClosed(null)
    for (const output of this.#output.splice(0)) this.#owner.onOutput(...output)
    if (this.#exit !== null) this.#owner.onExited(this.#exit)
  }
}
