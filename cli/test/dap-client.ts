/** The client's side of the Debug Adapter Protocol over TCP, as little as a test needs of it. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

interface Message {
  type: 'response' | 'event'
  request_seq?: number
  success?: boolean
  message?: string
  event?: string
  body?: Record<string, unknown>
}

export class DapClient {
  readonly #socket: Socket
  readonly #answers = new Map<number, (message: Message) => void>()
  readonly #events: Message[] = []
  #received: Buffer = Buffer.alloc(0)
  #wake = () => {}
  #lastSeq = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', () => {})
  }

  static async connect(port: number): Promise<DapClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new DapClient(socket)
  }

  /** Sends a request; resolves to the body of its response. */
  async send(command: string, args: object = {}): Promise<Record<string, unknown>> {
    const seq = ++this.#lastSeq
    const answered = new Promise<Message>((resolve) => this.#answers.set(seq, resolve))
    const body = JSON.stringify({ seq, type: 'request', command, arguments: args })
    this.#socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    const { success, message, body: answer } = await answered
    if (success !== true) throw new Error(`${command}: ${message}`)
    return answer ?? {}
  }

  /** The next event of this name; others before it are passed over. */
  async event(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.#events.find(({ event }) => event === name)
      if (found !== undefined) {
        this.#events.splice(0, this.#events.indexOf(found) + 1)
        return found.body ?? {}
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const [, length] = /Content-Length: (\d+)/i.exec(this.#received.toString('latin1', 0, headEnd))!
      const end = headEnd + 4 + Number(length)
      if (this.#received.length < end) return
      this.#onMessage(JSON.parse(this.#received.toString('utf8', headEnd + 4, end)) as Message)
      this.#received = this.#received.subarray(end)
    }
  }

  #onMessage(message: Message): void {
    if (message.type === 'response') this.#answers.get(message.request_seq!)?.(message)
    if (message.type !== 'event') return
    this.#events.push(message)
    this.#wake()
  }
}
