/** Two ends of a Unix socket, and a runtime's end that speaks frames. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeFrame, FrameDecoder } from './frames.ts'

export interface ReceivedFrame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export interface SocketPair {
  node: Socket
  runtime: Socket
  close(): void
}

export async function socketPair(): Promise<SocketPair> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-channel-'))
  const path = join(folder, 's')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const runtime = connect(path)
  const [node] = (await once(server, 'connection')) as [Socket]
  server.close()
  rmSync(folder, { recursive: true })
  return {
    node,
    runtime,
    close() {
      node.destroy()
      runtime.destroy()
    },
  }
}

/** What a runtime receives, and how it answers. */
export class Peer {
  readonly frames: ReceivedFrame[] = []
  readonly socket: Socket
  #waiting: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    const decoder = new FrameDecoder((type, flags, stream, payload) => {
      this.frames.push({ type, flags, stream, payload: Buffer.from(payload) })
      for (const look of this.#waiting.splice(0)) look()
    })
    socket.on('data', (chunk: Buffer) => decoder.push(chunk))
    socket.on('error', () => {})
  }

  send(type: number, stream: number, payload: Buffer | string = '', flags = 0): void {
    this.socket.write(encodeFrame(type, stream, payload, flags))
  }

  /** Resolves when a frame has come that satisfies `wanted`, to the first one. */
  async until(wanted: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    for (;;) {
      const found = this.frames.find(wanted)
      if (found) return found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}
