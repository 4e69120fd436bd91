/** Speaks with a program over HTTP/1.1: custom runtimes and containers (Function Compute runtime contract, section 4.5). */
import type { ClientRequest } from 'node:http'
import type { Readable } from 'node:stream'
import { Agent, request as httpRequest } from '../../node-http.ts'
import type { Clock, Timer } from '../../clock.ts'
import type { CredentialsFrame, InitFrame } from '../environment.ts'
import { StartFailure } from '../failure.ts'
import type { HookCall, Link } from '../link.ts'
import type { LinkStream, StreamHandler } from '../port.ts'
import { STARTUP_MS_MAX, type HealthCheck, type ProgramConfig } from '../program/config.ts'
import { hopelessness, listeningSockets, missingListener, type ListeningSocket } from '../program/listening.ts'
import type { Program } from '../program/program.ts'
import { brokenAnswer, isSuccess, reportedFailure } from './answer.ts'
import { ControlHeaders } from './control-headers.ts'
import type { Ports } from './ports.ts'
import { awaitHealth, awaitPort, isOpen, type Address } from './readiness.ts'
import { programRequest, type InvokeHead } from './request-head.ts'
import { HttpStream, type HttpStreamOwner } from './stream.ts'

/** A program that does not listen yet after so long is looked into. */
const LOOK_MS = 10_000
/** To find out why nothing listens. */
const DIAGNOSIS_MS_MAX = 5_000
/**
 * A connection that served is kept for the next request so long: shorter than what any server keeps it, so that none is
 * used while its server closes it, and not longer than an instance is idle before it is frozen.
 */
const IDLE_CONNECTION_MS = 900
/** Beyond what the gateway lets through, so that it can say which limit was passed. */
const HEAD_BYTES_MAX = 32_768
/** Answers of the kind 1xx to one request: they are passed over, and must not go on for ever. */
const PROVISIONAL_ANSWERS_MAX = 100
/** Of an answer to something other than an invocation. */
const CALL_BODY_BYTES_MAX = 65_536
/** From a connection that breaks to the process being gone, which then is the reason. */
const EXIT_MS_MAX = 500

export interface HttpLinkDeps {
  clock: Clock
  /** For programs in sandboxes that share their network. */
  ports: Ports
}

interface CallAnswer {
  status: number
  fcStatus: string | undefined
  body: string
}

