/** A whole platform for tests from outside: the real process on a free port, a data folder of its own, a signing client. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ZipFile } from 'yazl'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { freePort } from '../../src/free-port-for-tests.ts'

export { freePort }

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
/** Less than a test may take, so that the reason is told. */
const READY_MS_MAX = 100_000

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
  /** The body as JSON. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the test expects
  json<Value = Record<string, unknown>>(): Value
}

export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  accountId: string
}

export type PackageFiles = Record<string, string | Buffer>

export interface DeployOptions {
  /** Present for a 2.0 function; the service is made when it is not there. */
  service?: string
  runtime?: string
  handler?: string
  /** Anonymous HTTP trigger; its address is returned. */
  http?: boolean | Record<string, unknown>
  [field: string]: unknown
}

export class TestPlatform {
  readonly port: number
  readonly dataDir: string
  readonly #environment: Record<string, string>
  #process: ChildProcess | null = null
  /** What it printed, for messages of failed tests. */
  output = ''

  constructor(port: number, dataDir: string, environment: Record<string, string>) {
    this.port = port
    this.dataDir = dataDir
    this.#environment = environment
  }

  /** Of the object service. */
  get objectsPort(): number {
    return this.port + 1
  }

  get pid(): number {
    return this.#process!.pid!
  }

  get credentials(): Credentials {
    return JSON.parse(readFileSync(join(this.dataDir, 'credentials.json'), 'utf8')) as Credentials
  }

  /** Starts the process and waits until it is ready. */
  async start(): Promise<this> {
    const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env
    const child = spawn(process.execPath, [main], {
      env: {
        ...environment,
        SLUICE_DATA_DIR: this.dataDir,
        SLUICE_PORT: String(this.port),
        SLUICE_SAMPLES: 'off',
        ...this.#environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.output = ''
    const keep = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000))
    child.stderr.on('data', keep)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        // One that nobody waits for would keep the tests from ending.
        child.kill('SIGKILL')
        reject(new Error(`not ready within ${READY_MS_MAX} ms:\n${this.output}`))
      }, READY_MS_MAX)
      child.stdout.on('data', (chunk: Buffer) => {
        keep(chunk)
        if (!this.output.includes('Sluice is ready')) return
        clearTimeout(timer)
        resolve()
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`ended with ${code} before it was ready:\n${this.output}`))
      })
    })
    return this
  }

  /** SIGKILL, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM and its end; the data folder is removed. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    // What its functions left may still be on its way.
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
  }

  /** SIGTERM, as a supervisor would; resolves to the exit code. The data folder stays, for another start. */
  async terminate(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#process?.exitCode ?? null
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  /** A request as it is; `host` sets the Host header. */
  send(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: Buffer | string; host?: string } = {},
  ): Promise<Answer> {
    const headers = { ...options.headers, ...(options.host ? { host: options.host } : {}) }
    return exchange({ host: '127.0.0.1', port: this.port, method, path, headers }, options.body)
  }

  /** A signed call: objects go as JSON, buffers as they are. */
  call(method: string, path: string, body?: object | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    const bytes = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
    const type =
      bytes === undefined
        ? {}
        : { 'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json' }
    const signed = signAcs3(
      {
        method,
        url: path,
        host: `127.0.0.1:${this.port}`,
        headers: { ...type, ...headers },
        bodySha256: bytes === undefined ? EMPTY_SHA256 : createHash('sha256').update(bytes).digest('hex'),
      },
      { ...this.credentials, securityToken: null },
      randomUUID(),
      Date.now(),
    )
    return this.send(method, path, {
      headers: { ...type, ...headers, ...signed },
      ...(bytes === undefined ? {} : { body: bytes }),
    })
  }

  /** Creates a function from source files; returns the host name of its trigger when it has one. */
  async deploy(name: string, files: PackageFiles, options: DeployOptions = {}): Promise<{ host: string }> {
    const { service, http, ...fields } = options
    const body = {
      functionName: name,
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: { zipFile: (await zip(files)).toString('base64') },
      ...fields,
    }
    const functions = service === undefined ? '/2023-03-30/functions' : `/2021-04-06/services/${service}/functions`
    if (service !== undefined && (await this.call('GET', `/2021-04-06/services/${service}`)).status === 404) {
      await this.#must('POST', '/2021-04-06/services', { serviceName: service })
    }
    await this.#must('POST', functions, body)
    if (!http) return { host: '' }
    const triggerConfig = JSON.stringify({
      authType: 'anonymous',
      methods: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'],
      ...(http === true ? {} : http),
    })
    const made = await this.#must('POST', `${functions}/${name}/triggers`, {
      triggerName: 'http',
      triggerType: 'http',
      triggerConfig,
    })
    const { httpTrigger, urlInternet } = made.json<{ httpTrigger?: { urlInternet: string }; urlInternet?: string }>()
    return { host: new URL(httpTrigger?.urlInternet ?? urlInternet!).host }
  }

  /** Event invocation of a 3.0 function, or of a 2.0 one as `service$function`. */
  invoke(name: string, event: Buffer | string = '', headers: Record<string, string> = {}, query = ''): Promise<Answer> {
    return this.call(
      'POST',
      `/2023-03-30/functions/${encodeURIComponent(name)}/invocations${query}`,
      Buffer.from(event),
      headers,
    )
  }

  async #must(method: string, path: string, body: object): Promise<Answer> {
    const answer = await this.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }
}

/** Starts a platform with settings of its own (`SLUICE_…`). */
export async function startPlatform(environment: Record<string, string> = {}): Promise<TestPlatform> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-'))
  return new TestPlatform(await freePort(), dataDir, environment).start()
}

/** Bytes, and scripts that begin with `#!`, can be run. */
export async function zip(files: PackageFiles): Promise<Buffer> {
  const archive = new ZipFile()
  for (const [name, content] of Object.entries(files)) {
    const isProgram = Buffer.isBuffer(content) || content.startsWith('#!')
    archive.addBuffer(Buffer.from(content as string), name, { mode: isProgram ? 0o100755 : 0o100644 })
  }
  archive.end()
  const chunks: Buffer[] = []
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** One request on a connection of its own. */
export function exchange(options: RequestOptions, body?: Buffer | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ agent: false, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString()
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: bytes,
          text,
          json: () => JSON.parse(text),
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
