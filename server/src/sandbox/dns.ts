/**
 * A small DNS forwarder for the gateway address of the sandboxes' network: answers for the platform's own names, and
 * passes everything else on to the host's name servers. Whoever asks is hostile.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once, setMaxListeners } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Clock, Random } from '../clock.ts'
import * as limits from './dns-admission.ts'
import { answerForPlatform, QUERY_BYTES_MAX, readQuery, serverFailure, truncated } from './dns-message.ts'
import { readMessages, writeMessage } from './dns-stream.ts'
import { askServers, type Transport } from './dns-upstream.ts'

/** Larger answers are cut and asked for again over TCP; what EDNS clients offer at most, in practice. */
const UDP_ANSWER_BYTES_MAX = 4096
/** For what arrives while the event loop is busy; the kernel gives less where its own bound (rmem_max) is lower. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024
/** Between whole messages, so that bytes that trickle in do not keep a connection. */
const CONNECTION_IDLE_MS = 10_000
/** Answers that a client does not read. */
const CONNECTION_UNREAD_BYTES_MAX = 256 * 1024

export interface DnsForwarderOptions {
  /** IPv4: what is listened on, and what the platform's names resolve to. */
  address: string
  /** 0 for any that is free. */
  port: number
  /** The host's name servers, best first; asked for with each question. */
  servers: () => readonly string[]
}

export interface DnsForwarder {
  readonly port: number
  /** Drops what is under way; resolves when the sockets are closed. */
  close(): Promise<void>
}

/** Rejects with the system's error when the address cannot be listened on. */
export async function createDnsForwarder(
  options: DnsForwarderOptions,
  dependencies: { clock: Clock; random: Random },
): Promise<DnsForwarder> {
  const { address } = options
  const { clock } = dependencies
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const upstream = { ...dependencies, signal: closing.signal }
  const rate = new limits.RateLimit(limits.CLIENT_QUESTIONS_PER_SECOND_MAX, limits.QUESTIONS_PER_SECOND_MAX)
  const inFlight = new limits.Tally(limits.CLIENT_QUESTIONS_IN_FLIGHT_MAX, limits.QUESTIONS_IN_FLIGHT_MAX)
  const connections = new limits.Tally(limits.CLIENT_CONNECTIONS_MAX, limits.CONNECTIONS_MAX)

  /** False when the message is not to be answered at all. */
  function handle(message: Buffer, client: string, transport: Transport, answer: (response: Buffer) => void): boolean {
    if (!rate.take(client, clock.monotonicMs())) return false
    const query = readQuery(message)
    if (!query) return false
    const own = answerForPlatform(query, address)
    if (own) {
      answer(own)
      return true
    }
    if (!inFlight.take(client)) return false
    void askServers(options.servers(), transport, query, upstream).then((response) => {
      inFlight.giveBack(client)
      if (closing.signal.aborted) return
      const isTooLarge = transport === 'udp' && response && response.length > UDP_ANSWER_BYTES_MAX
      answer(isTooLarge ? truncated(response, query) : (response ?? serverFailure(query)))
    })
    return true
  }

  function onDatagram(message: Buffer, { address: client, port }: RemoteInfo): void {
    // Only a forged datagram comes from there, and sending to it throws.
    if (port === 0) return
    handle(message, client, 'udp', (response) => udp.send(response, port, client, () => {}))
  }

  function onConnection(socket: Socket): void {
    const client = socket.remoteAddress
    // A client that breaks off is no news.
    socket.on('error', () => {})
    if (client === undefined || !connections.take(client)) return void socket.destroy()
    const end = () => void socket.destroy()
    let idle = clock.setTimer(CONNECTION_IDLE_MS, end)
    const stayOpen = () => {
      idle.cancel()
      idle = clock.setTimer(CONNECTION_IDLE_MS, end)
    }
    closing.signal.addEventListener('abort', end)
    socket.on('close', () => {
      idle.cancel()
      closing.signal.removeEventListener('abort', end)
      connections.giveBack(client)
    })
    const answer = (response: Buffer) => {
      if (socket.destroyed) return
      stayOpen()
      writeMessage(socket, response)
      if (socket.writableLength > CONNECTION_UNREAD_BYTES_MAX) end()
    }
    readMessages(socket, QUERY_BYTES_MAX, (message) => {
      stayOpen()
      if (!handle(message, client, 'tcp', answer)) end()
    })
  }

  const tcp = createServer(onConnection)
  const port = await listenTcp(tcp, address, options.port)
  const udp = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES }, onDatagram)
  try {
    await listenUdp(udp, address, port)
  } catch (error) {
    tcp.close()
    throw error
  }

  return {
    port,
    async close() {
      closing.abort()
      const closed = [once(tcp, 'close'), once(udp, 'close')]
      tcp.close()
      udp.close()
      await Promise.all(closed)
    },
  }
}

async function listenTcp(server: Server, address: string, port: number): Promise<number> {
  server.listen(port, address)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function listenUdp(socket: UdpSocket, address: string, port: number): Promise<void> {
  socket.bind(port, address)
  await once(socket, 'listening')
  // Of single datagrams, such as one to a client that is gone; the socket goes on.
  socket.on('error', () => {})
}