export class HttpLink implements Link, HttpStreamOwner {
  readonly loadMsMax = STARTUP_MS_MAX + DIAGNOSIS_MS_MAX
  readonly #program: Program
  readonly #config: ProgramConfig
  readonly #clock: Clock
  readonly #ports: Ports
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS })
  #address: Address = { host: '', port: 0 }
  #control: ControlHeaders | null = null

  constructor(program: Program, config: ProgramConfig, deps: HttpLinkDeps) {
    this.#program = program
    this.#config = config
    this.#clock = deps.clock
    this.#ports = deps.ports
    program.ended.addEventListener('abort', () => this.#agent.destroy())
  }

  initialize(init: InitFrame): void {
    this.#control = new ControlHeaders(init)
    this.#start(init, this.#control).then(
      (loadMs) => this.afterOutput(() => this.#program.ready(loadMs)),
      (error: unknown) => {
        if (error instanceof StartFailure) this.afterOutput(() => this.#program.fail(error.failure))
        else this.#program.broke(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream {
    const parsed = JSON.parse(head) as InvokeHead
    const bodyBytes = end ? (body?.length ?? 0) : (parsed.bodyBytes ?? null)
    const { method, path, headers } = programRequest(parsed, bodyBytes, this.#control!, this.#host)
    const request = this.#request(method, path, headers)
    if (parsed.kind === 'http' && parsed.upgrade !== undefined) return HttpStream.upgrade(request, handler, this)
    return HttpStream.open(request, parsed.kind, { body, end }, handler, this)
  }

  ping(): void {
    const { healthCheck } = this.#config
    const alive = healthCheck === null ? isOpen(this.#address) : this.#check(healthCheck).then((problem) => !problem)
    void alive.then((isAlive) => {
      if (isAlive) this.#program.pong()
    })
  }

  /** They come with every request. */
  credentials(credentials: CredentialsFrame): void {
    this.#control!.setCredentials(credentials)
  }

  /** Runs a lifecycle hook; `onDone` hears the JSON of its outcome, unless the program ends before. */
  hook(call: HookCall, onDone: (payload: string) => void): void {
    const path = call.name === 'preFreeze' ? '/pre-freeze' : '/pre-stop'
    const headers = ['Host', this.#host, ...this.#control!.for(path, call)]
    const timeoutMs = Math.max(0, call.deadlineMs - this.#clock.nowMs())
    this.#call('GET', path, headers, timeoutMs).then(
      ({ status, fcStatus, body }) =>
        this.afterOutput(() =>
          onDone(JSON.stringify(isSuccess(status, fcStatus) ? {} : { error: reportedFailure(status, body) })),
        ),
      (error: Error) => this.whenNotEnded(() => onDone(JSON.stringify({ error: brokenAnswer(error, false) }))),
    )
  }

  afterOutput(tell: () => void): void {
    this.#program.afterOutput(tell)
  }

  whenNotEnded(tell: () => void): void {
    this.#clock.setTimer(EXIT_MS_MAX, () => {
      if (!this.#program.ended.aborted) tell()
    })
  }

  get #host(): string {
    return `${this.#address.host}:${this.#address.port}`
  }

  /** Resolves to how long it took until the initializer began, null when there is none. */
  async #start(init: InitFrame, control: ControlHeaders): Promise<number | null> {
    const startMs = this.#clock.monotonicMs()
    const port = await this.#takePort()
    this.#address = { host: this.#program.sandbox.address, port }
    const environment = { ...init.environment, FC_CUSTOM_LISTEN_PORT: String(port), FC_SERVER_PORT: String(port) }
    await this.#program.run({ ...init, environment }, this.#config.command)
    await this.#awaitListener(startMs)
    const { healthCheck } = this.#config
    const problem =
      healthCheck === null ? null : await awaitHealth(healthCheck, (check) => this.#check(check), this.#probing)
    if (problem !== null) throw notStarted(`the health check of the program failed: ${problem}`)
    if (init.function.initializer === '') return null
    const loadMs = this.#clock.monotonicMs() - startMs
    await this.#runInitializer(init, control)
    return loadMs
  }

  async #takePort(): Promise<number> {
    const { sandbox, ended } = this.#program
    const { port: wanted } = this.#config
    if (!sandbox.sharesNetwork) return wanted
    const port = await this.#ports.take(sandbox.address, wanted)
    ended.addEventListener('abort', () => this.#ports.giveBack(port))
    return port
  }

  get #probing() {
    return { clock: this.#clock, ended: this.#program.ended }
  }

  async #awaitListener(startMs: number): Promise<void> {
    const untilMs = startMs + STARTUP_MS_MAX
    if (await awaitPort(this.#address, startMs + LOOK_MS, this.#probing)) return
    const { port } = this.#address
    const hopeless = hopelessness(port, (await this.#listening()) ?? [])
    if (hopeless !== null) throw notStarted(hopeless)
    if (await awaitPort(this.#address, untilMs, this.#probing)) return
    const why = missingListener(port, await this.#listening())
    throw notStarted(`not ready after ${STARTUP_MS_MAX / 1000} seconds: ${why}`)
  }

  /** Null when it cannot be told: the sandbox shares its network with others, or has no program to ask. */
  async #listening(): Promise<ListeningSocket[] | null> {
    const { sandbox } = this.#program
    if (sandbox.sharesNetwork) return null
    const late = Promise.withResolvers<null>()
    const timer = this.#clock.setTimer(DIAGNOSIS_MS_MAX, () => late.resolve(null))
    try {
      return await Promise.race([late.promise, this.#readListening()])
    } catch {
      return null
    } finally {
      timer.cancel()
    }
  }

  async #readListening(): Promise<ListeningSocket[]> {
    const command = ['/bin/cat', '/proc/net/tcp', '/proc/net/tcp6']
    const { stdin, stdout, stderr } = await this.#program.sandbox.exec({ command, terminal: false })
    stdin.end()
    stderr.resume()
    return listeningSockets(await textOf(stdout))
  }

  /** What is wrong; null: nothing. */
  async #check({ path, timeoutMs }: HealthCheck): Promise<string | null> {
    try {
      const { status } = await this.#call('GET', path, ['Host', this.#host], timeoutMs)
      return status >= 200 && status < 400 ? null : `GET ${path} answered ${status}`
    } catch (error) {
      return `GET ${path}: ${(error as Error).message}`
    }
  }

  async #runInitializer(init: InitFrame, control: ControlHeaders): Promise<void> {
    const { initializationTimeout: seconds } = init.function
    const headers = ['Host', this.#host, 'Content-Length', '0', ...control.for('/initialize', init)]
    let answer: CallAnswer
    try {
      answer = await this.#call('POST', '/initialize', headers, seconds * 1000)
    } catch (error) {
      const isLate = error instanceof CallTimeout
      throw new StartFailure({
        errorType: isLate ? 'FunctionTimeoutError' : 'BadResponse',
        errorMessage: isLate
          ? `Function initialization timed out after ${seconds} seconds`
          : `the program did not answer POST /initialize: ${(error as Error).message}`,
        handled: false,
      })
    }
    if (!isSuccess(answer.status, answer.fcStatus)) {
      throw new StartFailure(reportedFailure(answer.status, answer.body))
    }
  }

  #request(method: string, path: string, headers: readonly string[]): ClientRequest {
    const { host, port } = this.#address
    const agent = this.#agent
    const request = httpRequest({ host, port, agent, method, path, headers, maxHeaderSize: HEAD_BYTES_MAX })
    let provisional = 0
    request.on('information', () => {
      if (++provisional > PROVISIONAL_ANSWERS_MAX) request.destroy(new Error('only provisional ones, without end'))
    })
    return request
  }

  /** A request of the platform's own, without a body. Rejects when it is not answered; with CallTimeout when not in time. */
  #call(method: string, path: string, headers: readonly string[], timeoutMs: number): Promise<CallAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(method, path, headers)
      const timer: Timer = this.#clock.setTimer(timeoutMs, () => request.destroy(new CallTimeout(timeoutMs)))
      request.on('close', () => timer.cancel())
      request.on('error', reject)
      request.on('response', (response) => {
        const fcStatus = response.headers['x-fc-status'] as string | undefined
        textOf(response).then((body) => resolve({ status: response.statusCode!, fcStatus, body }), reject)
      })
      request.end()
    })
  }
}

class CallTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs / 1000} seconds`)
  }
}

const notStarted = (errorMessage: string) =>
  new StartFailure({ errorType: 'FunctionNotStarted', errorMessage, handled: false })

/** What is beyond the limit is read and not kept. */
async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes < CALL_BODY_BYTES_MAX) chunks.push(chunk)
    bytes += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8', 0, CALL_BODY_BYTES_MAX)
}
