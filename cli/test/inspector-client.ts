/** The client's side of the Node.js inspector, as little as a test needs of it. */
import { once } from 'node:events'
import { WebSocket } from 'ws'

interface Message {
  id?: number
  method?: string
  params?: Paused
  result?: Record<string, unknown>
  error?: { message: string }
}

export interface Paused {
  hitBreakpoints?: string[]
  callFrames: { callFrameId: string; functionName: string; location: { scriptId: string; lineNumber: number } }[]
}

export class InspectorClient {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, (message: Message) => void>()
  readonly #pauses: Paused[] = []
  #wakePaused = () => {}
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#onMessage(JSON.parse(data.toString()) as Message))
  }

  static async connect(port: number): Promise<InspectorClient> {
    const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string
    }[]
    const socket = new WebSocket(list[0]!.webSocketDebuggerUrl)
    await once(socket, 'open')
    return new InspectorClient(socket)
  }

  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId
    const answered = new Promise<Message>((resolve) => this.#answers.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, method, params }))
    const { result, error } = await answered
    if (error) throw new Error(`${method}: ${error.message}`)
    return result ?? {}
  }

  /** The next halt that was not asked for before. */
  async paused(): Promise<Paused> {
    if (this.#pauses.length === 0) await new Promise<void>((resolve) => (this.#wakePaused = resolve))
    return this.#pauses.shift()!
  }

  close(): void {
    this.#socket.close()
  }

  #onMessage(message: Message): void {
    if (message.id !== undefined) this.#answers.get(message.id)?.(message)
    if (message.method !== 'Debugger.paused') return
    this.#pauses.push(message.params!)
    this.#wakePaused()
  }
}
