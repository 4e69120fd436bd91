/** A program for the sandbox contract: it connects to the channel and evaluates what the test asks it to. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Sandbox, SandboxLimits, SandboxRuntime } from './port.ts'

export interface AgentOptions {
  id: string
  command: readonly string[]
  environment: Readonly<Record<string, string>>
  /** Given, the agent is specialised with it, under the same limits. */
  codeFolder: string
  /** Beside the code, of which it needs one. */
  layersFolder: string
  limits: Partial<SandboxLimits>
  /** Beside the folder of its program. */
  readOnlyPaths: readonly string[]
}

export interface Agent {
  sandbox: Sandbox
  /** Where it sees its code; empty without `codeFolder`. */
  code: string
  /** Where it sees its layers; empty without `layersFolder`. */
  layers: string
  /** The value, as JSON knows it, of JavaScript run inside; rejects with what it throws. Only without a `command`. */
  evaluate: (source: string) => Promise<unknown>
  output: (stream: 'stdout' | 'stderr') => string
  /** Resolves once so many bytes of output have arrived. */
  printed: (count: number) => Promise<void>
}

export const LIMITS: SandboxLimits = {
  memoryBytes: 1024 * 1024 * 1024,
  diskBytes: 512 * 1024 * 1024,
  processes: 1024,
  openFiles: 1024,
  cpu: 1,
}

const PROGRAM = `
  const socket = net.connect(process.env.SLUICE_CHANNEL)
  socket.on('error', () => {})
  readline.createInterface({ input: socket }).on('line', async (line) => {
    let answer
    try {
      answer = { value: await (0, eval)(JSON.parse(line)) }
    } catch (error) {
      answer = { error: String(error) }
    }
    socket.write(JSON.stringify(answer) + '\\n')
  })
`

export async function startAgent(
  runtime: SandboxRuntime,
  scratch: string,
  options: Partial<AgentOptions>,
): Promise<Agent> {
  const limits = { ...LIMITS, ...options.limits }
  const id = options.id ?? `c-${randomBytes(8).toString('hex')}`
  const channelSocket = join(scratch, `${randomBytes(4).toString('hex')}.sock`)
  const server = createServer().listen(channelSocket)
  await once(server, 'listening')
  // From now on: on a busy machine the agent is quicker than the answer of `create`.
  const connection = once(server, 'connection') as Promise<[Socket]>
  const chunks: { stream: 'stdout' | 'stderr'; chunk: Buffer }[] = []
  let bytes = 0
  let onBytes = (): void => {}
  const output = (stream: 'stdout' | 'stderr'): string =>
    Buffer.concat(chunks.filter((entry) => entry.stream === stream).map(({ chunk }) => chunk)).toString()

  try {
    const sandbox = await runtime.create({
      id,
      command: options.command ?? [process.execPath, '-e', PROGRAM],
      environment: options.environment ?? { PATH: '/usr/bin:/bin' },
      readOnlyPaths: [dirname(process.execPath), ...(options.readOnlyPaths ?? [])],
      channelSocket,
      limits,
      onOutput(stream, chunk) {
        chunks.push({ stream, chunk })
        bytes += chunk.length
        onBytes()
      },
    })
    const evaluate =
      options.command === undefined
        ? await connect(connection, sandbox, output)
        : () => Promise.reject(new Error('no agent'))
    const printed = (count: number): Promise<void> =>
      new Promise((resolve) => {
        onBytes = () => void (bytes >= count && resolve())
        onBytes()
      })
    const { codeFolder, layersFolder = null } = options
    const paths = codeFolder && (await sandbox.specialise({ code: codeFolder, layers: layersFolder }, limits))
    const { code, layers } = paths || { code: '', layers: null }
    return { sandbox, code, layers: layers ?? '', evaluate, output, printed }
  } finally {
    server.close()
  }
}

async function connect(
  connection: Promise<[Socket]>,
  sandbox: Sandbox,
  output: (stream: 'stdout' | 'stderr') => string,
): Promise<Agent['evaluate']> {
  const ended = sandbox.exited.then((exit): never => {
    throw new Error(`the agent ended: ${JSON.stringify(exit)} ${output('stderr')}`)
  })
  const [socket] = await Promise.race([connection, ended])
  ended.catch(() => socket.destroy())
  socket.on('error', () => {})
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  return async (source) => {
    socket.write(`${JSON.stringify(source)}\n`)
    const line = await lines.next()
    if (line.done) return ended
    const { value, error } = JSON.parse(line.value) as { value?: unknown; error?: string }
    if (error !== undefined) throw new Error(error)
    return value
  }
}
