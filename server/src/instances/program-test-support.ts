/** Programs that tests play, instances over programs that are real, and whoever sends requests to either. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock, systemRandom, type Clock } from '../clock.ts'
import { noMeter } from '../meter/port.ts'
import type { FunctionConfig, FunctionVersion } from '../model.ts'
import { createProcessSandboxRuntime } from '../sandbox/process.ts'
import type { Sandbox } from '../sandbox/port.ts'
import { credentialsFrame, initFrame, type InitFrame } from './environment.ts'
import { parseFailure } from './failure.ts'
import { Ports } from './http/ports.ts'
import { Instance } from './instance.ts'
import { stemKind } from './launch.ts'
import { createLinkFactory } from './link-kinds.ts'
import type { Program } from './program/program.ts'
import type { FunctionFailure, InstanceExit, LinkStream, SlotHolder, StreamHandler } from './port.ts'
import { createRuntimeApi } from './runtime-api/server.ts'
import { findRuntimes } from './runtimes.ts'
import { createStemStock } from './stem-stock.ts'

const LONG_TURN_MS = 20

export const CREDENTIALS = { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token', expiresAtMs: 0 }

export function testConfig(config: Partial<FunctionConfig>): FunctionConfig {
  return {
    description: '',
    runtime: 'custom',
    handler: 'main',
    memoryMB: 512,
    cpu: 0.5,
    diskMB: 512,
    timeoutSeconds: 3,
    instanceConcurrency: 10,
    environmentVariables: {},
    code: null,
    layers: [],
    initializer: null,
    preFreeze: null,
    preStop: null,
    role: null,
    internetAccess: null,
    settings: {},
    ...config,
  }
}

/** `service`: of 2.0. */
export function testVersion(config: Partial<FunctionConfig>, service: string | null = null): FunctionVersion {
  const definition = { name: 'f', service, config: testConfig(config) }
  return { id: 'f', key: 'f', versionId: 'LATEST', service: null, function: definition } as unknown as FunctionVersion
}

export function testInit(config: Partial<FunctionConfig> = {}, service: string | null = null): InitFrame {
  const facts = { accountId: '12', region: 'cn-test', instanceId: 'c-1', qualifier: 'LATEST', codePath: '/code' }
  const places = { runtimeVersion: '', layersPath: '/opt' }
  const version = testVersion(config, service)
  return initFrame(
    version,
    { ...facts, ...places, credentials: CREDENTIALS, endpoints: {} },
    'r-init',
    32 * 1024 * 1024,
  )
}

/** One that a test plays: what it does when it is run, and what the link said of it. */
export class FakeProgram implements Program {
  readonly sandbox: Sandbox
  readonly told: string[] = []
  init: InitFrame | null = null
  command: readonly string[] = []
  readonly #end = new AbortController()
  readonly #outcome = Promise.withResolvers<FunctionFailure | null>()
  readonly #onRun: (init: InitFrame) => Promise<void> | void

  constructor(onRun: (init: InitFrame) => Promise<void> | void = () => {}, sandbox: Partial<Sandbox> = {}) {
    this.#onRun = onRun
    this.sandbox = { address: '127.0.0.1', sharesNetwork: false, ...sandbox } as Sandbox
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  /** Resolves when it can serve, to null, or when it cannot, to why. */
  get outcome(): Promise<FunctionFailure | null> {
    return this.#outcome.promise
  }

  async run(init: InitFrame, command: readonly string[]): Promise<void> {
    this.init = init
    this.command = command
    await this.#onRun(init)
  }

  /** It prints nothing. */
  afterOutput(tell: () => void): void {
    tell()
  }

  ready(loadMs: number | null): void {
    this.told.push(loadMs === null ? 'ready' : 'ready, initialized')
    this.#outcome.resolve(null)
  }

  fail(failure: FunctionFailure): void {
    this.#outcome.resolve(failure)
  }

  pong(): void {
    this.told.push('pong')
  }

  broke(error: Error): void {
    this.#outcome.reject(error)
  }

  end(): void {
    this.#end.abort()
  }
}

export interface Outcome {
  head: { status?: number; headers?: string[] } | null
  body: Buffer
  text: string
  failure: FunctionFailure | null
}

/** One request and what came of it; grants credit for what arrives, as a fast reader does, unless told not to. */
export class Exchange implements StreamHandler {
  autoGrant = true
  receivedBytes = 0
  stream: LinkStream | null = null
  readonly outcome: Promise<Outcome>
  /** Resolves with the head of the answer. */
  readonly responded: Promise<{ status?: number; headers?: string[] }>
  readonly #settled = Promise.withResolvers<Outcome>()
  readonly #responded = Promise.withResolvers<{ status?: number; headers?: string[] }>()
  readonly #pieces: Buffer[] = []
  #head: Outcome['head'] = null
  #wake = () => {}

