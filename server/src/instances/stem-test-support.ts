/** Sandboxes that a test plays: what is inside is a socket that speaks frames. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, SimulatedClock } from '../simulated-clock.ts'
import type { Sandbox, SandboxExit, SandboxRuntime, SandboxSpec } from '../sandbox/port.ts'
import { encodeFrame, FrameType } from './channel/frames.ts'
import { Peer } from './channel/test-support.ts'
import type { SlotHolder } from './port.ts'
import type { StemKind } from './stem.ts'
import type { StemStock } from './stem-stock.ts'

/** Who holds a slot and does not mind what comes. */
export const holder: SlotHolder = {
  requestId: 'r-2',
  onSlot() {},
  onRefused() {},
  onStartFailed() {},
  onInstanceGone() {},
  onOutput() {},
}

export const HELLO = encodeFrame(FrameType.hello, 0, '{"protocol":1}')
const LIMITS = { memoryBytes: 1, diskBytes: 1, processes: 1, openFiles: 1, cpu: 1 }

export const kindOf = (key: string): StemKind => ({
  key,
  interpreter: { language: key, version: '1', program: key, command: [key], readOnlyPaths: [] },
  limits: LIMITS,
})

export const exitOf = (exit: Partial<SandboxExit>): SandboxExit => ({
  code: null,
  signal: null,
  outOfMemory: false,
  peakMemoryBytes: 0,
  ...exit,
})

/** One sandbox that was asked for; `events` is what was done to it. */
export class FakeSandbox {
  readonly spec: SandboxSpec
  readonly events: string[] = []
  readonly sandbox: Sandbox
  peer: Peer | null = null
  isAnswering = true
  specialiseProblem: Error | null = null
  readonly #exited = Promise.withResolvers<SandboxExit>()

  constructor(spec: SandboxSpec) {
    this.spec = spec
    const note = (event: string) => void this.events.push(event)
    this.sandbox = {
      id: spec.id,
      paths: { temporary: '/tmp', channel: spec.channelSocket },
      address: '127.0.0.1',
      sharesNetwork: true,
      specialise: async (folders) => {
        if (this.specialiseProblem) throw this.specialiseProblem
        note(`specialise ${folders.code}`)
        return { ...folders, code: '/code' }
      },
      freeze: () => note('freeze'),
      thaw: () => note('thaw'),
      exec: () => Promise.reject(new Error('nothing runs here')),
      stats: () => undefined,
      exited: this.#exited.promise,
      stop: async (graceMs) => {
        if (!this.events.includes(`stop ${graceMs}`)) note(`stop ${graceMs}`)
        this.end({ signal: 'SIGKILL' })
      },
    }
  }

  end(exit: Partial<SandboxExit>): void {
    this.peer?.socket.destroy()
    this.#exited.resolve(exitOf(exit))
  }

  print(text: string): void {
    this.spec.onOutput('stderr', Buffer.from(text))
  }

  /** Plays a runtime that connects, greets, answers INIT with `ready` (null: not), and the PING before it. */
  connect(ready: string | null = '{}', greeting = HELLO): Peer {
    const peer = new Peer(connect(this.spec.channelSocket))
    this.peer = peer
    peer.socket.write(greeting)
    void peer
      .until(({ type }) => type === FrameType.ping)
      .then(({ payload }) => {
        if (this.isAnswering && !peer.frames.some(({ type }) => type === FrameType.init))
          peer.send(FrameType.pong, 0, payload)
      })
    if (ready !== null) {
      void peer.until(({ type }) => type === FrameType.init).then(() => peer.send(FrameType.ready, 0, ready))
    }
    return peer
  }
}

export class StemWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-stem-'))
  readonly clock = new SimulatedClock()
  readonly created: FakeSandbox[] = []
  /** How often `create` was called. */
  creating = 0
  /** What happens to each sandbox once it is made. */
  inside: (sandbox: FakeSandbox) => void = (sandbox) => void sandbox.connect()
  /** Stands for `create` failing or hanging. */
  beforeCreate: () => Promise<void> = async () => {}
  readonly sandboxes: SandboxRuntime = {
    kind: 'process',
    notice: null,
    folders: null,
    platformHost: 'localhost',
    platformAddress: null,
    create: async (spec) => {
      this.creating++
      await this.beforeCreate()
      const made = new FakeSandbox(spec)
      this.created.push(made)
      this.inside(made)
      return made.sandbox
    },
    recover: async () => 0,
    close: async () => {},
  }

  get stemDeps() {
    return {
      clock: this.clock,
      random: seededRandom(1),
      sandboxes: this.sandboxes,
      socketDirectory: this.folder,
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Resolves when so many stems of a kind wait; other events than the clock's are awaited by turns of the event loop. */
export async function stemsWaiting(stock: StemStock, kind: StemKind, count: number): Promise<void> {
  const waiting = () => stock.list().find((each) => each.kind === kind.key)?.waiting ?? 0
  await turns(() => waiting() === count)
}

export async function turns(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate)
}
