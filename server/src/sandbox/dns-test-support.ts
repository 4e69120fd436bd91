/** Both ends of the forwarder on loopback: a name server that does as told, and clients. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { decode, type DecodedPacket, encode, type Packet } from 'dns-packet'
import { readMessages, writeMessage } from './dns-stream.ts'
import type { Transport } from './dns-upstream.ts'

export type OnQuestion = (message: Buffer, transport: Transport, respond: (response: Buffer) => void) => void

export interface FakeServer {
  /** `127.0.0.1:port` */
  address: string
  close(): void
}

export async function fakeNameServer(onQuestion: OnQuestion): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    readMessages(socket, 65_535, (message) => onQuestion(message, 'tcp', (response) => writeMessage(socket, response)))
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (message, from) =>
    onQuestion(message, 'udp', (response) => udp.send(response, from.port, from.address)),
  )
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  return {
    address: `127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy()
      tcp.close()
      udp.close()
    },
  }
}

export interface UdpClient {
  send(message: Buffer): void
  /** The next datagram that came back. */
  receive(): Promise<DecodedPacket>
  close(): void
}

export async function udpClient(port: number, from = '127.0.0.1'): Promise<UdpClient> {
  const socket = createSocket('udp4')
  const received: Buffer[] = []
  let wake = () => {}
  socket.on('message', (message) => {
    received.push(message)
    wake()
  })
  socket.bind(0, from)
  await once(socket, 'listening')
  return {
    send: (message) => socket.send(message, port, '127.0.0.1'),
    async receive() {
      while (received.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return decode(received.shift()!)
    },
    close: () => void socket.close(),
  }
}

/** Asks over one connection; resolves to the answers in the order in which they came. */
export async function askOverTcp(port: number, messages: readonly Buffer[]): Promise<Buffer[]> {
  const socket = connect({ port, host: '127.0.0.1' })
  const answers: Buffer[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  readMessages(socket, 65_535, (answer) => {
    // A copy: what it is a view of, the next chunk replaces.
    if (answers.push(Buffer.from(answer)) === messages.length) resolve()
  })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error(`closed after ${answers.length} answers`)))
  for (const message of messages) writeMessage(socket, message)
  try {
    await promise
  } finally {
    socket.destroy()
  }
  return answers
}

export function question(name: string, id = 1, type: 'A' | 'AAAA' | 'TXT' | 'MX' = 'A'): Buffer {
  return encode({ type: 'query', id, flags: 0x0100, questions: [{ name, type, class: 'IN' }] })
}

/** A response to the question in `message` with the fields given. */
export function answerTo(message: Buffer, fields: Packet): Buffer {
  const { id, questions } = decode(message)
  return encode({ type: 'response', id: id!, flags: 0x0180, questions: questions!, ...fields })
}

export function answerWithAddress(message: Buffer, data: string): Buffer {
  return answerTo(message, { answers: [{ type: 'A', name: decode(message).questions![0]!.name, ttl: 60, data }] })
}
