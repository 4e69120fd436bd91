/** Asks the host's name servers, one after another. */
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import type { Clock, Random } from '../clock.ts'
import { isResponse, MESSAGE_BYTES_MAX, type Query, withId } from './dns-message.ts'
import { readMessages, writeMessage } from './dns-stream.ts'

/** As long as a name server may take; three of them stay below the five seconds after which libcs ask again. */
export const SERVER_TIMEOUT_MS = 1500
const PORT = 53

export type Transport = 'udp' | 'tcp'

export interface UpstreamDependencies {
  clock: Clock
  random: Random
  /** Ends all that is under way. */
  signal: AbortSignal
}

/** One attempt under way. */
interface Exchange {
  close(): void
}

/** The first server's response, with the id of the query; undefined when none answered. */
export async function askServers(
  servers: readonly string[],
  transport: Transport,
  query: Query,
  dependencies: UpstreamDependencies,
): Promise<Buffer | undefined> {
  for (const server of servers) {
    if (dependencies.signal.aborted) return undefined
    const response = await ask(server, transport, query, dependencies)
    if (response) return withId(response, query.message.readUInt16BE(0))
  }
  return undefined
}

/** A new id and, by a new socket, a new port for each question: together what an answer has to know (RFC 5452). */
function ask(
  server: string,
  transport: Transport,
  query: Query,
  { clock, random, signal }: UpstreamDependencies,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const id = random.bytes(2).readUInt16BE(0)
  const settle = (response: Buffer | undefined) => {
    timer.cancel()
    signal.removeEventListener('abort', abort)
    exchange.close()
    resolve(response)
  }
  const abort = () => settle(undefined)
  const receive = (message: Buffer) => {
    if (isResponse(message, query, id)) settle(message)
  }
  const timer = clock.setTimer(SERVER_TIMEOUT_MS, abort)
  signal.addEventListener('abort', abort)
  const open = transport === 'udp' ? overUdp : overTcp
  const exchange = open(addressOf(server), withId(query.message, id), receive, abort)
  return promise
}

type Open = (
  server: { address: string; port: number },
  message: Buffer,
  receive: (message: Buffer) => void,
  fail: () => void,
) => Exchange

const overUdp: Open = ({ address, port }, message, receive, fail) => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  let isOpen = true
  socket.on('message', receive)
  socket.on('error', fail)
  // Connected: the kernel drops what others send, and tells when nobody listens there.
  socket.connect(port, address, () => {
    if (isOpen) socket.send(message)
  })
  return {
    close() {
      if (isOpen) socket.close()
      isOpen = false
    },
  }
}

const overTcp: Open = ({ address, port }, message, receive, fail) => {
  const socket = connect({ host: address, port })
  socket.on('error', fail)
  socket.on('close', fail)
  readMessages(socket, MESSAGE_BYTES_MAX, receive)
  writeMessage(socket, message)
  return { close: () => void socket.destroy() }
}

/** An address, or address and port as Node's own `getServers` writes them: `192.0.2.1:53`, `[2001:db8::1]:53`. */
function addressOf(server: string): { address: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(server)
  return match ? { address: match[1] ?? match[2]!, port: Number(match[3]) } : { address: server, port: PORT }
}