  constructor() {
    this.outcome = this.#settled.promise
    this.responded = this.#responded.promise
  }

  /** Sends a body of any size, as far as credit allows at each moment. */
  async sendWhole(body: Buffer): Promise<void> {
    let offset = 0
    while (offset < body.length && !this.stream!.isRequestEnded) {
      await this.until(() => this.stream!.sendCreditBytes > 0 || this.stream!.isRequestEnded)
      const end = Math.min(body.length, offset + Math.min(this.stream!.sendCreditBytes, 65_536))
      this.stream!.send(body.subarray(offset, end), end === body.length)
      offset = end
    }
  }

  /** Asked after each event of this exchange. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString()
  }

  onResponse(head: string, body: Buffer, end: boolean): void {
    this.#head = JSON.parse(head) as Outcome['head']
    this.#responded.resolve(this.#head!)
    this.onData(body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    this.#pieces.push(Buffer.from(chunk))
    this.receivedBytes += chunk.length
    if (this.autoGrant && chunk.length > 0) this.stream?.grant(chunk.length)
    if (end) this.#settle(null)
    this.#wake()
  }

  onError(payload: string): void {
    this.#settle(parseFailure(payload))
    this.#wake()
  }

  onLog(): void {}

  onCredit(): void {
    this.#wake()
  }

  #settle(failure: FunctionFailure | null): void {
    const body = Buffer.concat(this.#pieces)
    this.#settled.resolve({ head: this.#head, body, text: body.toString(), failure })
  }
}

/** What sends a request: a link, or a slot of an instance. */
interface Invokes {
  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream
}

let requests = 0

/** `body` undefined: it follows by `sendWhole`. */
export function open(to: Invokes, head: object, body?: Buffer | string): Exchange {
  const exchange = new Exchange()
  const text = JSON.stringify({ requestId: `r-${++requests}`, deadlineMs: Date.now() + 3000, ...head })
  exchange.stream = to.invoke(text, body === undefined ? null : Buffer.from(body), body !== undefined, exchange)
  return exchange
}

export const openEvent = (to: Invokes, event: Buffer | string = '') => open(to, { kind: 'event' }, event)

export const HTTP_HEAD = {
  kind: 'http',
  method: 'GET',
  path: '/',
  rawPath: '/',
  query: '',
  url: '/',
  headers: ['Host', 'f.localhost'],
  clientIp: '192.0.2.1',
  protocol: 'HTTP/1.1',
  domainName: 'f.localhost',
  triggerId: 't-1',
}

export const openHttp = (to: Invokes, head: object = {}, body?: Buffer | string) =>
  open(to, { ...HTTP_HEAD, ...head }, body)

/** Files of a package: those that begin with #! or are no text can be run. */
export function writeCode(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    if (typeof content !== 'string' || content.startsWith('#!')) chmodSync(file, 0o755)
  }
}

export interface ProgramWorldOptions {
  files: Record<string, string | Buffer>
  config?: Partial<FunctionConfig>
  /** Of 2.0. */
  service?: string
  /** Of instances and their links. */
  clock?: Clock
}

/** Instances of one function over real processes, in sandboxes that share the host's network. */
export async function programWorld(context: TestContext, options: ProgramWorldOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-program-'))
  const [socketDirectory, codeFolder] = ['run', 'code'].map((name) => join(folder, name)) as [string, string]
  mkdirSync(socketDirectory)
  mkdirSync(codeFolder)
  writeCode(codeFolder, options.files)
  const { clock = systemClock, service = null } = options
  const sandboxes = createProcessSandboxRuntime({ directory: join(folder, 'instances') }, { clock: systemClock })
  const runtimeApi = createRuntimeApi({ host: '127.0.0.1', port: 0 }, { random: systemRandom })
  const version = testVersion(options.config ?? {}, service)
  const { config } = version.function
  const runtimes = await findRuntimes({ path: process.env['PATH'] ?? '', directory: join(folder, 'interpreters') })
  const kind = stemKind(runtimes.choice(config.runtime).interpreter, config.diskMB)
  const stems = createStemStock(
    { stems: 0, hostMemoryMB: 10_000 },
    { clock: systemClock, random: systemRandom, sandboxes, socketDirectory, onRefill() {} },
  )
  const ports = new Ports()
  const lines: string[] = []
  context.after(async () => {
    await stems.close()
    await sandboxes.close()
    await runtimeApi.close()
    rmSync(folder, { recursive: true })
  })
  const facts = {
    ...{ accountId: '12', region: 'cn-test', qualifier: 'LATEST', credentials: CREDENTIALS, endpoints: {} },
    ...{ runtimeVersion: '', layersPath: '/opt' },
  }
  let made = 0
  const start = async () => {
    const id = `c-${++made}`
    const events = { onSlotFreed() {}, onAbandoned: (left: Instance) => left.drain(), onIdleAgain() {}, onGone() {} }
    const instance = new Instance(id, version, 'r-start', events, {
      clock,
      appendLine: (line) => lines.push(line.text),
      meter: noMeter,
      onRecord() {},
      onDefect(error) {
        throw error
      },
    })
    await instance.start(
      {
        hasStem: () => false,
        takeStem: () => null,
        bootStem: () => stems.boot(kind),
        folders: async () => ({ code: codeFolder, layers: null }),
        limits: { ...kind.limits, memoryBytes: config.memoryMB * 1024 * 1024 },
        link: createLinkFactory(config, { clock, ports, runtimeApi }),
        initFrame: (instanceId, requestId, { code }) =>
          initFrame(version, { ...facts, instanceId, codePath: code }, requestId, 32 * 1024 * 1024),
        credentials: () => credentialsFrame(CREDENTIALS),
      },
      clock.monotonicMs(),
    )
    return instance
  }
  return { start, lines, codeFolder, runtimeApi }
}

/** What the instance has printed each time that it answered `event`, while it had a slot of its own for it. */
export async function printedFor(instance: Instance, event: string, times: number): Promise<string[][]> {
  const printed: string[][] = []
  for (let i = 0; i < times; i++) {
    const slot = slotOf(instance)
    await openEvent(slot, event).outcome
    slot.release()
    printed.push(slot.output)
  }
  return printed
}

/** Each turn of the event loop is long, as on a machine that is busy, so that one turn finds all that came meanwhile. */
export async function withLongTurns<Value>(action: () => Promise<Value>): Promise<Value> {
  const nothing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  let isOver = false
  const hold = () => {
    if (isOver) return
    Atomics.wait(nothing, 0, 0, LONG_TURN_MS)
    setImmediate(hold)
  }
  hold()
  return action().finally(() => (isOver = true))
}

/** A request with a slot of its own; `gone` resolves when the instance ends under it. */
export function slotOf(instance: Instance): Invokes & {
  gone: Promise<InstanceExit>
  output: string[]
  release(): void
} {
  const gone = Promise.withResolvers<InstanceExit>()
  const output: string[] = []
  const holder: SlotHolder = {
    requestId: 'r',
    onSlot() {},
    onRefused() {},
    onStartFailed() {},
    onInstanceGone: gone.resolve,
    onOutput(_, chunk) {
      output.push(chunk.toString())
    },
  }
  const slot = instance.assign(holder)
  return {
    invoke: (head, body, end, handler) => slot.invoke(head, body, end, handler),
    gone: gone.promise,
    output,
    release: () => slot.release(),
  }
}
